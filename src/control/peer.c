/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/frame.h"
#include "control/policy.h"
#include "control/stream.h"

/*
 * Connections to a policy socket. All of a peer's work is done in peer_step(), which only the
 * loop calls; the events never see a peer vanish.
 */

#define READ_SIZE 8192
#define OUT_HIGH 65536 /* while more waits to be sent nothing more is read */
#define LINGER_MS 1000 /* for the last answer to be read before the connection is gone */
#define DUNNO "DUNNO"

/* ---- answers ---- */

void policy_say(struct policy_peer *peer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	evbuffer_add_vprintf(peer->out, format, args);
	va_end(args);
	evbuffer_add(peer->out, "\n", 1);
}

void policy_more(struct policy_peer *peer, uint32_t cursor)
{
	peer->wants_more = true;
	peer->cursor = cursor;
}

static void answer(struct policy_peer *peer, const char *text)
{
	evbuffer_add_printf(peer->out, "action=%s\n\n", text);
}

/* The last that is said on a connection whose bytes make no sense any more. */
static void end_with(struct policy_peer *peer, const char *error)
{
	peer->policy->counts.bad++;
	peer->ending = true;
	if (peer->policy->events->line)
		policy_say(peer, "error: %s\n", error);
	else
		answer(peer, DUNNO);
	evbuffer_drain(peer->in, evbuffer_get_length(peer->in));
}

/* ---- requests ---- */

static void take_request(struct policy_peer *peer, struct text whole)
{
	struct policy *policy = peer->policy;
	char text[POLICY_ANSWER_MAX] = DUNNO;
	struct policy_request request;

	if (frame_parse(&request, whole)) {
		policy->counts.requests++;
		policy->events->request(policy->arg, &request, text);
	} else {
		policy->counts.bad++;
	}
	answer(peer, text);
}

/* False: there is no whole request. */
static bool next_request(struct policy_peer *peer, struct text have)
{
	size_t len = 0;

	switch (frame_next(have, &peer->seen, &len)) {
	case FRAME_WHOLE:
		take_request(peer, (struct text){have.at, len});
		evbuffer_drain(peer->in, len);
		peer->seen = 0;
		event_del(peer->patience); /* what follows has its own time */
		return true;
	case FRAME_PART:
		if (peer->eof)
			end_with(peer, "");
		return false;
	default:
		end_with(peer, "");
		return false;
	}
}

/* ---- commands ---- */

static bool next_line(struct policy_peer *peer, struct text have)
{
	struct policy *policy = peer->policy;
	const char *end = memchr(have.at, '\n', have.len);
	struct text line = {have.at, end ? (size_t)(end - have.at) : have.len};
	size_t used = end ? line.len + 1 : line.len;

	if (line.len > POLICY_LINE_MAX) {
		end_with(peer, "the line is too long");
		return false;
	}
	if (!end && !peer->eof)
		return false;
	/* A person may use a program that ends lines as the network does. */
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	policy->counts.lines++;
	policy->events->line(policy->arg, peer, line);
	evbuffer_drain(peer->in, used);
	event_del(peer->patience);
	return true;
}

/* ---- the life of a connection ---- */

static void peer_free(struct policy_peer *peer)
{
	struct event *events[] = {peer->reads, peer->writes, peer->patience};

	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		if (events[i])
			event_free(events[i]);
	if (peer->in)
		evbuffer_free(peer->in);
	if (peer->out)
		evbuffer_free(peer->out);
	close(peer->fd);
	free(peer);
}

void peer_drop(struct policy_peer *peer)
{
	TAILQ_REMOVE(&peer->policy->peers, peer, row);
	peer->policy->counts.peers--;
	peer_free(peer);
}

static bool is_full(const struct policy_peer *peer)
{
	return peer->wants_more || evbuffer_get_length(peer->out) > OUT_HIGH;
}

/* False: all that can be answered was. True: something waits for room. */
static bool peer_read(struct policy_peer *peer)
{
	const struct policy_events *events = peer->policy->events;
	struct text have;
	bool more = true;

	while (more && !peer->ending) {
		have.len = evbuffer_get_length(peer->in);
		if (!have.len)
			return false;
		if (is_full(peer))
			return true;
		have.at = (const char *)evbuffer_pullup(peer->in, -1);
		if (!have.at)
			return false;
		more = events->line ? next_line(peer, have) : next_request(peer, have);
	}
	return false;
}

static void wait_for(struct policy_peer *peer, int ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	event_add(peer->patience, &tv);
}

/* A request that has begun is to end, and a last answer is to be read, in time. */
static void arm_patience(struct policy_peer *peer)
{
	bool waits = peer->ending || evbuffer_get_length(peer->in);

	if (!waits)
		event_del(peer->patience);
	else if (!event_pending(peer->patience, EV_TIMEOUT, NULL))
		wait_for(peer, peer->ending ? LINGER_MS : peer->policy->limits.patience_ms);
}

static void arm(struct event *event, bool want)
{
	if (want)
		event_add(event, NULL);
	else
		event_del(event);
}

static void peer_step(struct policy_peer *peer)
{
	const struct policy *policy = peer->policy;
	bool was_ending = peer->ending, left;

	if (peer->wants_more && !evbuffer_get_length(peer->out)) {
		peer->wants_more = false;
		policy->events->more(policy->arg, peer, peer->cursor);
	}
	left = peer_read(peer);
	if (stream_flush(peer->out, peer->fd) < 0) {
		peer_drop(peer);
		return;
	}
	left |= evbuffer_get_length(peer->out) || peer->wants_more;
	if (peer->eof && !left) {
		peer_drop(peer);
		return;
	}
	if (peer->ending && !was_ending) {
		event_del(peer->patience);
		if (!left)
			shutdown(peer->fd, SHUT_WR);
	}
	arm(peer->writes, left);
	arm(peer->reads, !peer->eof && (peer->ending || !is_full(peer)));
	arm_patience(peer);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct policy_peer *peer = arg;
	struct peer_row *row = &peer->policy->peers;
	ssize_t got = stream_receive(peer->in, fd, READ_SIZE);

	(void)what;
	if (got == -EAGAIN || got == -EINTR)
		return;
	if (got < 0) {
		peer_drop(peer);
		return;
	}
	peer->eof = got == 0;
	if (peer->ending) {
		evbuffer_drain(peer->in, evbuffer_get_length(peer->in));
		if (peer->eof)
			peer_drop(peer);
		return;
	}
	TAILQ_REMOVE(row, peer, row);
	TAILQ_INSERT_TAIL(row, peer, row);
	peer_step(peer);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	peer_step(arg);
}

static void on_patience(evutil_socket_t fd, short what, void *arg)
{
	struct policy_peer *peer = arg;

	(void)fd;
	(void)what;
	if (peer->ending) {
		peer_drop(peer);
		return;
	}
	end_with(peer, "no whole line came in time");
	if (stream_flush(peer->out, peer->fd) < 0) {
		peer_drop(peer);
		return;
	}
	shutdown(peer->fd, SHUT_WR);
	event_del(peer->writes);
	event_add(peer->reads, NULL);
	wait_for(peer, LINGER_MS);
}

void peer_new(struct policy *policy, int fd)
{
	struct policy_peer *peer = calloc(1, sizeof *peer);
	int one = 1;

	if (!peer) {
		close(fd);
		return;
	}
	peer->policy = policy;
	peer->fd = fd;
	peer->reads = event_new(policy->base, fd, EV_READ | EV_PERSIST, on_readable, peer);
	peer->writes = event_new(policy->base, fd, EV_WRITE | EV_PERSIST, on_writable, peer);
	peer->patience = evtimer_new(policy->base, on_patience, peer);
	peer->in = evbuffer_new();
	peer->out = evbuffer_new();
	if (!peer->reads || !peer->writes || !peer->patience || !peer->in || !peer->out ||
	    event_add(peer->reads, NULL)) {
		peer_free(peer);
		return;
	}
	/* Answers to pipelined requests must not wait for one another. */
	if (!policy->listener.path)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	TAILQ_INSERT_TAIL(&policy->peers, peer, row);
	policy->counts.peers++;
}
