/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish check --live: do the bans have an effect? */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "client.h"
#include "command.h"
#include "daemon.h"
#include "warnings.h"

#define FACTS_MAX 8192
#define PATIENCE_MS 2000 /* the kernel may be busy with a million bans: others wait, too */
#define FRESH_MS 5000	 /* what status says may be so old */

struct live_fact {
	size_t target;
	struct target_fact fact;
};

/* One look at all targets, and those who wait for it. */
struct live {
	struct live_fact *facts;
	size_t count, room;
	size_t next;	 /* the next target to ask */
	size_t answered; /* of those asked */
	size_t asked;
	bool looking;
	int64_t since, done; /* ticks */
	struct warnings warnings;
	struct live_waiting {
		struct call *call;
		void (*done)(struct daemon *daemon, struct call *call);
	} waiting[CONTROL_CALLS_MAX];
	size_t waiting_count;
};

int cmd_live(int argc, char **argv)
{
	static const char *const flags[] = {"live", "json", NULL};
	static const struct client client = {
		.verb = "live", .name = "check", .usage = "--live [--json]", .flags = flags};

	return client_run(&client, argc, argv);
}

struct live *live_new(void)
{
	return calloc(1, sizeof(struct live));
}

void live_free(struct live *live)
{
	if (!live)
		return;
	warnings_clear(&live->warnings);
	free(live->facts);
	free(live);
}

const struct warnings *live_warnings(const struct live *live)
{
	return &live->warnings;
}

/* ---- looking ---- */

static bool has_bans6(const struct judge *judge)
{
	for (unsigned len = 0; len <= 128; len++)
		if (judge_has_length(judge, 6, len))
			return true;
	return false;
}

/* The facts of one target, side by side. */
static size_t gather(const struct live *live, size_t target, struct target_fact *out)
{
	size_t count = 0;

	for (size_t i = 0; i < live->count; i++)
		if (live->facts[i].target == target)
			out[count++] = live->facts[i].fact;
	return count;
}

static void judge_targets(struct daemon *daemon)
{
	struct live *live = daemon->live;
	const struct conf *conf = daemon->setup->conf;
	struct target_fact *facts = calloc(live->count + 1, sizeof *facts);

	warnings_clear(&live->warnings);
	for (size_t t = 0;
	     facts && t < enforce_count(daemon->enforce) && t < conf->target_count; t++) {
		const struct warnings_about about = {
			.spec = &conf->targets[t],
			.target = enforce_at(daemon->enforce, t),
			.facts = facts,
			.fact_count = gather(live, t, facts),
			.bans6 = has_bans6(daemon->memory->judge),
		};

		warnings_look(&live->warnings, &about);
	}
	free(facts);
}

static void finish(struct daemon *daemon)
{
	struct live *live = daemon->live;

	live->looking = false;
	live->done = moment_ticks();
	judge_targets(daemon);
	while (live->waiting_count) {
		struct live_waiting waiting = live->waiting[--live->waiting_count];

		waiting.done(daemon, waiting.call);
	}
}

void live_pump(struct daemon *daemon)
{
	struct live *live = daemon->live;
	size_t count = enforce_count(daemon->enforce);

	if (!live->looking)
		return;
	for (; live->next < count; live->next++) {
		int error = enforce_live(daemon->enforce, live->next);

		if (error == -EAGAIN && !enforce_at(daemon->enforce, live->next)->info.error)
			break;
		live->asked += !error;
	}
	if ((live->next >= count && live->answered == live->asked) ||
	    moment_ticks() - live->since > PATIENCE_MS)
		finish(daemon);
}

void live_fact(struct daemon *daemon, size_t target, const struct target_fact *fact)
{
	struct live *live = daemon->live;
	struct live_fact *grown;
	size_t room = live->room ? 2 * live->room : 64;

	if (!live->looking || live->count == FACTS_MAX)
		return;
	if (live->count == live->room) {
		grown = realloc(live->facts, room * sizeof *grown);
		if (!grown)
			return;
		live->facts = grown;
		live->room = room;
	}
	live->facts[live->count++] = (struct live_fact){target, *fact};
}

void live_answered(struct daemon *daemon)
{
	daemon->live->answered += daemon->live->looking;
	live_pump(daemon);
}

void live_look(struct daemon *daemon, struct call *call, bool fresh,
	       void (*done)(struct daemon *daemon, struct call *call))
{
	struct live *live = daemon->live;
	int64_t now = moment_ticks();

	if (live->waiting_count == CONTROL_CALLS_MAX ||
	    (!fresh && live->done && now - live->done < FRESH_MS)) {
		done(daemon, call);
		return;
	}
	live->waiting[live->waiting_count++] = (struct live_waiting){call, done};
	if (live->looking)
		return;
	live->looking = true;
	live->since = now;
	live->count = live->next = live->answered = live->asked = 0;
	live_pump(daemon);
}

void live_drop(struct daemon *daemon, const struct call *call)
{
	struct live *live = daemon->live;

	for (size_t i = 0; i < live->waiting_count; i++)
		if (live->waiting[i].call == call)
			live->waiting[i--] = live->waiting[--live->waiting_count];
}

/* ---- the verb ---- */

static int64_t packets_of(const struct live *live, size_t target)
{
	int64_t packets = -1;

	for (size_t i = 0; i < live->count; i++)
		if (live->facts[i].target == target &&
		    live->facts[i].fact.what == TARGET_RULE_PACKETS)
			packets = (packets < 0 ? 0 : packets) + live->facts[i].fact.value;
	return packets;
}

static void live_text(const struct daemon *daemon, struct call *call)
{
	const struct live *live = daemon->live;

	for (size_t t = 0; t < enforce_count(daemon->enforce); t++) {
		int64_t packets = packets_of(live, t);

		if (packets >= 0)
			call_out(call, "target %s: %" PRId64 " packets dropped so far",
				 enforce_at(daemon->enforce, t)->text, packets);
	}
	for (size_t i = 0; i < live->warnings.count; i++) {
		const struct warning *warning = &live->warnings.at[i];

		call_out(call, "target %s: %s", warning->target, warning->wrong);
		call_out(call, "\tdo: %s", warning->mend);
	}
	call_out(call, "%zu found in the way of the bans",
		 live->warnings.count + live->warnings.lost);
}

static cJSON *json_targets(const struct daemon *daemon)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t t = 0; t < enforce_count(daemon->enforce); t++) {
		int64_t packets = packets_of(daemon->live, t);
		cJSON *target = cJSON_CreateObject();

		cJSON_AddStringToObject(target, "target", enforce_at(daemon->enforce, t)->text);
		if (packets >= 0)
			cJSON_AddNumberToObject(target, "packets", (double)packets);
		else
			cJSON_AddNullToObject(target, "packets");
		cJSON_AddItemToArray(list, target);
	}
	return list;
}

static void live_json(const struct daemon *daemon, struct call *call)
{
	const struct warnings *warnings = &daemon->live->warnings;
	cJSON *root = cJSON_CreateObject(), *list = cJSON_CreateArray();
	char *text;

	for (size_t i = 0; i < warnings->count; i++) {
		cJSON *one = cJSON_CreateObject();

		cJSON_AddStringToObject(one, "target", warnings->at[i].target);
		cJSON_AddStringToObject(one, "wrong", warnings->at[i].wrong);
		cJSON_AddStringToObject(one, "do", warnings->at[i].mend);
		cJSON_AddItemToArray(list, one);
	}
	cJSON_AddItemToObject(root, "targets", json_targets(daemon));
	cJSON_AddItemToObject(root, "warnings", list);
	text = cJSON_PrintUnformatted(root);
	if (text)
		call_out(call, "%s", text);
	free(text);
	cJSON_Delete(root);
}

static void live_done(struct daemon *daemon, struct call *call)
{
	if (call_option(call, "json"))
		live_json(daemon, call);
	else
		live_text(daemon, call);
	call_finish(call, daemon->live->warnings.count ? EXIT_REFUSED : EXIT_DONE);
}

void live_start(void *arg, struct call *call)
{
	live_look(arg, call, true, live_done);
}
