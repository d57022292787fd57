/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that syslog datagrams are sent to, and its name in the file system. */
#ifndef BANISH_SOURCE_INLET_H
#define BANISH_SOURCE_INLET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

struct inlet {
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t len;
	int fd;	   /* -1: not open */
	dev_t dev; /* of the file that was made at a path */
	ino_t ino;
	uint32_t dropped; /* what the kernel counted and we were told */
};

/* The address of "syslog:/PATH", "syslog:udp:ADDR:PORT" or "syslog:udp:[ADDR]:PORT", not open
 * yet. 0, or -EINVAL also for an address that is not of loopback. */
int inlet_parse(struct inlet *out, const char *name);
/* The path, or NULL. */
const char *inlet_path(const struct inlet *inlet);
/*
 * Make the socket. The file of one that nobody is bound to any more is replaced; the file is
 * for the user and the group. 0, -EADDRINUSE (another program receives there), -EEXIST (at the
 * path is something else than a socket) or another -errno; what failed may be tried again.
 */
int inlet_open(struct inlet *inlet);
/* Does the path still lead to it? */
bool inlet_stands(const struct inlet *inlet);
/* Datagrams that the kernel dropped since it was last asked, for want of room. On a path it
 * drops none: it lets the sender wait. */
uint32_t inlet_dropped(struct inlet *inlet);
/* Closed and, where its file is still its own, that removed. Of one not open: nothing. */
void inlet_close(struct inlet *inlet);

#endif
