/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process banish-netlink and the socket to it. */
#ifndef BANISH_TARGET_HELPER_H
#define BANISH_TARGET_HELPER_H

#include <stddef.h>
#include <sys/types.h>

#include "netlink/wire.h"

struct helper {
	int fd; /* -1: closed */
	pid_t pid;
};

/* Room for any packet that the helper may send. */
union packet {
	struct wire_head head;
	struct {
		struct wire_head head_;
		union {
			struct wire_defined defined;
			struct wire_result results[WIRE_RECORDS_MAX];
			struct wire_held held[WIRE_RECORDS_MAX];
			struct prefix prefixes[WIRE_RECORDS_MAX];
			struct wire_socket sockets[WIRE_RECORDS_MAX];
			struct wire_fact facts[WIRE_RECORDS_MAX];
			struct wire_event event;
		};
	};
};

/* Start it, with the socket on WIRE_FD, no environment, and nothing else of ours but standard
 * error. 0 or -errno of starting it. */
int helper_open(struct helper *out, const char *program);
/* Closing the socket ends it. Waits for that, two seconds at most. */
void helper_close(struct helper *helper);
/* 0, -EAGAIN, or the -errno of a socket that is of no use any more. */
int helper_send(const struct helper *helper, const void *packet, size_t len);
/* The length of the next packet; 0: it hung up; -EAGAIN; -EMSGSIZE: too long to be one. */
ssize_t helper_receive(const struct helper *helper, union packet *packet);

#endif
