/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: a unix stream socket, one request a connection.
 *
 * Request: one line of JSON, {"verb":"ban","args":["192.0.2.1"],"options":{"for":"1h"}}, at
 * most CONTROL_REQUEST_MAX bytes, then a body of lines until the client shuts down its side.
 * Answer: lines "O text" (for standard output), "E text" (for standard error), and at the end
 * "X code".
 *
 * The server runs on the caller's event loop; it never blocks, and holds at most
 * CONTROL_CALLS_MAX connections. A peer is served when it is root or the user the server runs
 * as (SO_PEERCRED).
 */
#ifndef BANISH_CONTROL_CONTROL_H
#define BANISH_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <event2/event.h>

#include "base/text.h"

#define CONTROL_REQUEST_MAX (1u << 20)
#define CONTROL_LINE_MAX 4096 /* of a body: a longer one arrives cut to this */
#define CONTROL_CALLS_MAX 64
#define CONTROL_ARGS_MAX 65536

enum control_exit {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_DAEMON = 3,
};

struct control; /* the server */
struct call;	/* one request being answered */

/* What the server does for a verb. Any but `start` may be NULL. */
struct control_verb {
	const char *name;
	/* The request is there. Without `line` a body is refused. */
	void (*start)(void *arg, struct call *call);
	/* A line of the body, without newline; number from 1. */
	void (*line)(void *arg, struct call *call, struct text line, size_t number);
	/* The body is over. */
	void (*end)(void *arg, struct call *call);
	/* The answer written so far has gone out: write more, for answers that do not fit into
	 * memory. Called after call_more(). */
	void (*more)(void *arg, struct call *call);
	/* The call is over (also when the peer went away): forget it. */
	void (*over)(void *arg, struct call *call);
};

/* `verbs` ends with a NULL name and must outlive the server, `arg` is handed to each. A stale
 * socket file is replaced, a living one refused with -EADDRINUSE. The folder is made when
 * missing. 0 or -errno. */
int control_open(struct control **out, struct event_base *base, const char *path,
		 const struct control_verb *verbs, void *arg);
void control_close(struct control *control); /* removes the file; takes NULL */
/* Give the socket file to this user, before privileges are dropped. 0 or -errno. */
int control_chown(struct control *control, unsigned uid, unsigned gid);

size_t call_args(const struct call *call);
const char *call_arg(const struct call *call, size_t i);
/* An option's value, NULL when it was not given; a flag's value is "yes". */
const char *call_option(const struct call *call, const char *name);
/* One line of the answer; newlines in it become "\x0a". */
void call_out(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
void call_err(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ask for `more` when what was written so far has gone to the peer. */
void call_more(struct call *call);
/* Stop and go on reading the body. */
void call_pause(struct call *call, bool pause);
/* The verb's own memory for this call: NULL until set. */
void call_set(struct call *call, void *own);
void *call_own(const struct call *call);
/* The answer is complete. The call is gone once it was sent; `over` comes first. */
void call_finish(struct call *call, enum control_exit code);

/* ---- the client ---- */

struct control_request {
	const char *verb;
	const char *const *args;
	size_t arg_count;
	const char *const (*options)[2]; /* name, value */
	size_t option_count;
	FILE *body; /* with a descriptor, and nothing read from it yet; NULL: none */
};

/*
 * Ask and copy the answer to `out` and `err`. The daemon's exit code; EXIT_NO_DAEMON when the
 * socket is not there or nobody listens (said on `err`), EXIT_REFUSED when we may not connect.
 */
int control_ask(const char *path, const struct control_request *request, FILE *out, FILE *err);

#endif
