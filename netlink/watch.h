/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens in the kernel without our doing: this host's addresses change, or someone takes
 * away what targets hold. Times are ms of one clock.
 */
#ifndef BANISH_NETLINK_WATCH_H
#define BANISH_NETLINK_WATCH_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "netlink/nl.h"
#include "netlink/packet.h"
#include "netlink/watched.h"

/* Several changes come together when an interface goes up: they are told as one. */
#define WATCH_CALM_MS 50
#define WATCH_FDS 3

struct watch {
	struct nl addresses, nft, route;
	int64_t due; /* when to tell that addresses changed; 0: they did not */
	uint32_t nft_port, route_port; /* of the sockets that we change the kernel with */
	bool nft_in, route_in;	       /* listening to their groups */
	bool owned;		       /* our own table is, so nobody else can touch it */
	struct watched targets[WIRE_TARGETS_MAX];
};

int watch_open(struct watch *out, uint32_t nft_port, uint32_t route_port);
void watch_close(struct watch *watch);

/* A target is defined, whether it can be used or not (NULL: it is forgotten), or our own table
 * became owned or a plain one. Nobody listens, at a cost for every change that anyone makes,
 * while there is nothing to be told. 0 or -errno. */
int watch_target(struct watch *watch, size_t target, const struct options *options);
int watch_owned(struct watch *watch, bool owned);
/* All targets of our own table but `except` lost what they held: to be told. */
void watch_own_lost(struct watch *watch, size_t except, int64_t now);

/* What to poll, and its results. */
void watch_fds(const struct watch *watch, struct pollfd fds[WATCH_FDS]);
void watch_read(struct watch *watch, const struct pollfd fds[WATCH_FDS], int64_t now);
/* How long poll may sleep: ms, -1 for ever. */
int watch_wait(const struct watch *watch, int64_t now);
/* The next event to tell. False: none is due. */
bool watch_next(struct watch *watch, struct wire_event *event, uint8_t *target, int64_t now);

/* Every address of this host, loopback included, as single addresses. Asked for on `nl`. */
int watch_addresses(struct nl *nl, struct nl_batch *batch, struct packet_stream *out);

#endif
