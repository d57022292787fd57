/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Talking with the helper: what is sent when, and what happens on its socket. */
#include <errno.h>
#include <unistd.h>

#include "target/kernel.h"
#include "target/null.h"
#include "target/targets.h"

/* A set is listed in a thousand packets for a million entries; the loop turns in between. */
#define PACKETS_A_TURN 16

/* ---- sending ---- */

void targets_soon(struct targets *targets)
{
	static const struct timeval at_once = {0};

	event_add(targets->soon, &at_once);
}

/* What is to be sooner stays so. */
static void turn_after(struct targets *targets, struct timeval wait)
{
	if (!event_pending(targets->soon, EV_TIMEOUT, NULL))
		event_add(targets->soon, &wait);
}

void targets_moment(struct targets *targets)
{
	turn_after(targets, (struct timeval){.tv_usec = 50000});
}

void targets_later(struct targets *targets)
{
	turn_after(targets, (struct timeval){.tv_sec = 1});
}

/* 0: sent; 1: it has to wait. */
static int send_packet(struct targets *targets, const void *packet, size_t len)
{
	int error = helper_send(&targets->helper, packet, len);

	if (!error)
		return 0;
	if (error == -EAGAIN) {
		event_add(targets->writable, NULL);
	} else {
		targets->broken = true;
		targets_soon(targets);
	}
	return 1;
}

static void flush(struct targets *targets)
{
	static const struct wire_head hello = {.version = WIRE_VERSION, .kind = WIRE_HELLO};
	struct request *request;

	if (targets->hello_due && send_packet(targets, &hello, sizeof hello))
		return;
	targets->hello_due = false;
	while ((request = window_unsent(&targets->window))) {
		if (send_packet(targets, request->packet, request->len))
			return;
		request->sent = true;
	}
}

static void ask(struct targets *targets, struct request *request)
{
	if (!++targets->serial)
		targets->serial = 1;
	request->packet->serial = targets->serial;
	request->generation = targets->generation;
	window_push(&targets->window, request);
}

void targets_ask(struct targets *targets, struct request *request)
{
	ask(targets, request);
	flush(targets);
}

/* ---- requests of our own ---- */

static bool next_query(struct targets *targets, struct request *request)
{
	if (!targets->query_due || targets->query_asked || !kernel_pack_query(request))
		return false;
	targets->query_due = false;
	targets->query_asked = true;
	return true;
}

static bool next_forget(struct targets *targets, struct request *request)
{
	for (size_t t = 0; t < TARGETS_MAX; t++)
		if (targets->forget[t]) {
			if (!request_new(request, WIRE_FORGET, t, 0, 0))
				return false;
			targets->forget[t] = targets->known[t] = false;
			return true;
		}
	return false;
}

static bool is_undefined(const struct slot *slot)
{
	return slot->state == SLOT_WANTED && options_in_kernel(&slot->options);
}

static bool next_define(struct targets *targets, struct request *request)
{
	for (size_t t = 0; t < targets->count; t++) {
		struct slot *slot = &targets->slots[t];

		if (!is_undefined(slot))
			continue;
		if (!kernel_pack_define(request, t, &slot->options, slot->identity,
					&targets->scale))
			return false;
		slot->state = SLOT_ASKED;
		targets->known[t] = true;
		return true;
	}
	return false;
}

bool targets_due(const struct targets *targets)
{
	for (size_t t = 0; t < TARGETS_MAX; t++)
		if (targets->forget[t] ||
		    (t < targets->count && is_undefined(&targets->slots[t])))
			return true;
	return targets->query_due && !targets->query_asked;
}

void targets_pump(struct targets *targets)
{
	struct request request;

	if (!targets->greeted || targets->lost || targets->broken)
		return;
	/* What is to be forgotten comes before what is defined: two numbers for one set at a
	 * time would get into each other's way. */
	while (targets->window.count < WIRE_WINDOW &&
	       (next_query(targets, &request) || next_forget(targets, &request) ||
		next_define(targets, &request)))
		ask(targets, &request);
	if (targets->window.count < WIRE_WINDOW && targets_due(targets))
		targets_later(targets); /* no memory for it */
	flush(targets);
}

/* ---- events ---- */

static void lose(struct targets *targets)
{
	targets->lost = true;
	event_del(targets->readable);
	event_del(targets->writable);
	event_del(targets->soon);
	close(targets->helper.fd);
	targets->helper.fd = -1;
	window_clear(&targets->window);
	window_clear(&targets->local);
	targets->events->lost(targets->arg);
}

static void turn_over(struct targets *targets)
{
	targets_pump(targets);
	if (targets_room(targets))
		targets->events->room(targets->arg);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct targets *targets = arg;
	ssize_t got = 0;

	(void)fd;
	(void)what;
	for (int i = 0; i < PACKETS_A_TURN; i++) {
		got = helper_receive(&targets->helper, &targets->packet);
		if (got == -EAGAIN)
			break;
		if (got <= 0 || !answer_take(targets, (size_t)got)) {
			lose(targets);
			return;
		}
	}
	turn_over(targets);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	targets_pump(arg);
}

static void end_rest(struct targets *targets)
{
	for (size_t t = 0; t < targets->count; t++)
		if (targets->slots[t].state == SLOT_RESTING)
			targets->slots[t].state = SLOT_WANTED;
}

static void on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct targets *targets = arg;

	(void)fd;
	(void)what;
	if (targets->broken) {
		lose(targets);
		return;
	}
	targets->query_due |= targets->query_again;
	targets->query_again = false;
	end_rest(targets);
	null_answer(targets);
	turn_over(targets);
}

int targets_watch(struct targets *targets, struct event_base *base)
{
	int fd = targets->helper.fd;

	targets->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, targets);
	targets->writable = event_new(base, fd, EV_WRITE, on_writable, targets);
	targets->soon = event_new(base, -1, 0, on_soon, targets);
	if (!targets->readable || !targets->writable || !targets->soon)
		return -ENOMEM;
	return event_add(targets->readable, NULL) < 0 ? -ENOMEM : 0;
}
