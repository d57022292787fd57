/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helper's end of the socketpair: what comes in is checked, what goes out is framed. */
#ifndef BANISH_NETLINK_PACKET_H
#define BANISH_NETLINK_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "netlink/wire.h"

/* Room for any packet, aligned for its records. */
union packet {
	struct wire_head head;
	struct {
		struct wire_head head_;
		union {
			struct wire_option options[WIRE_RECORDS_MAX];
			struct wire_change changes[WIRE_RECORDS_MAX];
			struct wire_result results[WIRE_RECORDS_MAX];
			struct wire_held held[WIRE_RECORDS_MAX];
			struct prefix prefixes[WIRE_RECORDS_MAX];
			struct wire_defined defined;
			struct wire_refill refill;
			struct wire_query query;
			struct wire_close closes[WIRE_RECORDS_MAX];
			struct wire_ports ports;
			struct wire_socket sockets[WIRE_RECORDS_MAX];
			struct wire_event event;
		};
	};
	char bytes[WIRE_PACKET_MAX];
};

/* Is this a request that can be looked at? `len` is what recv returned, also beyond the size of
 * *packet. 0; -ENODATA: shorter than a head, so there is nobody to answer; -EPROTONOSUPPORT:
 * another version; -EBADMSG: unknown kind, or the length is not that of `count` records;
 * -ENODEV: no such target number. */
int packet_check(const union packet *packet, size_t len);
/* May this record reach the kernel? 0; -EINVAL: it makes no sense; -EPERM: loopback, the
 * unspecified address, and prefixes wider than /8 (IPv4) or /32 (IPv6) are never banned. */
int packet_check_change(const struct wire_change *change);
/* May these connections be ended? As for a ban: what may be banned may be ended, no more. */
int packet_check_close(const struct wire_close *close);
/* 0; -EINVAL: it ends before it begins, or begins with port 0, which no connection has. */
int packet_check_ports(const struct wire_ports *ports);
/* Waits when the other side does not read. 0 or -errno. */
int packet_send(int fd, const union packet *packet, size_t record);

/* Records that leave in as many packets as they need. */
struct packet_stream {
	int fd;
	int error; /* of sending; then nothing more is sent */
	size_t record;
	union packet *packet; /* borrowed; its head is that of every packet */
};

/* Room for one record of the stream, zeroed. */
void *packet_stream_next(struct packet_stream *stream);
/* The last packet: flagged, with the request's error and then without records. */
int packet_stream_end(struct packet_stream *stream, int error);

#endif
