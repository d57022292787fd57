/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes that lead nowhere, as messages. */
#ifndef BANISH_NETLINK_ROUTE_MSG_H
#define BANISH_NETLINK_ROUTE_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/nl.h"
#include "netlink/wire.h"

/* What makes a route ours: all three. */
struct route_mark {
	uint32_t table;
	uint8_t protocol;
	uint8_t type; /* RTN_* */
};

/* Where an IPv6 route stands among those to the same prefix. */
enum route_place {
	ROUTE_BEST,
	ROUTE_SECOND, /* behind one that leads nowhere as well and is not ours */
};

/* To add what is there fails with -EEXIST, to delete what is not with -ESRCH or -ENOENT.
 * Neither ever changes a route without the mark. For IPv4 -EEXIST means that ours is there; for
 * IPv6 that something at this place leads nowhere. IPv4 has but one place. */
void route_msg_add(struct nl_batch *batch, const struct route_mark *mark,
		   const struct prefix *prefix, enum route_place place);
void route_msg_delete(struct nl_batch *batch, const struct route_mark *mark,
		      const struct prefix *prefix, enum route_place place);
void route_msg_dump(struct nl_batch *batch, const struct route_mark *mark, uint8_t family);
/* Do routes of ours have this metric? RTA_PRIORITY; 0: none. */
bool route_metric(uint8_t family, uint32_t metric);
/* Is this route ours? Its destination, and its place. */
bool route_msg_read(struct prefix *out, enum route_place *place, const struct nlmsghdr *message,
		    const struct route_mark *mark);

#endif
