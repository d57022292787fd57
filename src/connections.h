/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP connections of this host, for those who ask for them or end some: the helper answers
 * in the order it was asked, and this file knows who asked.
 */
#ifndef BANISH_CONNECTIONS_H
#define BANISH_CONNECTIONS_H

#include "target/target.h"

#define CONNECTIONS_ASKERS 16 /* more than can be asked at a time */

struct connections_asker {
	void (*socket)(void *arg, const struct target_socket *socket);
	void (*done)(void *arg, int error); /* that were all; -EPIPE: the helper died */
	void (*closed)(void *arg, uint64_t sockets, int error); /* -EPIPE as well */
	void *arg;
};

struct connections_queue {
	const struct connections_asker *askers[CONNECTIONS_ASKERS];
	size_t count;
};

struct connections {
	struct connections_queue lists, closes;
};

/* 0; -EAGAIN: no room, ask again when there is some; -ENOMEM. `asker` must last until it is
 * answered. */
int connections_list(struct connections *connections, struct targets *targets,
		     struct port_range ports, const struct connections_asker *asker);
int connections_close(struct connections *connections, struct targets *targets,
		      const struct target_close *closes, size_t count,
		      const struct connections_asker *asker);

/* What the helper says. */
void connections_socket(struct connections *connections, const struct target_socket *socket);
void connections_listed(struct connections *connections, int error);
void connections_closed(struct connections *connections, uint64_t sockets, int error);

#endif
