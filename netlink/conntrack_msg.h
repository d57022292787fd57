/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of ctnetlink, built into a batch and not sent. */
#ifndef BANISH_NETLINK_CONNTRACK_MSG_H
#define BANISH_NETLINK_CONNTRACK_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/nl.h"
#include "netlink/peers.h"

#define CONNTRACK_TUPLE_MAX 128 /* IPv6 with ports and a zone: 84 */

/* An entry as the kernel names it: its tuple as it came, and a number that the next entry of
 * the same tuple does not have. */
struct conntrack_name {
	uint8_t family; /* AF_INET or AF_INET6 */
	bool zoned;
	uint16_t zone; /* as it came */
	uint32_t id;   /* as it came */
	uint16_t len;  /* of the tuple */
	uint8_t tuple[CONNTRACK_TUPLE_MAX];
};

struct conntrack_info {
	struct conntrack_name name;
	/* The original direction: who began it, and the ports before any translation. */
	struct connection connection;
};

/* All entries of a family, AF_UNSPEC of both. `source`, an IPv4 address, or NULL: those that
 * came from there; kernels that cannot tell send all. */
void conntrack_msg_dump(struct nl_batch *batch, uint8_t family, const struct prefix *source);
/* False: the message is about something else, or lacks what names it. */
bool conntrack_msg_read(struct conntrack_info *out, const struct nlmsghdr *message);
/* Exactly this entry. */
void conntrack_msg_delete(struct nl_batch *batch, const struct conntrack_name *name);

#endif
