/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP sockets of this host: who they are connected to, and the end of those connections.
 * Sockets of the network namespace alone that the helper runs in: those in containers are
 * others'.
 */
#ifndef BANISH_NETLINK_SOCKETS_H
#define BANISH_NETLINK_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "netlink/nl.h"
#include "netlink/packet.h"
#include "netlink/wire.h"

struct sockets {
	struct nl nl; /* opened when it is needed */
	bool able;    /* the kernel ends sockets */
};

/*
 * End the connections of each record: result[i].error is how many those were. Records whose
 * result is below 0 already are left out. What listens is never touched, nor what only waits
 * for its end (TIME_WAIT). One dump for all records. -EOPNOTSUPP in each: the kernel is built
 * without CONFIG_INET_DIAG_DESTROY, or without tcp_diag.
 *
 * A process that waits in recv(2) wakes with ECONNABORTED, and the peer is told by RST, as far
 * as that gets through. A connection of MPTCP loses its paths at once, and ends when the kernel
 * has waited for others (net.mptcp.close_timeout, 60 s).
 */
void sockets_end(struct sockets *sockets, struct nl_batch *batch,
		 const struct wire_close *records, struct wire_result *results, size_t count);

/* Those of these local ports that a process of this host can still read or write, as
 * wire_socket. */
int sockets_list(struct sockets *sockets, struct nl_batch *batch,
		 const struct wire_ports *ports, struct packet_stream *out);

void sockets_close(struct sockets *sockets);

#endif
