/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish status */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "client.h"
#include "command.h"
#include "daemon.h"
#include "policies.h"
#include "show.h"
#include "warnings.h"

int cmd_status(int argc, char **argv)
{
	static const char *const flags[] = {"json", NULL};
	static const struct client client = {
		.verb = "status", .usage = "[--json]", .flags = flags};

	return client_run(&client, argc, argv);
}

static const char *source_words(const struct feed *feed)
{
	static const char *const words[] = {"waiting", "reading", "live"};
	int error = source_error(feed->source);

	if (source_state(feed->source) == SOURCE_WAITING && error && error != -ENOENT)
		return strerror(-error);
	return words[source_state(feed->source)];
}

/* Live bans of each jail, by name number; the caller frees it. */
static uint32_t *count_bans(const struct daemon *daemon)
{
	const struct judge *judge = daemon->memory->judge;
	uint32_t last = names_last(daemon->memory->names);
	uint32_t *counts = calloc((size_t)last + 1, sizeof *counts);

	for (uint32_t s = 0; counts && s < judge_slots(judge); s++)
		if (judge_at(judge, s) && judge_at(judge, s)->jail <= last)
			counts[judge_at(judge, s)->jail]++;
	return counts;
}

static uint32_t jail_bans(const struct daemon *daemon, const uint32_t *counts, const char *jail)
{
	return counts ? counts[names_find(daemon->memory->names, text_of(jail))] : 0;
}

static const char *target_words(const struct enforce_target *target)
{
	if (target->info.error)
		return target->info.text[0] ? target->info.text : "not ready";
	return target->syncing ? "syncing" : "in use";
}

/* ---- for a script ---- */

static void add_number(cJSON *object, const char *name, uint64_t value)
{
	cJSON_AddNumberToObject(object, name, (double)value);
}

static cJSON *json_jails(const struct daemon *daemon, const uint32_t *counts)
{
	const struct conf *conf = daemon->setup->conf;
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < conf->jail_count; i++) {
		cJSON *jail = cJSON_CreateObject();

		cJSON_AddStringToObject(jail, "jail", conf->jails[i].name);
		add_number(jail, "bans", jail_bans(daemon, counts, conf->jails[i].name));
		cJSON_AddBoolToObject(jail, "disabled", conf->jails[i].disabled);
		cJSON_AddItemToArray(list, jail);
	}
	return list;
}

/* Host names, with usedns = yes. */
static cJSON *json_names(const struct daemon *daemon)
{
	struct resolve_counts counts = resolve_counts(daemon->resolve);
	cJSON *names = cJSON_CreateObject();

	add_number(names, "asked", counts.asked);
	add_number(names, "unknown", counts.unknown);
	add_number(names, "crowded", counts.crowded);
	add_number(names, "dropped", counts.dropped);
	return names;
}

/* Lines of sendmail's that do not say who it was. */
static cJSON *json_messages(const struct daemon *daemon)
{
	struct resolve_counts counts = resolve_counts(daemon->resolve);
	cJSON *messages = cJSON_CreateObject();

	add_number(messages, "by_process", counts.by_process);
	add_number(messages, "by_line", counts.by_line);
	add_number(messages, "waiting", counts.waiting);
	add_number(messages, "unclaimed", counts.unclaimed);
	add_number(messages, "hidden", counts.hidden);
	return messages;
}

static cJSON *json_reaper(const struct daemon *daemon)
{
	struct reaper_counts counts = reaper_counts(daemon->reaper);
	cJSON *reaper = cJSON_CreateObject();

	add_number(reaper, "rounds", counts.rounds);
	add_number(reaper, "ended", counts.ended);
	add_number(reaper, "spared", counts.spared);
	if (counts.error)
		cJSON_AddStringToObject(reaper, "error", reaper_why(counts.error));
	return reaper;
}

static cJSON *json_sources(const struct daemon *daemon)
{
	cJSON *list = cJSON_CreateArray();

	for (const struct feed *feed = daemon->feeds; feed; feed = feed->next) {
		struct source_counts counts = source_counts(feed->source);
		struct match_counts matches = match_counts(feed->reading.match);
		cJSON *source = cJSON_CreateObject();

		cJSON_AddStringToObject(source, "path", feed->path);
		cJSON_AddStringToObject(source, "state", source_words(feed));
		add_number(source, "lines", counts.lines);
		add_number(source, "cut", counts.cut);
		add_number(source, "rotations", counts.rotations);
		add_number(source, "errors", counts.errors);
		add_number(source, "dropped", counts.dropped);
		add_number(source, "found", matches.found);
		add_number(source, "alarms", matches.alarms);
		add_number(source, "doubtful", feed->strange);
		add_number(source, "limited", matches.limited);
		cJSON_AddItemToArray(list, source);
	}
	return list;
}

static cJSON *json_targets(const struct daemon *daemon)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t t = 0; t < enforce_count(daemon->enforce); t++) {
		const struct enforce_target *it = enforce_at(daemon->enforce, t);
		cJSON *target = cJSON_CreateObject();

		cJSON_AddStringToObject(target, "target", it->text);
		cJSON_AddStringToObject(target, "state", target_words(it));
		cJSON_AddBoolToObject(target, "usable", !it->info.error);
		add_number(target, "syncs", it->syncs);
		add_number(target, "pending", it->pending);
		add_number(target, "refused", it->refused);
		add_number(target, "evicted", it->evicted);
		add_number(target, "evictions", it->evictions);
		cJSON_AddItemToArray(list, target);
	}
	return list;
}

static cJSON *json_state(const struct daemon *daemon)
{
	struct store_counts counts = store_counts(daemon->memory->store);
	int error = store_error(daemon->memory->store);
	cJSON *state = cJSON_CreateObject();

	cJSON_AddBoolToObject(state, "durable", !error);
	if (error)
		cJSON_AddStringToObject(state, "error", strerror(-error));
	add_number(state, "records", counts.records);
	add_number(state, "syncs", counts.syncs);
	add_number(state, "snapshots", counts.snapshots);
	add_number(state, "journal_bytes", counts.journal_bytes);
	add_number(state, "backlog_bytes", counts.backlog_bytes);
	add_number(state, "dropped", counts.dropped);
	add_number(state, "damaged", counts.damaged);
	if (counts.snapshot_error)
		cJSON_AddStringToObject(state, "snapshot_error",
					strerror(-counts.snapshot_error));
	return state;
}

static cJSON *json_dropped(const struct daemon *daemon)
{
	struct enforce_closed closed = enforce_closed(daemon->enforce);
	cJSON *dropped = cJSON_CreateObject();

	add_number(dropped, "connections", closed.sockets);
	add_number(dropped, "peers", closed.peers);
	add_number(dropped, "missed", closed.missed);
	return dropped;
}

static size_t count_warnings(const struct daemon *daemon)
{
	const struct warnings *warnings = live_warnings(daemon->live);

	return warnings->count + warnings->lost;
}

static void status_json(const struct daemon *daemon, struct call *call, const uint32_t *bans)
{
	struct judge_counts counts = judge_counts(daemon->memory->judge);
	struct targets_counts helper = enforce_helper(daemon->enforce);
	cJSON *root = cJSON_CreateObject(), *tarpit;
	char *text;

	cJSON_AddStringToObject(root, "version", VERSION);
	add_number(root, "pid", (uint64_t)getpid());
	add_number(root, "started",
		   (uint64_t)(steady_to_wall(&daemon->memory->clock, daemon->started) / 1000));
	add_number(root, "bans", counts.live);
	add_number(root, "offences", counts.offences);
	add_number(root, "ignored", counts.ignored);
	add_number(root, "old", counts.old);
	add_number(root, "accounts", counts.accounts);
	add_number(root, "forgotten", counts.forgotten);
	add_number(root, "full", counts.full);
	add_number(root, "past", counts.past);
	add_number(root, "pardoned", counts.pardoned);
	add_number(root, "helper_pid", (uint64_t)helper.helper_pid);
	add_number(root, "helper_restarts", helper.restarts);
	cJSON_AddItemToObject(root, "jails", json_jails(daemon, bans));
	cJSON_AddItemToObject(root, "sources", json_sources(daemon));
	cJSON_AddItemToObject(root, "names", json_names(daemon));
	cJSON_AddItemToObject(root, "messages", json_messages(daemon));
	if (reaper_has_rule(daemon->reaper))
		cJSON_AddItemToObject(root, "reaper", json_reaper(daemon));
	cJSON_AddItemToObject(root, "targets", json_targets(daemon));
	cJSON_AddItemToObject(root, "policies", policies_json(daemon));
	tarpit = policies_tarpit_json(daemon);
	if (tarpit)
		cJSON_AddItemToObject(root, "tarpit", tarpit);
	cJSON_AddItemToObject(root, "state", json_state(daemon));
	cJSON_AddItemToObject(root, "dropped", json_dropped(daemon));
	add_number(root, "warnings", count_warnings(daemon));
	text = cJSON_PrintUnformatted(root);
	if (text)
		call_out(call, "%s", text);
	free(text);
	cJSON_Delete(root);
}

/* ---- for a person ---- */

static void text_jails(const struct daemon *daemon, struct call *call, const uint32_t *bans)
{
	const struct conf *conf = daemon->setup->conf;

	for (size_t i = 0; i < conf->jail_count; i++)
		call_out(call, "jail    %-20s %" PRIu32 " bans%s", conf->jails[i].name,
			 jail_bans(daemon, bans, conf->jails[i].name),
			 conf->jails[i].disabled ? ", disabled: its filter cannot be used"
						 : "");
}

static void text_sources(const struct daemon *daemon, struct call *call)
{
	for (const struct feed *feed = daemon->feeds; feed; feed = feed->next) {
		struct source_counts counts = source_counts(feed->source);
		struct match_counts matches = match_counts(feed->reading.match);

		call_out(call,
			 "source  %-20s %s: %" PRIu64 " lines, %" PRIu64 " found, %" PRIu64
			 " cut, %" PRIu64 " rotations, %" PRIu64 " dropped",
			 feed->path, source_words(feed), counts.lines, matches.found,
			 counts.cut, counts.rotations, counts.dropped);
		if (matches.alarms || feed->strange)
			call_out(call,
				 "        %-20s of these %" PRIu64
				 " doubtful, count for nobody; besides %" PRIu64 " alarms",
				 "", feed->strange, matches.alarms);
	}
}

static void text_names(const struct daemon *daemon, struct call *call)
{
	struct resolve_counts counts = resolve_counts(daemon->resolve);

	if (counts.asked + counts.unknown + counts.crowded)
		call_out(call,
			 "names   %" PRIu64 " asked, %" PRIu64 " unknown, %" PRIu64
			 " given up for want of room",
			 counts.asked, counts.unknown, counts.crowded);
}

static void text_messages(const struct daemon *daemon, struct call *call)
{
	struct resolve_counts counts = resolve_counts(daemon->resolve);
	struct reaper_counts reaped = reaper_counts(daemon->reaper);

	if (counts.by_process + counts.by_line + counts.waiting + counts.unclaimed)
		call_out(call,
			 "messages %" PRIu64 " lines told by their process, %" PRIu64
			 " by a later line, %" PRIu64 " wait, %" PRIu64 " told by nothing",
			 counts.by_process, counts.by_line, counts.waiting, counts.unclaimed);
	if (reaper_has_rule(daemon->reaper))
		call_out(call,
			 "reaper  %" PRIu64 " rounds, %" PRIu64 " sessions ended, %" PRIu64
			 " spared in the last%s%s",
			 reaped.rounds, reaped.ended, reaped.spared, reaped.error ? ": " : "",
			 reaped.error ? reaper_why(reaped.error) : "");
}

static void text_targets(const struct daemon *daemon, struct call *call)
{
	for (size_t t = 0; t < enforce_count(daemon->enforce); t++) {
		const struct enforce_target *target = enforce_at(daemon->enforce, t);

		call_out(call,
			 "target  %-20s %s, %zu waiting, %" PRIu64 " refused, %" PRIu64
			 " left out for want of room",
			 target->text, target_words(target), target->pending, target->refused,
			 target->evicted);
	}
}

static void status_text(const struct daemon *daemon, struct call *call, const uint32_t *bans)
{
	struct judge_counts counts = judge_counts(daemon->memory->judge);
	struct targets_counts helper = enforce_helper(daemon->enforce);
	struct store_counts state = store_counts(daemon->memory->store);
	struct enforce_closed closed = enforce_closed(daemon->enforce);
	size_t warnings = count_warnings(daemon);
	int error = store_error(daemon->memory->store);
	char since[SHOW_TIME_MAX];

	call_out(call, "banish  %s, process %d, since %s", VERSION, (int)getpid(),
		 show_time(steady_to_wall(&daemon->memory->clock, daemon->started), since));
	call_out(call,
		 "bans    %" PRIu32 " live; %" PRIu64 " offences counted, %" PRIu64
		 " ignored, %" PRIu64 " old, %" PRIu64 " accounts forgotten, %" PRIu64
		 " bans not made for want of room",
		 counts.live, counts.offences, counts.ignored, counts.old, counts.forgotten,
		 counts.full);
	call_out(call,
		 "past    %" PRIu32 " whose bans are over are remembered; %" PRIu64
		 " forgotten for want of room",
		 counts.past, counts.pardoned);
	text_jails(daemon, call, bans);
	text_sources(daemon, call);
	text_names(daemon, call);
	text_messages(daemon, call);
	policies_text(daemon, call);
	text_targets(daemon, call);
	call_out(call, "helper  process %d, %" PRIu64 " restarts", helper.helper_pid,
		 helper.restarts);
	if (closed.peers || closed.missed)
		call_out(call,
			 "dropped %" PRIu64 " connections of %" PRIu64 " banned peers, %" PRIu64
			 " peers missed%s%s",
			 closed.sockets, closed.peers, closed.missed, closed.error ? ": " : "",
			 closed.error ? strerror(-closed.error) : "");
	if (warnings)
		call_out(call,
			 "WARNING %zu found in the way of the bans: banish check --live says "
			 "what",
			 warnings);
	call_out(call,
		 "state   %s%s: journal of %" PRIu64 " bytes, %" PRIu64 " found damaged%s%s",
		 error ? "not durable: " : "durable", error ? strerror(-error) : "",
		 state.journal_bytes, state.damaged,
		 state.snapshot_error ? ", no snapshot: " : "",
		 state.snapshot_error ? strerror(-state.snapshot_error) : "");
}

static void status_done(struct daemon *daemon, struct call *call)
{
	uint32_t *bans = count_bans(daemon);

	if (call_option(call, "json"))
		status_json(daemon, call, bans);
	else
		status_text(daemon, call, bans);
	free(bans);
	call_finish(call, EXIT_DONE);
}

void status_start(void *arg, struct call *call)
{
	live_look(arg, call, false, status_done);
}
