/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This host's addresses: what they are, and that they changed. */
#ifndef BANISH_NETLINK_WATCH_H
#define BANISH_NETLINK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/nl.h"
#include "netlink/packet.h"

/* Several changes come together when an interface goes up: they are told as one. */
#define WATCH_CALM_MS 50

struct watch {
	struct nl nl;
	int64_t due; /* ms of the clock of watch_wait, when to tell; 0: nothing to tell */
};

int watch_open(struct watch *out);
void watch_close(struct watch *watch);
/* The socket is readable, at `now` ms. */
void watch_read(struct watch *watch, int64_t now);
/* How long poll may sleep: ms, -1 for ever. */
int watch_wait(const struct watch *watch, int64_t now);
/* Is there something to tell? True once. */
bool watch_told(struct watch *watch, int64_t now);

/* Every address of this host, loopback included, as single addresses. Asked for on `nl`. */
int watch_addresses(struct nl *nl, struct nl_batch *batch, struct packet_stream *out);

#endif
