/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helper says. It is the program that this room trusts least: it holds the privileges,
 * and it may be another build than ours. Nothing is taken that is not an answer to the oldest
 * request, of the right kind and size and of values that occur.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/kernel.h"
#include "target/targets.h"

#define OWN_MAX 65536
#define ERRNO_MAX 65535 /* beyond all of them; what is further below cannot be negated */

/* ---- the shape of answers ---- */

struct shape {
	uint8_t answer; /* enum wire_kind */
	enum { ONE, AS_ASKED, ANY } count;
	size_t record;
};

static const struct shape shapes[] = {
	[WIRE_DEFINE] = {WIRE_RESULT, ONE, sizeof(struct wire_defined)},
	[WIRE_FORGET] = {WIRE_RESULT, ONE, sizeof(struct wire_result)},
	[WIRE_CHANGE] = {WIRE_RESULT, AS_ASKED, sizeof(struct wire_result)},
	[WIRE_REFILL] = {WIRE_RESULT, ONE, sizeof(struct wire_result)},
	[WIRE_FLUSH] = {WIRE_RESULT, ONE, sizeof(struct wire_result)},
	[WIRE_LIST] = {WIRE_LIST, ANY, sizeof(struct wire_held)},
	[WIRE_QUERY] = {WIRE_QUERY, ANY, sizeof(struct prefix)},
	[WIRE_CLOSE] = {WIRE_RESULT, AS_ASKED, sizeof(struct wire_result)},
	[WIRE_SOCKETS] = {WIRE_SOCKETS, ANY, sizeof(struct wire_socket)},
	[WIRE_LIVE] = {WIRE_LIVE, ANY, sizeof(struct wire_fact)},
};

/* -EPIPE is our own word for a worker that died: it would be waited for, and none come. */
static bool error_fits(int error)
{
	return error <= 0 && error >= -ERRNO_MAX && error != -EPIPE;
}

static bool count_fits(const struct shape *shape, const struct wire_head *asked,
		       const struct wire_head *head)
{
	if (head->error)
		return !head->count;
	if (shape->count == ONE)
		return head->count == 1;
	if (shape->count == AS_ASKED)
		return head->count == asked->count;
	return head->count <= WIRE_RECORDS_MAX;
}

static bool answer_fits(const struct wire_head *asked, const struct wire_head *head, size_t len)
{
	const struct shape *shape = &shapes[asked->kind];
	bool last = head->flags & WIRE_LAST;

	/* A request that could not be looked at is refused as a plain result. */
	return head->serial == asked->serial &&
	       (head->kind == shape->answer || (head->kind == WIRE_RESULT && head->error)) &&
	       error_fits(head->error) && count_fits(shape, asked, head) &&
	       len == sizeof *head + head->count * shape->record &&
	       (last || (shape->count == ANY && !head->error));
}

static bool results_fit(const struct wire_result *results, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!error_fits(results[i].error))
			return false;
	return true;
}

static bool held_fits(const struct wire_held *held, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!prefix_valid(&held[i].prefix) || held[i].left < 0)
			return false;
	return true;
}

static bool prefixes_fit(const struct prefix *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!prefix_valid(&prefixes[i]))
			return false;
	return true;
}

/* ---- passing answers on ---- */

void targets_applied(struct targets *targets, const struct request *request, int error,
		     const struct wire_result *results)
{
	size_t count = request->packet->count;

	if (request->generation != targets->generation)
		return;
	kernel_unpack_changes(targets->changes, request);
	for (size_t i = 0; i < count; i++) {
		targets->errors[i] = error || !results ? error : results[i].error;
		targets->counts.errors += targets->errors[i] != 0;
	}
	targets->events->applied(targets->arg, request->packet->target, targets->changes,
				 targets->errors, count);
}

void targets_done(struct targets *targets, const struct request *request, int error)
{
	const struct targets_events *events = targets->events;
	size_t target = request->packet->target;

	if (request->generation != targets->generation)
		return;
	if (request->packet->kind == WIRE_LIST)
		events->listed(targets->arg, target, error);
	else if (request->packet->kind == WIRE_LIVE)
		events->facts_done(targets->arg, target, error);
	else if (request->packet->kind != WIRE_FORGET)
		events->done(targets->arg, target, error);
}

/* ---- this host's addresses ---- */

static bool own_grow(struct targets *targets, size_t wanted)
{
	struct prefix *own;

	if (wanted <= targets->own_room)
		return true;
	own = reallocarray(targets->own, wanted, sizeof *own);
	if (!own)
		return false;
	targets->own = own;
	targets->own_room = wanted;
	return true;
}

static bool take_own(struct targets *targets)
{
	const union packet *packet = &targets->packet;
	size_t total = targets->own_count + packet->head.count;

	if (!prefixes_fit(packet->prefixes, packet->head.count) || total > OWN_MAX ||
	    !own_grow(targets, total))
		return false;
	for (size_t i = 0; i < packet->head.count; i++)
		targets->own[targets->own_count++] = packet->prefixes[i];
	if (!(packet->head.flags & WIRE_LAST))
		return true;
	targets->query_asked = false;
	/* Without an answer what was known before stays in force. */
	if (packet->head.error) {
		targets->query_again = true;
		targets_later(targets);
	} else {
		targets->events->own(targets->arg, targets->own, targets->own_count);
	}
	targets->own_count = 0;
	return true;
}

/* ---- answers ---- */

static bool take_defined(struct targets *targets, const struct request *request)
{
	const union packet *packet = &targets->packet;
	size_t target = request->packet->target;
	struct slot *slot = &targets->slots[target];
	struct target_info info;

	if (request->generation != targets->generation)
		return true;
	if (!packet->head.error && packet->defined.error == -EAGAIN) {
		slot->state = SLOT_RESTING;
		targets_moment(targets);
		return true;
	}
	if (packet->head.error)
		kernel_explain(&info, &slot->options, packet->head.error);
	else if (packet->defined.error < -ERRNO_MAX ||
		 !kernel_unpack_defined(&info, &slot->options, &packet->defined))
		return false;
	slot->state = info.error ? SLOT_FAILED : SLOT_READY;
	targets->events->ready(targets->arg, target, &info);
	return true;
}

static bool take_changed(struct targets *targets, const struct request *request)
{
	const union packet *packet = &targets->packet;

	if (!results_fit(packet->results, packet->head.count))
		return false;
	targets_applied(targets, request, packet->head.error, packet->results);
	return true;
}

static bool take_done(struct targets *targets, const struct request *request)
{
	const union packet *packet = &targets->packet;

	if (!results_fit(packet->results, packet->head.count))
		return false;
	targets_done(targets, request,
		     packet->head.error ? packet->head.error : packet->results[0].error);
	return true;
}

static bool take_held(struct targets *targets, const struct request *request)
{
	const union packet *packet = &targets->packet;

	if (!held_fits(packet->held, packet->head.count))
		return false;
	for (size_t i = 0; i < packet->head.count; i++)
		if (request->generation == targets->generation)
			targets->events->held(targets->arg, request->packet->target,
					      &packet->held[i].prefix, packet->held[i].left);
	if (packet->head.flags & WIRE_LAST)
		targets_done(targets, request, packet->head.error);
	return true;
}

static bool take_facts(struct targets *targets, const struct request *request)
{
	const union packet *packet = &targets->packet;
	struct target_fact fact;

	for (size_t i = 0; i < packet->head.count; i++) {
		if (!kernel_unpack_fact(&fact, &packet->facts[i]))
			return false;
		if (request->generation == targets->generation)
			targets->events->fact(targets->arg, request->packet->target, &fact);
	}
	if (packet->head.flags & WIRE_LAST)
		targets_done(targets, request, packet->head.error);
	return true;
}

/* Sockets are no target's, so that it does not matter which targets there are now. */
static bool take_closed(struct targets *targets, const struct request *request)
{
	const union packet *packet = &targets->packet;
	int error = packet->head.error;
	uint64_t sockets = 0;

	for (size_t i = 0; i < packet->head.count; i++) {
		if (packet->results[i].error < 0 && !error_fits(packet->results[i].error))
			return false;
		if (packet->results[i].error > 0)
			sockets += (uint64_t)packet->results[i].error;
		else if (!error)
			error = packet->results[i].error;
	}
	targets->events->closed(targets->arg, request->packet->count, sockets, error);
	return true;
}

static bool take_sockets(struct targets *targets)
{
	const union packet *packet = &targets->packet;
	struct target_socket socket;

	for (size_t i = 0; i < packet->head.count; i++) {
		if (!kernel_unpack_socket(&socket, &packet->sockets[i]))
			return false;
		targets->events->socket(targets->arg, &socket);
	}
	if (packet->head.flags & WIRE_LAST)
		targets->events->sockets_done(targets->arg, packet->head.error);
	return true;
}

static bool take(struct targets *targets, const struct request *request)
{
	switch (request->packet->kind) {
	case WIRE_DEFINE:
		return take_defined(targets, request);
	case WIRE_CHANGE:
		return take_changed(targets, request);
	case WIRE_LIST:
		return take_held(targets, request);
	case WIRE_QUERY:
		return take_own(targets);
	case WIRE_LIVE:
		return take_facts(targets, request);
	case WIRE_CLOSE:
		return take_closed(targets, request);
	case WIRE_SOCKETS:
		return take_sockets(targets);
	default:
		return take_done(targets, request);
	}
}

static bool take_answer(struct targets *targets, size_t len)
{
	const struct wire_head *head = &targets->packet.head;
	struct request *oldest = window_oldest(&targets->window), request;
	bool fits;

	/* When two workers die in a row, the hello that answers the first is read by the third,
	 * which then does what was meant for the second. */
	if (head->serial && (int32_t)(head->serial - targets->since) < 0)
		return true;
	if (!oldest || !oldest->sent || !answer_fits(oldest->packet, head, len))
		return false;
	if (!(head->flags & WIRE_LAST))
		return take(targets, oldest);
	/* Its place is free before anyone is called back, who may ask for more. */
	request = window_pop(&targets->window);
	fits = take(targets, &request);
	request_drop(&request);
	return fits;
}

/* ---- what nobody asked for ---- */

static void fail(struct targets *targets, const struct request *request)
{
	switch (request->packet->kind) {
	case WIRE_CHANGE:
		targets_applied(targets, request, -EPIPE, NULL);
		break;
	case WIRE_REFILL:
	case WIRE_FLUSH:
	case WIRE_LIST:
	case WIRE_LIVE:
		targets_done(targets, request, -EPIPE);
		break;
	case WIRE_CLOSE:
		targets->events->closed(targets->arg, request->packet->count, 0, -EPIPE);
		break;
	case WIRE_SOCKETS:
		targets->events->sockets_done(targets->arg, -EPIPE);
		break;
	default:
		break;
	}
}

/* A worker that knows nothing: the requests of the one before are lost, and everything is
 * defined again. */
static void take_hello(struct targets *targets)
{
	struct window dead = targets->window;

	targets->window = (struct window){0};
	targets->counts.restarts += targets->greeted;
	targets->greeted = true;
	targets->hello_due = true;
	targets->since = targets->serial + 1;
	targets->query_due = true;
	targets->query_asked = false;
	targets->own_count = 0;
	for (size_t t = 0; t < TARGETS_MAX; t++)
		targets->known[t] = targets->forget[t] = false;
	for (size_t t = 0; t < targets->count; t++)
		if (options_in_kernel(&targets->slots[t].options))
			targets->slots[t].state = SLOT_WANTED;
	while (dead.count) {
		struct request request = window_pop(&dead);

		fail(targets, &request);
		request_drop(&request);
	}
}

/* Of a target that is not there any more, or not yet: it will be synced anyway. */
static bool take_target_event(struct targets *targets)
{
	const union packet *packet = &targets->packet;
	size_t target = packet->head.target;
	char who[96];

	if (target >= WIRE_TARGETS_MAX ||
	    !memchr(packet->event.comm, 0, sizeof packet->event.comm))
		return false;
	if (target >= targets->count || targets->slots[target].state != SLOT_READY)
		return true;
	if (packet->event.what == WIRE_UNUSED)
		targets->events->unused(targets->arg, target);
	else
		targets->events->removed(targets->arg, target,
					 kernel_print_who(&packet->event, who, sizeof who));
	return true;
}

static bool take_event(struct targets *targets)
{
	switch (targets->packet.event.what) {
	case WIRE_ADDRESSES_CHANGED:
		targets->query_due = true;
		return true;
	case WIRE_REMOVED:
	case WIRE_UNUSED:
		return take_target_event(targets);
	default:
		return false;
	}
}

bool answer_take(struct targets *targets, size_t len)
{
	const struct wire_head *head = &targets->packet.head;

	if (len < sizeof *head || head->version != WIRE_VERSION ||
	    head->count > WIRE_RECORDS_MAX)
		return false;
	if (head->kind == WIRE_HELLO) {
		if (len != sizeof *head || head->count || head->serial)
			return false;
		take_hello(targets);
		return true;
	}
	if (!targets->greeted)
		return false;
	if (head->kind != WIRE_EVENT)
		return take_answer(targets, len);
	return !head->serial && head->count == 1 &&
	       len == sizeof *head + sizeof targets->packet.event && take_event(targets);
}
