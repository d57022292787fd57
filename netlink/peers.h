/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose connections are to end: the good records of a WIRE_CLOSE, so arranged that each
 * connection of this host is looked up in all of them at once.
 */
#ifndef BANISH_NETLINK_PEERS_H
#define BANISH_NETLINK_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/wire.h"

#define PEERS_MAX 4096

struct peers {
	const struct wire_close *records; /* borrowed */
	size_t count;
	uint16_t order[PEERS_MAX]; /* of the records, by prefix */
	uint64_t lens4, lens6[3];  /* bit N: there is a prefix of N bits */
	bool family4, family6;
	bool idle; /* one asks how long it is idle */
};

/* Every record must have passed packet_check_close() but those with a result below 0, which
 * are left out; `results` may be NULL. */
void peers_sort(struct peers *out, const struct wire_close *records,
		const struct wire_result *results, size_t count);

/* The two ends of a connection; ports are 0 where the protocol has none. */
struct connection {
	struct prefix peer; /* one address */
	uint16_t peer_port, own_port;
};

/* A record that the connection belongs to: the narrowest prefix counts first, then the order
 * of the packet. False: none. */
bool peers_find(const struct peers *peers, const struct connection *connection, size_t *record);

#endif
