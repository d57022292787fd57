/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of sock_diag(7) about TCP sockets, built into a batch and not sent. */
#ifndef BANISH_NETLINK_SOCKETS_MSG_H
#define BANISH_NETLINK_SOCKETS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/inet_diag.h>

#include "netlink/nl.h"
#include "netlink/peers.h"
#include "netlink/wire.h"

/* What the kernel is to leave out of a dump: a program of inet_diag, in which one of several
 * alternatives must hold. */
#define SOCKETS_ALTERNATIVES_MAX 64
#define SOCKETS_PROGRAM_MAX (SOCKETS_ALTERNATIVES_MAX * 32)

struct sockets_filter {
	size_t len; /* 0: nothing is left out */
	_Alignas(4) char at[SOCKETS_PROGRAM_MAX];
};

/* One more alternative. A filter holds SOCKETS_ALTERNATIVES_MAX and more; false: it is full,
 * and as it was. `ports` are not "all". */
bool sockets_filter_peer(struct sockets_filter *filter, const struct prefix *peer);
bool sockets_filter_ports(struct sockets_filter *filter, const struct wire_ports *ports);
/* What all records together need: by peers when they are few, else by ports, else none. Never
 * leaves out what one of them is about. The kernel tries one alternative after the other for
 * each of its sockets: past so many peers it takes longer than to send them all here. */
#define SOCKETS_PEERS_MAX 16
void sockets_filter_peers(struct sockets_filter *filter, const struct peers *peers);

/* A socket as the kernel names it. Its cookie is never that of another, so nothing else can be
 * meant by it. */
struct sockets_name {
	struct inet_diag_sockid id;
	uint8_t family; /* AF_INET or AF_INET6 */
};

struct sockets_info {
	struct sockets_name name;
	struct connection connection;
	struct wire_socket wire;
};

/* Sockets of one family, AF_INET6 also those that speak IPv4, in states of `states` (1 <<
 * TCP_...). `idle`: how long they have been idle as well, which triples the answer. */
void sockets_msg_dump(struct nl_batch *batch, uint8_t family, uint32_t states, bool idle,
		      const struct sockets_filter *filter);
/* False: the message is about something else, or not whole. */
bool sockets_msg_read(struct sockets_info *out, const struct nlmsghdr *message);
void sockets_msg_destroy(struct nl_batch *batch, const struct sockets_name *name);

#endif
