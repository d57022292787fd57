/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/call.h"
#include "control/stream.h"

/*
 * The life of a connection. What a verb does to its call (answer, pause, finish) only notes it;
 * all sending, delivering and freeing happens in call_step(), which only the loop calls, so a
 * call never vanishes under the verb that is working on it.
 */

#define READ_SIZE 65536
/* While more than this waits to be sent, the body is not read. */
#define OUT_HIGH (256u << 10)

static size_t out_len(const struct call *call)
{
	return evbuffer_get_length(call->out);
}

static bool call_held(const struct call *call)
{
	return call->paused || out_len(call) > OUT_HIGH;
}

void call_touch(struct call *call)
{
	event_active(call->turn, EV_TIMEOUT, 0);
}

void call_refuse(struct call *call, enum control_exit code, const char *why)
{
	call_err(call, "banish: %s", why);
	call_finish(call, code);
}

static const struct control_verb *verb_find(const struct control *control, const char *name)
{
	for (const struct control_verb *verb = control->verbs; verb->name; verb++)
		if (!strcmp(verb->name, name))
			return verb;
	return NULL;
}

static void call_start(struct call *call)
{
	const struct control_verb *verb = verb_find(call->control, call->request.verb);
	char shown[64];

	if (!verb) {
		call_err(call, "banish: the daemon has no command \"%s\"",
			 text_show(text_of(call->request.verb), shown, sizeof(shown)));
		call_finish(call, EXIT_USAGE);
		return;
	}
	if (!verb->line && evbuffer_get_length(call->in) > 0) {
		call_refuse(call, EXIT_USAGE, "this command takes no input");
		return;
	}
	call->verb = verb;
	verb->start(call->control->arg, call);
}

/* The line is drained before the verb starts, so that `in` holds nothing but the body. */
static void call_request(struct call *call, size_t len)
{
	const char *why = NULL;
	struct text line = {(const char *)evbuffer_pullup(call->in, (ssize_t)len), len};
	int err;

	call->asked = true;
	event_del(call->limit);
	err = line.at || !len ? request_parse(&call->request, len ? line : text_of(""), &why)
			      : -ENOMEM;
	evbuffer_drain(call->in, len + 1);
	if (err == -EINVAL) {
		call_err(call, "banish: bad request: %s", why);
		call_finish(call, EXIT_USAGE);
	} else if (err) {
		call->broken = true;
	} else {
		call_start(call);
	}
}

static void call_read_request(struct call *call)
{
	size_t held = evbuffer_get_length(call->in);
	struct evbuffer_ptr eol = evbuffer_search_eol(call->in, NULL, NULL, EVBUFFER_EOL_LF);
	size_t len = eol.pos >= 0 ? (size_t)eol.pos : held;

	if (len > CONTROL_REQUEST_MAX) {
		call->asked = true;
		call_refuse(call, EXIT_USAGE, "bad request: longer than a mebibyte");
	} else if (eol.pos >= 0 || (call->eof && held > 0)) {
		call_request(call, len);
	} else if (call->eof) {
		call->broken = true; /* A look whether somebody listens: nothing to answer. */
	}
}

/* The next line of the body, still in `in`; *used is what to drain. */
static bool call_line(struct call *call, struct text *line, size_t *used)
{
	size_t held = evbuffer_get_length(call->in);
	struct evbuffer_ptr eol = evbuffer_search_eol(call->in, NULL, NULL, EVBUFFER_EOL_LF);
	size_t len = eol.pos >= 0 ? (size_t)eol.pos : held;
	bool whole = eol.pos >= 0 || (call->eof && held > 0);

	if (!whole && len < CONTROL_LINE_MAX)
		return false;
	*used = eol.pos >= 0 ? len + 1 : len;
	line->len = len < CONTROL_LINE_MAX ? len : CONTROL_LINE_MAX;
	line->at = line->len ? (const char *)evbuffer_pullup(call->in, (ssize_t)line->len) : "";
	call->cutting = !whole;
	call->broken |= !line->at;
	return line->at;
}

/* False when the rest of the long line goes on. */
static bool call_skip_rest(struct call *call)
{
	struct evbuffer_ptr eol = evbuffer_search_eol(call->in, NULL, NULL, EVBUFFER_EOL_LF);

	call->cutting = eol.pos < 0;
	evbuffer_drain(call->in,
		       call->cutting ? evbuffer_get_length(call->in) : (size_t)eol.pos + 1);
	return !call->cutting;
}

static void call_read_body(struct call *call)
{
	const struct control_verb *verb = call->verb;
	void *arg = call->control->arg;
	struct text line;
	size_t used;

	call->held = false;
	while (!call->finished && !call->broken && !call->ended) {
		call->held = call_held(call);
		if (call->held)
			return;
		if (call->cutting && !call_skip_rest(call) && !call->eof)
			return;
		if (call_line(call, &line, &used)) {
			if (verb->line)
				verb->line(arg, call, line, ++call->number);
			else
				call_refuse(call, EXIT_USAGE, "this command takes no input");
			evbuffer_drain(call->in, used);
		} else if (call->eof && !call->broken) {
			call->ended = true;
			if (verb->end)
				verb->end(arg, call);
		} else {
			return;
		}
	}
}

static void call_advance(struct call *call)
{
	if (!call->asked)
		call_read_request(call);
	if (!call->verb || call->finished || call->broken)
		return;
	if (call->wants_more && !out_len(call)) {
		call->wants_more = false;
		if (call->verb->more)
			call->verb->more(call->control->arg, call);
	}
	call_read_body(call);
}

static void arm(struct event *event, bool want)
{
	if (want)
		event_add(event, NULL);
	else
		event_del(event);
}

/*
 * A peer that went away shows as EOF while reading and as EPIPE while writing. In between
 * there is `hangup`: edge-triggered, because a socket that can be written to is always ready,
 * and never added beside the other two, because libevent refuses to mix both kinds on one fd.
 */
static void call_rearm(struct call *call)
{
	bool reading = !call->finished && !call->eof && !call_held(call);
	bool writing = out_len(call) > 0;

	if (reading || writing)
		event_del(call->hangup);
	arm(call->reads, reading);
	arm(call->writes, writing);
	if (!reading && !writing)
		event_add(call->hangup, NULL);
	if ((call->held && !call_held(call)) || (call->wants_more && !writing))
		call_touch(call);
}

static void call_step(struct call *call)
{
	call_advance(call);
	if (call->broken || stream_flush(call->out, call->fd) < 0 ||
	    (call->finished && !out_len(call)))
		call_drop(call);
	else
		call_rearm(call);
}

static bool peer_gone(const struct call *call)
{
	struct pollfd poll_fd = {.fd = call->fd};

	return poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLHUP | POLLERR));
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;
	ssize_t got = stream_receive(call->in, call->fd, READ_SIZE);

	(void)fd;
	(void)what;
	if (got == -EAGAIN || got == -EINTR)
		return;
	call->eof = got == 0;
	if (got < 0 || (call->eof && peer_gone(call)))
		call_drop(call);
	else
		call_step(call);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	call_step(arg);
}

static void on_hangup(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (peer_gone(arg))
		call_drop(arg);
}

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;

	(void)fd;
	(void)what;
	call->asked = true;
	call_refuse(call, EXIT_REFUSED, "no whole request came in time");
}

static void call_link(struct call *call)
{
	struct control *control = call->control;

	call->next = control->calls;
	if (call->next)
		call->next->link = &call->next;
	call->link = &control->calls;
	control->calls = call;
	control->call_count++;
}

static void call_unlink(struct call *call)
{
	*call->link = call->next;
	if (call->next)
		call->next->link = call->link;
	call->control->call_count--;
	control_accept_on(call->control);
}

static void free_event(struct event *event)
{
	if (event)
		event_free(event);
}

static void free_buffer(struct evbuffer *buffer)
{
	if (buffer)
		evbuffer_free(buffer);
}

static void call_free(struct call *call)
{
	if (!call)
		return;
	free_event(call->reads);
	free_event(call->writes);
	free_event(call->hangup);
	free_event(call->turn);
	free_event(call->limit);
	free_buffer(call->in);
	free_buffer(call->out);
	request_clear(&call->request);
	close(call->fd);
	free(call);
}

void call_drop(struct call *call)
{
	if (call->verb && call->verb->over)
		call->verb->over(call->control->arg, call);
	call_unlink(call);
	call_free(call);
}

static bool call_make(struct call *call)
{
	struct event_base *base = call->control->base;

	call->reads = event_new(base, call->fd, EV_READ | EV_PERSIST, on_readable, call);
	call->writes = event_new(base, call->fd, EV_WRITE | EV_PERSIST, on_turn, call);
	call->hangup =
		event_new(base, call->fd, EV_WRITE | EV_ET | EV_PERSIST, on_hangup, call);
	call->turn = event_new(base, -1, 0, on_turn, call);
	call->limit = evtimer_new(base, on_limit, call);
	call->in = evbuffer_new();
	call->out = evbuffer_new();
	return call->reads && call->writes && call->hangup && call->turn && call->limit &&
	       call->in && call->out;
}

int call_new(struct control *control, int fd)
{
	struct timeval patience = {.tv_sec = control->patience_ms / 1000,
				   .tv_usec = control->patience_ms % 1000 * 1000L};
	struct call *call = calloc(1, sizeof(*call));

	if (!call) {
		close(fd);
		return -ENOMEM;
	}
	call->control = control;
	call->fd = fd;
	if (!call_make(call) || event_add(call->reads, NULL) < 0 ||
	    event_add(call->limit, &patience) < 0) {
		call_free(call);
		return -ENOMEM;
	}
	call_link(call);
	return 0;
}
