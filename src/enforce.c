/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "definition.h"
#include "enforce.h"

#define REDEFINE_MS 1000
#define QUEUE_CROWDED 16384 /* prefixes waiting, at which makers of more should pause */

void enforce_pump(struct enforce *enforce)
{
	event_active(enforce->pump, EV_TIMEOUT, 0);
}

/* News first, for they are few; then every sync a step in turn, so that none starves another.
 */
static void pump_all(struct enforce *enforce)
{
	int64_t now = moment_now();
	bool more = true;

	for (size_t t = 0; t < enforce->count; t++)
		holding_pump(&enforce->holdings[t], now);
	while (more) {
		more = false;
		for (size_t t = 0; t < enforce->count; t++)
			more |= holding_step(
				&enforce->holdings[(enforce->first + t) % enforce->count], now);
		enforce->first++;
	}
	for (size_t t = 0; t < enforce->count; t++)
		holding_pump(&enforce->holdings[t], now);
}

/* Every sync that was asked for is over: of all targets, or of those dropped alone. */
static bool all_synced(const struct enforce *enforce, bool dropped)
{
	for (size_t t = 0; t < enforce->count; t++) {
		const struct holding *holding = &enforce->holdings[t];

		if ((holding->dropped || !dropped) && !holding_synced(holding, holding->asked))
			return false;
	}
	return true;
}

/* Once a second at the most: whoever destroys sets in a loop is not raced. */
static bool must_redefine(struct enforce *enforce)
{
	int64_t now = moment_ticks();
	bool must = false;

	if (now - enforce->redefined < REDEFINE_MS)
		return false;
	for (size_t t = 0; t < enforce->count; t++)
		must |= enforce->holdings[t].redefine;
	if (must)
		enforce->redefined = now;
	return must;
}

static void pump_run(evutil_socket_t fd, short what, void *arg)
{
	struct enforce *enforce = arg;
	const struct conf *next;

	(void)fd;
	(void)what;
	pump_all(enforce);
	if (!enforce->next && must_redefine(enforce) && definition_make(enforce, enforce->conf))
		log_error("out of memory while targets are defined");
	if (enforce->flush && all_synced(enforce, false))
		enforce->flush = false;
	if (enforce->next && all_synced(enforce, true)) {
		next = enforce->next;
		enforce->next = NULL;
		if (definition_make(enforce, next))
			log_error("out of memory while targets are changed");
	}
	enforce->events->progress(enforce->arg);
	if (enforce->events->settled && enforce_settled(enforce))
		enforce->events->settled(enforce->arg);
}

/* ---- what the targets say ---- */

/* NULL: an answer to what was asked before the targets were others. */
static struct holding *holding_of(struct enforce *enforce, size_t target)
{
	enforce_pump(enforce);
	return target < enforce->count ? &enforce->holdings[target] : NULL;
}

static void on_ready(void *arg, size_t target, const struct target_info *info)
{
	struct enforce *enforce = arg;
	struct holding *holding = holding_of(enforce, target);

	if (!holding)
		return;
	/* A worker that dies while some target is emptied fills none again. */
	holding->empty_next |= enforce->flush;
	holding_ready(holding, info);
}

static void on_applied(void *arg, size_t target, const struct target_change *changes,
		       const int *errors, size_t count)
{
	struct holding *holding = holding_of(arg, target);

	if (holding)
		holding_applied(holding, changes, errors, count);
}

static void on_held(void *arg, size_t target, const struct prefix *prefix, int64_t left)
{
	struct holding *holding = holding_of(arg, target);

	if (holding)
		holding_held(holding, prefix, left, moment_now());
}

static void on_listed(void *arg, size_t target, int error)
{
	struct holding *holding = holding_of(arg, target);

	if (holding)
		holding_listed(holding, error);
}

static void on_done(void *arg, size_t target, int error)
{
	struct holding *holding = holding_of(arg, target);

	if (holding)
		holding_done(holding, error);
}

static void on_room(void *arg)
{
	enforce_pump(arg);
}

static void on_own(void *arg, const struct prefix *addresses, size_t count)
{
	struct enforce *enforce = arg;

	enforce->events->own(enforce->arg, addresses, count);
}

static void on_lost(void *arg)
{
	struct enforce *enforce = arg;

	enforce->events->lost(enforce->arg);
}

static const struct targets_events target_events = {
	.ready = on_ready,
	.applied = on_applied,
	.held = on_held,
	.listed = on_listed,
	.done = on_done,
	.room = on_room,
	.own = on_own,
	.lost = on_lost,
};

/* ---- the door ---- */

int enforce_open(struct enforce **out, struct event_base *base, const char *helper,
		 struct memory *memory, const struct enforce_events *events, void *arg)
{
	struct enforce *enforce = calloc(1, sizeof *enforce);
	int error = -ENOMEM;

	if (!enforce)
		return -ENOMEM;
	enforce->memory = memory;
	enforce->wanted.names = memory->names;
	enforce->wanted.judge = memory->judge;
	enforce->events = events;
	enforce->arg = arg;
	enforce->pump = event_new(base, -1, 0, pump_run, enforce);
	if (enforce->pump)
		error = targets_open(&enforce->targets, base, helper, &target_events, enforce);
	if (error) {
		enforce_close(enforce);
		return error;
	}
	*out = enforce;
	return 0;
}

void enforce_close(struct enforce *enforce)
{
	if (!enforce)
		return;
	targets_close(enforce->targets);
	if (enforce->pump)
		event_free(enforce->pump);
	definition_clear(enforce);
	free(enforce->wanted.uses);
	free(enforce);
}

void enforce_change(struct enforce *enforce, uint32_t jail, const struct prefix *prefix)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (wanted_uses(&enforce->wanted, jail, t))
			holding_change(&enforce->holdings[t], prefix);
	enforce_pump(enforce);
}

void enforce_expired(struct enforce *enforce, uint32_t jail, const struct prefix *prefix)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (wanted_uses(&enforce->wanted, jail, t) &&
		    !enforce->holdings[t].is.info.timeouts)
			holding_change(&enforce->holdings[t], prefix);
	enforce_pump(enforce);
}

/* A target that could not be used is tried again: what it lacked may be there by now. */
void enforce_sync(struct enforce *enforce)
{
	if (!enforce->next && definition_has_error(enforce) &&
	    !definition_make(enforce, enforce->conf))
		return;
	for (size_t t = 0; t < enforce->count; t++)
		holding_sync(&enforce->holdings[t], false);
	enforce_pump(enforce);
}

void enforce_flush(struct enforce *enforce)
{
	enforce->flush = true;
	for (size_t t = 0; t < enforce->count; t++)
		holding_sync(&enforce->holdings[t], true);
	enforce_pump(enforce);
}

void enforce_hold_back(struct enforce *enforce)
{
	enforce->hold_back = true;
}

static void rearm_target(struct holding *holding, const struct judge *judge, int64_t now)
{
	int64_t longest = holding->is.info.longest;

	for (uint32_t s = 0; longest != TIME_FOREVER && s < judge_slots(judge); s++) {
		const struct ban *ban = judge_at(judge, s);

		if (ban && ban->until != TIME_FOREVER &&
		    wanted_uses(holding->wanted, ban->jail, holding->number) &&
		    ban->until - now > longest - 2 * ENFORCE_REARM_MS)
			holding_push(holding, &ban->prefix);
	}
}

void enforce_rearm(struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (enforce->holdings[t].phase != HOLDING_OUT)
			rearm_target(&enforce->holdings[t], enforce->memory->judge,
				     moment_now());
	enforce_pump(enforce);
}

void enforce_mark(const struct enforce *enforce, struct enforce_mark *mark)
{
	mark->epoch = enforce->epoch;
	for (size_t t = 0; t < enforce->count; t++) {
		mark->changes[t] = enforce->holdings[t].queued;
		mark->syncs[t] = enforce->holdings[t].asked;
	}
}

/* Other targets since: whatever was wanted is in their first sync. */
bool enforce_reached(const struct enforce *enforce, const struct enforce_mark *mark)
{
	if (enforce->next || mark->epoch != enforce->epoch)
		return !enforce->next && enforce_ready(enforce);
	for (size_t t = 0; t < enforce->count; t++) {
		const struct holding *holding = &enforce->holdings[t];

		if (holding->phase == HOLDING_OUT) {
			if (holding->is.info.error == -EINPROGRESS)
				return false;
		} else if (holding->answered < mark->changes[t]) {
			return false;
		}
	}
	return true;
}

bool enforce_synced(const struct enforce *enforce, const struct enforce_mark *mark)
{
	if (!enforce_reached(enforce, mark))
		return false;
	for (size_t t = 0; mark->epoch == enforce->epoch && t < enforce->count; t++)
		if (!holding_synced(&enforce->holdings[t], mark->syncs[t]))
			return false;
	return true;
}

bool enforce_ready(const struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (!holding_synced(&enforce->holdings[t], 1))
			return false;
	return true;
}

void enforce_retry(struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++) {
		struct holding *holding = &enforce->holdings[t];

		if (!holding->retry)
			continue;
		holding->retry = false;
		holding_sync(holding, holding->empty_next);
		enforce_pump(enforce);
	}
}

bool enforce_settled(const struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (!holding_settled(&enforce->holdings[t]))
			return false;
	return true;
}

bool enforce_crowded(const struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (enforce->holdings[t].count > QUEUE_CROWDED)
			return true;
	return false;
}

size_t enforce_count(const struct enforce *enforce)
{
	return enforce->count;
}

const struct enforce_target *enforce_at(const struct enforce *enforce, size_t target)
{
	struct holding *holding = &enforce->holdings[target];

	holding->is.syncing = holding->phase != HOLDING_IDLE && holding->phase != HOLDING_OUT;
	holding->is.pending = holding->count;
	return &holding->is;
}

bool enforce_uses(const struct enforce *enforce, uint32_t jail, size_t target)
{
	return wanted_uses(&enforce->wanted, jail, target);
}

struct targets_counts enforce_helper(const struct enforce *enforce)
{
	return targets_counts(enforce->targets);
}
