/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the control room: a policy socket and its connections. */
#ifndef BANISH_CONTROL_POLICY_H
#define BANISH_CONTROL_POLICY_H

#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "control/control.h"
#include "control/listener.h"

struct policy_limits {
	uint32_t peers;
	int patience_ms; /* for the end of a request */
};

struct policy_peer {
	struct policy *policy;
	TAILQ_ENTRY(policy_peer) row;
	int fd;
	struct event *reads, *writes, *patience;
	struct evbuffer *in, *out;
	size_t seen; /* frame_next()'s */
	uint32_t cursor;
	bool wants_more;
	bool eof;    /* the peer has said all */
	bool ending; /* the last answer was given */
};

TAILQ_HEAD(peer_row, policy_peer);

struct policy {
	struct event_base *base;
	struct listener listener;
	struct evconnlistener *accepts;
	struct event *retry;
	const struct policy_events *events;
	void *arg;
	struct peer_row peers; /* from the one that was quiet longest */
	struct policy_limits limits;
	struct policy_counts counts;
};

/* Serve a connection, whose descriptor the peer owns from now on; without memory it is closed.
 */
void peer_new(struct policy *policy, int fd);
void peer_drop(struct policy_peer *peer);

/* policy_open() with other limits than the usual, for tests. */
int policy_open_limited(struct policy **out, struct event_base *base, const char *name,
			const struct policy_events *events, void *arg,
			const struct policy_limits *limits);

#endif
