/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "definition.h"
#include "enforce.h"
#include "evict.h"
#include "reports.h"
#include "shared.h"

#define REDEFINE_MS 1000 /* whoever destroys sets in a loop is not raced */
#define ATTEMPTS 10	 /* to use a target with an error, a second apart; then LATER_MS */
#define LATER_MS 10000
#define SILENT_MS (INT64_C(600) * 1000)
#define QUEUE_CROWDED 16384 /* prefixes waiting, at which makers of more should pause */

void enforce_pump(struct enforce *enforce)
{
	event_active(enforce->pump, EV_TIMEOUT, 0);
}

/* News first, for they are few; then every sync a step in turn, so that none starves another.
 */
static void pump_all(struct enforce *enforce)
{
	int64_t now = memory_now(enforce->memory);
	bool more = true;

	for (size_t t = 0; t < enforce->count; t++) {
		evict_return(&enforce->holdings[t], false);
		holding_pump(&enforce->holdings[t], now);
	}
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

static void redefine(struct enforce *enforce)
{
	int64_t now = moment_ticks();

	for (size_t t = 0; t < enforce->count; t++) {
		struct holding *holding = &enforce->holdings[t];

		if (holding->redefine && now - holding->redefined >= REDEFINE_MS)
			holding_redefine(holding);
	}
}

/* Come back when a heal has rested. */
static void plan(struct enforce *enforce)
{
	int64_t now = moment_ticks(), next = 0;

	for (size_t t = 0; t < enforce->count; t++) {
		int64_t rests = holding_rests(&enforce->holdings[t], now);

		if (rests && (!next || rests < next))
			next = rests;
	}
	if (next) {
		const struct timeval wait = {(next - now) / 1000, (next - now) % 1000 * 1000};

		event_add(enforce->pump, &wait);
	}
}

static void pump_run(evutil_socket_t fd, short what, void *arg)
{
	struct enforce *enforce = arg;
	const struct conf *next;

	(void)fd;
	(void)what;
	pump_all(enforce);
	if (!enforce->next)
		redefine(enforce);
	if (enforce->flush && all_synced(enforce, false))
		enforce->flush = false;
	if (enforce->next && all_synced(enforce, true)) {
		next = enforce->next;
		enforce->next = NULL;
		if (definition_make(enforce, next))
			log_error("out of memory while targets are changed");
	}
	closing_pump(&enforce->closing, enforce, &enforce->connections, enforce->targets);
	plan(enforce);
	enforce->events->progress(enforce->arg);
	if (enforce->events->settled && enforce_settled(enforce))
		enforce->events->settled(enforce->arg);
}

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
	enforce->looked = moment_ticks();
	enforce->pump = event_new(base, -1, 0, pump_run, enforce);
	if (enforce->pump)
		error = targets_open(&enforce->targets, base, helper, &reports_events, enforce);
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
	closing_clear(&enforce->closing);
	free(enforce->wanted.uses);
	free(enforce);
}

void enforce_before(struct enforce *enforce, uint32_t jail, const struct prefix *prefix)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (wanted_uses(&enforce->wanted, jail, t))
			shared_before(&enforce->holdings[t], prefix);
}

void enforce_change(struct enforce *enforce, uint32_t jail, const struct prefix *prefix)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (wanted_uses(&enforce->wanted, jail, t))
			holding_change(&enforce->holdings[t], prefix);
	closing_change(&enforce->closing, enforce->memory->judge, jail, prefix);
	enforce_pump(enforce);
}

void enforce_expired(struct enforce *enforce, uint32_t jail, const struct prefix *prefix)
{
	for (size_t t = 0; t < enforce->count; t++) {
		struct holding *holding = &enforce->holdings[t];

		if (!wanted_uses(&enforce->wanted, jail, t))
			continue;
		evict_expired(holding, prefix);
		if (!holding->is.info.timeouts)
			holding_change(holding, prefix);
	}
	enforce_pump(enforce);
}

static bool cannot_be_used(const struct holding *holding)
{
	return holding->phase == HOLDING_OUT && holding->is.info.error != -EINPROGRESS;
}

/* A target that could not be used is tried again: what it lacked may be there by now. */
void enforce_sync(struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++) {
		struct holding *holding = &enforce->holdings[t];

		holding_sync(holding, false);
		if (cannot_be_used(holding))
			holding_redefine(holding);
	}
	enforce_pump(enforce);
}

void enforce_read(struct enforce *enforce)
{
	if (!enforce->memory->loading && enforce->memory->upset)
		enforce_sync(enforce);
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
				     memory_now(enforce->memory));
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
		} else if (!holding_answered(holding, mark->changes[t])) {
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

/* What makes it unusable may pass: a firewall that is being loaded anew has no tables for a
 * while. Its error stands until it is known to be over. */
static void attempt(struct holding *holding)
{
	int64_t now = moment_ticks();

	if (now - holding->redefined < (holding->attempts < ATTEMPTS ? 0 : LATER_MS))
		return;
	holding->attempts++;
	holding->redefined = now;
	target_redefine(holding->targets, holding->number);
}

static void tick_holding(struct holding *holding)
{
	if (cannot_be_used(holding))
		attempt(holding);
	evict_return(holding, true);
	if (holding->later && moment_ticks() >= holding->later) {
		holding->later = 0;
		holding->retry = true;
	}
	if (!holding->retry)
		return;
	holding->retry = false;
	holding_sync(holding, holding->empty_next || holding->emptied);
}

void enforce_tick(struct enforce *enforce)
{
	bool look = moment_ticks() - enforce->looked >= SILENT_MS;

	if (look)
		enforce->looked = moment_ticks();
	for (size_t t = 0; t < enforce->count; t++) {
		struct holding *holding = &enforce->holdings[t];

		if (!enforce->next)
			tick_holding(holding);
		if (look && holding->is.info.silent)
			holding_heal(holding);
	}
	enforce_pump(enforce);
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

int enforce_live(const struct enforce *enforce, size_t target)
{
	return target_live(enforce->targets, target);
}

int enforce_list_connections(struct enforce *enforce, struct port_range ports,
			     const struct connections_asker *asker)
{
	return connections_list(&enforce->connections, enforce->targets, ports, asker);
}

int enforce_close_connections(struct enforce *enforce, const struct target_close *closes,
			      size_t count, const struct connections_asker *asker)
{
	return connections_close(&enforce->connections, enforce->targets, closes, count, asker);
}

struct enforce_closed enforce_closed(const struct enforce *enforce)
{
	return enforce->closing.closed;
}

struct targets_counts enforce_helper(const struct enforce *enforce)
{
	return targets_counts(enforce->targets);
}
