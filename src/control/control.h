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
#include <stdint.h>
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

/* ---- the policy server ---- */

#define POLICY_REQUEST_MAX 32768 /* bytes; Postfix sends about a thousand */
#define POLICY_ATTRIBUTES_MAX 64
#define POLICY_ANSWER_MAX 512 /* with its NUL */
#define POLICY_LINE_MAX 256   /* of a command */
#define POLICY_PEERS_MAX 2000 /* connections to a socket */

struct policy;	    /* a socket */
struct policy_peer; /* a connection to it */

struct policy_attribute {
	struct text name, value; /* a value may hold any byte but LF */
};

struct policy_request {
	struct policy_attribute attributes[POLICY_ATTRIBUTES_MAX]; /* as they came */
	size_t count;
};

/* The first attribute of this name, empty when there is none. */
struct text policy_value(const struct policy_request *request, const char *name);

/*
 * The request as one line of a log, with its newline; its length, at most POLICY_PRINT_MAX:
 *
 *	policy: protocol_state=RCPT client_address=192.0.2.1 request=smtpd_access_policy ...
 *
 * These two come first and the others as they came. A blank is nowhere but between attributes:
 * in a value it, "\\", and what is not printable ASCII are \xNN. A value is cut to
 * POLICY_VALUE_MAX of these bytes, and an attribute for which there is no room is left out.
 */
#define POLICY_PRINT_MAX 8192
#define POLICY_VALUE_MAX 512
size_t policy_print(const struct policy_request *request, char *out);

/* What comes in on a socket: requests, or lines of commands when there is `line`. */
struct policy_events {
	/* Write what goes behind "action=", without newline, to `answer`, which has room for
	 * POLICY_ANSWER_MAX and holds DUNNO. Slices die with the call. */
	void (*request)(void *arg, const struct policy_request *request, char *answer);
	/* A command, without its newline: answer by policy_say(). */
	void (*line)(void *arg, struct policy_peer *peer, struct text line);
	/* Called after policy_more(), when what was said before has gone out. */
	void (*more)(void *arg, struct policy_peer *peer, uint32_t cursor);
};

struct policy_counts {
	uint64_t requests, lines; /* answered by the events */
	uint64_t bad;		  /* no request or no line: answered DUNNO, or an error */
	uint64_t crowded;	  /* connections closed for want of room */
	uint32_t peers;		  /* connected now */
};

/*
 * Serve Postfix's policy delegation protocol (SMTPD_POLICY_README) on ADDRESS:PORT or /PATH:
 * lines "name=value" ended by LF, an empty one ends the request; "action=..." and an empty line
 * answer it. Requests of a connection are answered in order, and each at once, without
 * anybody's waiting.
 *
 * What is no request gets DUNNO: a line that is no attribute, too many of them, a request that
 * says it is of another kind; also what cannot be read on, and then the connection ends: a
 * request that is too long, that ends by CR LF, or whose end does not come within 10 s. A
 * connection may be idle for ever. For one too many the one that has been quiet longest is
 * closed, which Postfix opens again.
 *
 * A unix socket is for the user and the group. 0, -EADDRINUSE, -EINVAL (no such name) or
 * -errno.
 */
int policy_open(struct policy **out, struct event_base *base, const char *name,
		const struct policy_events *events, void *arg);
void policy_close(struct policy *policy); /* and its connections; takes NULL */
/* The file of a unix socket was taken away: it is to be closed and opened again. */
bool policy_is_lost(const struct policy *policy);
struct policy_counts policy_counts(const struct policy *policy);
/* One line of the answer to a command; an empty one ends it. */
void policy_say(struct policy_peer *peer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void policy_more(struct policy_peer *peer, uint32_t cursor);

#endif
