/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the control room: the server and a call as its files share them. */
#ifndef BANISH_CONTROL_CALL_H
#define BANISH_CONTROL_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "control/control.h"
#include "control/listener.h"
#include "control/request.h"

struct control {
	struct event_base *base;
	struct listener listener;
	int patience_ms; /* for a whole request */
	const struct control_verb *verbs;
	void *arg;
	struct event *accepts; /* not added while CONTROL_CALLS_MAX calls are open */
	struct event *retry;   /* accepts again after the process ran out of descriptors */
	struct call *calls;
	size_t call_count;
};

struct call {
	struct control *control;
	struct call *next, **link;
	int fd;
	struct event *reads, *writes, *hangup, *turn, *limit;
	struct evbuffer *in, *out;
	struct request request;
	const struct control_verb *verb; /* NULL until it was started */
	void *own;
	size_t number; /* of the last line of the body */
	bool asked;    /* the request line is there, good or bad */
	bool eof;      /* the peer has said all */
	bool ended;    /* `end` was called */
	bool cutting;  /* within the rest of a line that was too long */
	bool paused;   /* by the verb */
	bool held;     /* lines of the body wait in `in` */
	bool wants_more;
	bool finished; /* nothing but sending is left */
	bool broken;   /* out of memory: the answer has a hole */
};

/* Serve a connection, whose descriptor the call owns from now on. 0 or -ENOMEM (fd closed). */
int call_new(struct control *control, int fd);
/* `over`, then gone. */
void call_drop(struct call *call);
/* Say why and finish. */
void call_refuse(struct call *call, enum control_exit code, const char *why);
/* Look at the call again in the next turn of the loop. */
void call_touch(struct call *call);
/* There is room for one call more. */
void control_accept_on(struct control *control);

#endif
