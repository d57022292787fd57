/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-id128.h>

#include "base/log.h"
#include "enforce.h"
#include "holding.h"

#define QUEUE_CROWDED 16384 /* prefixes waiting, at which makers of more should pause */
#define IDENTITY_APP                                                                           \
	SD_ID128_MAKE(6b, 1f, 0e, 5d, 2c, 4a, 4f, 7e, 9b, 53, a1, 88, d0, 37, e4, 12)

struct enforce {
	struct targets *targets;
	struct memory *memory;
	struct event *pump; /* active when there may be something to send */
	struct wanted wanted;
	struct holding *holdings;
	size_t count;
	bool hold_back;		 /* the first sync leaves nothing */
	bool flush;		 /* one is under way in some target */
	size_t first;		 /* whose sync goes first: everyone in turn */
	const struct conf *conf; /* what the targets were last defined by */
	uint64_t epoch;		 /* counts definitions */
	const struct conf *next; /* to be defined when dropped targets are empty */
	const struct enforce_events *events;
	void *arg;
};

static int define_now(struct enforce *enforce, const struct conf *conf);

static void pump_soon(struct enforce *enforce)
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

/* Every sync that was asked for is over. */
static bool all_synced(const struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (!holding_synced(&enforce->holdings[t], enforce->holdings[t].asked))
			return false;
	return true;
}

static bool dropped_are_empty(const struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (enforce->holdings[t].dropped &&
		    !holding_synced(&enforce->holdings[t], enforce->holdings[t].asked))
			return false;
	return true;
}

static void pump_run(evutil_socket_t fd, short what, void *arg)
{
	struct enforce *enforce = arg;
	const struct conf *next;

	(void)fd;
	(void)what;
	pump_all(enforce);
	if (enforce->flush && all_synced(enforce))
		enforce->flush = false;
	if (enforce->next && dropped_are_empty(enforce)) {
		next = enforce->next;
		enforce->next = NULL;
		if (define_now(enforce, next))
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
	pump_soon(enforce);
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
	pump_soon(arg);
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

static void holdings_free(struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++)
		holding_clear(&enforce->holdings[t]);
	free(enforce->holdings);
	enforce->holdings = NULL;
	enforce->count = 0;
}

void enforce_close(struct enforce *enforce)
{
	if (!enforce)
		return;
	targets_close(enforce->targets);
	if (enforce->pump)
		event_free(enforce->pump);
	holdings_free(enforce);
	free(enforce->wanted.uses);
	free(enforce);
}

/* The target as it stands in the configuration: its name in messages and in state. */
static char *spec_text(const struct spec *spec)
{
	size_t size = strlen(spec->name) + 3, used;
	char *text;

	for (size_t i = 0; i < spec->count; i++)
		size += strlen(spec->options[i].name) + strlen(spec->options[i].value) + 4;
	text = malloc(size);
	if (!text)
		return NULL;
	used = (size_t)snprintf(text, size, "%s", spec->name);
	for (size_t i = 0; i < spec->count; i++) {
		const char *value = spec->options[i].value;
		const char *quote = strpbrk(value, " ,]\t") ? "\"" : "";

		used += (size_t)snprintf(text + used, size - used, "%s%s=%s%s%s", i ? "," : "[",
					 spec->options[i].name, quote, value, quote);
	}
	if (spec->count)
		snprintf(text + used, size - used, "]");
	return text;
}

/*
 * The mark by which sets that we create are told from those of others: a secret of this boot,
 * for it is the hash's seed in the kernel as well and no set outlives a boot.
 */
static uint32_t own_identity(void)
{
	sd_id128_t id;
	uint32_t identity;

	if (sd_id128_get_boot_app_specific(IDENTITY_APP, &id) < 0)
		return 0;
	memcpy(&identity, id.bytes, sizeof identity);
	return identity;
}

static int define_now(struct enforce *enforce, const struct conf *conf)
{
	uint32_t identities[TARGETS_MAX];
	bool changed;

	enforce->conf = conf;
	enforce->epoch++;
	log_debug("targets are defined");
	holdings_free(enforce);
	enforce->holdings =
		calloc(conf->target_count ? conf->target_count : 1, sizeof *enforce->holdings);
	if (!enforce->holdings || wanted_set(&enforce->wanted, conf, &changed))
		return -ENOMEM;
	for (size_t t = 0; t < conf->target_count; t++) {
		struct holding *holding = &enforce->holdings[t];

		holding->text = spec_text(&conf->targets[t]);
		if (!holding->text)
			return -ENOMEM;
		holding->number = enforce->count++;
		holding->is.text = holding->text;
		holding->is.info.error = -EINPROGRESS;
		holding->targets = enforce->targets;
		holding->wanted = &enforce->wanted;
		holding->memory = enforce->memory;
		holding->empty_next = enforce->hold_back;
		holding->asked = 1;
		identities[t] = own_identity();
	}
	pump_soon(enforce);
	return targets_define(enforce->targets, conf->targets, identities,
			      judge_counts(enforce->memory->judge).live, conf->target_count);
}

static bool any_in_error(const struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (enforce->holdings[t].phase == HOLDING_OUT &&
		    enforce->holdings[t].is.info.error != -EINPROGRESS)
			return true;
	return false;
}

/* Where the target stands in the configuration, or its target_count. */
static size_t find_target(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->target_count; i++) {
		char *text = spec_text(&conf->targets[i]);
		bool same = text && !strcmp(text, name);

		free(text);
		if (same)
			break;
	}
	return i;
}

/*
 * Entries of jails that leave someone else's set: nothing will want them there, and a sync
 * deletes from such a set only what is written down.
 */
static void note_leaving(struct enforce *enforce, const struct wanted *next, size_t from,
			 size_t to)
{
	const struct judge *judge = enforce->memory->judge;
	struct holding *holding = &enforce->holdings[from];

	for (uint32_t s = 0; s < judge_slots(judge); s++) {
		const struct ban *ban = judge_at(judge, s);

		if (ban && wanted_uses(&enforce->wanted, ban->jail, from) &&
		    wanted_slot(next, to, &ban->prefix) == WANTED_NO_SLOT)
			holding_note_removal(holding, &ban->prefix, true);
	}
}

/* What is to happen to the present targets: numbers kept, and some dropped? */
struct change {
	bool same, dropped;
};

static struct change compare_targets(struct enforce *enforce, const struct conf *conf,
				     const struct wanted *next)
{
	struct change change = {.same = enforce->count && enforce->count == conf->target_count};

	for (size_t t = 0; t < enforce->count; t++) {
		struct holding *holding = &enforce->holdings[t];
		size_t at = find_target(conf, holding->text);
		bool usable =
			holding->phase != HOLDING_OUT || holding->is.info.error == -EINPROGRESS;

		change.same &= at == t;
		holding->dropped = at == conf->target_count && usable;
		if (holding->dropped)
			holding_sync(holding, true);
		else if (at < conf->target_count && holding->is.info.way == TARGET_SHARED)
			note_leaving(enforce, next, t, at);
		change.dropped |= holding->dropped;
	}
	return change;
}

int enforce_define(struct enforce *enforce, const struct conf *conf)
{
	bool pending = enforce->next != NULL, changed = false;
	struct wanted next = {.names = enforce->memory->names, .judge = enforce->memory->judge};
	struct change change;

	if (wanted_set(&next, conf, &changed))
		return -ENOMEM;
	change = compare_targets(enforce, conf, &next);
	free(next.uses);
	/* The former configuration goes away now. */
	enforce->conf = conf;
	enforce->next = change.dropped ? conf : NULL;
	pump_soon(enforce);
	if (change.dropped)
		return 0;
	if (!change.same || pending)
		return define_now(enforce, conf);
	if (wanted_set(&enforce->wanted, conf, &changed))
		return -ENOMEM;
	if (changed || any_in_error(enforce))
		enforce_sync(enforce);
	return 0;
}

void enforce_change(struct enforce *enforce, uint32_t jail, const struct prefix *prefix)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (wanted_uses(&enforce->wanted, jail, t))
			holding_change(&enforce->holdings[t], prefix);
	pump_soon(enforce);
}

void enforce_expired(struct enforce *enforce, uint32_t jail, const struct prefix *prefix)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (wanted_uses(&enforce->wanted, jail, t) &&
		    !enforce->holdings[t].is.info.timeouts)
			holding_change(&enforce->holdings[t], prefix);
	pump_soon(enforce);
}

/* A target that could not be used is tried again: what it lacked may be there by now. */
void enforce_sync(struct enforce *enforce)
{
	if (!enforce->next && any_in_error(enforce) && !define_now(enforce, enforce->conf))
		return;
	for (size_t t = 0; t < enforce->count; t++)
		holding_sync(&enforce->holdings[t], false);
	pump_soon(enforce);
}

void enforce_flush(struct enforce *enforce)
{
	enforce->flush = true;
	for (size_t t = 0; t < enforce->count; t++)
		holding_sync(&enforce->holdings[t], true);
	pump_soon(enforce);
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
	pump_soon(enforce);
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
		pump_soon(enforce);
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
