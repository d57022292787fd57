/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's memory of connections (conntrack). Where a rule accepts what is established
 * before it asks a set, a banned peer's connection goes on for as long as its entry is there.
 *
 * Every look walks the whole table, whatever is asked for. So what is wanted is gathered, and
 * looked for at most once a second.
 */
#ifndef BANISH_NETLINK_CONNTRACK_H
#define BANISH_NETLINK_CONNTRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/nl.h"
#include "netlink/peers.h"
#include "netlink/wire.h"

#define CONNTRACK_PAUSE_MS 1000 /* from one look to the next, at least */
#define CONNTRACK_SHARE 10	/* a look of 200 ms is followed by nine of them without */

struct conntrack {
	struct nl nl;	/* opened when it is needed */
	int64_t rested; /* ms of the clock, when the next look may be */
	size_t count;
	struct wire_close wanted[PEERS_MAX];
};

/* Delete the entries that this record is about, of every protocol: those that the peer began
 * towards these ports of ours, as they were before any translation. It must have passed
 * packet_check_close(). False: there is no room before the next look. */
bool conntrack_want(struct conntrack *conntrack, const struct wire_close *record);

/* How long poll may sleep: ms, -1 for ever. */
int conntrack_wait(const struct conntrack *conntrack, int64_t now);

/* Look, and delete. What was wanted is not wanted any more, whatever comes of it. 0 or -errno;
 * a kernel that tracks nothing has nothing to delete. */
int conntrack_end(struct conntrack *conntrack, struct nl_batch *batch);
/* A look took from `from` to `to` ms. */
void conntrack_rest(struct conntrack *conntrack, int64_t from, int64_t to);

void conntrack_close(struct conntrack *conntrack);

#endif
