/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish why ADDR */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "daemon.h"
#include "show.h"

int cmd_why(int argc, char **argv)
{
	static const char *const flags[] = {"json", NULL};
	static const struct client client = {
		.verb = "why",
		.usage = "[--json] ADDR",
		.flags = flags,
		.least = 1,
		.most = 1,
	};

	return client_run(&client, argc, argv);
}

struct why {
	struct daemon *daemon;
	struct prefix prefix;
	FILE *out; /* JSON, or text with an indent */
	bool json;
	size_t bans, past, counts, lines;
	int64_t now;
};

static void why_ban(struct why *why, const struct ban *ban)
{
	const struct memory *memory = why->daemon->memory;
	struct ban shown = memory_shown(memory, ban);
	int64_t now = steady_to_wall(&memory->clock, why->now);
	char *text = why->json ? show_ban_json(&shown, memory->names, why->daemon->enforce)
			       : show_ban(&shown, memory->names, now);

	if (text)
		fprintf(why->out, why->json ? "%s%s" : "%sbanned: %s\n",
			why->json && why->bans ? "," : "", text);
	free(text);
	why->bans++;
}

/* Every ban that covers the address. */
static void why_bans(struct why *why)
{
	const struct judge *judge = why->daemon->memory->judge;

	for (unsigned len = 0; len <= why->prefix.len; len++) {
		struct prefix wide = prefix_cut(&why->prefix, len);

		if (!judge_has_length(judge, wide.family, len))
			continue;
		for (uint32_t s = judge_first(judge, &wide); s != UINT32_MAX;
		     s = judge_next(judge, s))
			why_ban(why, judge_at(judge, s));
	}
}

static void why_past_one(struct why *why, const struct judge_strike *strike)
{
	const char *jail = names_text(why->daemon->memory->names, strike->jail);
	char since[SHOW_TIME_MAX], until[SHOW_TIME_MAX], prefix[PREFIX_TEXT_MAX];
	const struct steady *clock = &why->daemon->memory->clock;
	int64_t from = steady_to_wall(clock, strike->since);
	int64_t to = steady_to_wall(clock, strike->until);

	if (why->json)
		fprintf(why->out,
			"%s{\"jail\":\"%s\",\"bancount\":%u,\"since\":%" PRId64
			",\"until\":%" PRId64 "}",
			why->past ? "," : "", jail, strike->count, from / 1000, to / 1000);
	else
		fprintf(why->out, "before: %s was banned %u time%s in %s, last %s to %s\n",
			prefix_print(&strike->prefix, prefix), strike->count,
			strike->count == 1 ? "" : "s", jail, show_time(from, since),
			show_time(to, until));
	why->past++;
}

/* The bans that are over, of what the address is banned as in each jail. */
static void why_past(struct why *why)
{
	const struct conf *conf = why->daemon->setup->conf;
	const struct judge *judge = why->daemon->memory->judge;
	struct judge_strike strike;

	for (size_t i = 0; i < conf->jail_count; i++) {
		uint32_t jail =
			names_find(why->daemon->memory->names, text_of(conf->jails[i].name));
		struct prefix subject = judge_subject(judge, jail, &why->prefix);

		if (judge_find_strike(judge, jail, &subject, &strike))
			why_past_one(why, &strike);
	}
}

static void why_counts(struct why *why)
{
	const struct conf *conf = why->daemon->setup->conf;

	for (size_t i = 0; i < conf->jail_count; i++) {
		uint32_t jail =
			names_find(why->daemon->memory->names, text_of(conf->jails[i].name));
		unsigned count =
			judge_count(why->daemon->memory->judge, jail, &why->prefix, why->now);

		if (!count)
			continue;
		if (why->json)
			fprintf(why->out, "%s{\"jail\":\"%s\",\"count\":%u,\"maxretry\":%u}",
				why->counts ? "," : "", conf->jails[i].name, count,
				conf->jails[i].maxretry);
		else
			fprintf(why->out, "counted: %u of %u offences in %s\n", count,
				conf->jails[i].maxretry, conf->jails[i].name);
		why->counts++;
	}
}

static void why_line(struct why *why, const struct evidence_entry *entry)
{
	const char *jail = names_text(why->daemon->memory->names, entry->jail);
	char shown[4 * EVIDENCE_LINE_MAX + 1], at[SHOW_TIME_MAX], *text;

	if (why->json) {
		text = show_json_text(entry->line);
		fprintf(why->out, "%s{\"time\":%" PRId64 ",\"jail\":\"%s\",\"line\":%s}",
			why->lines ? "," : "", entry->time / 1000, jail, text ? text : "\"\"");
		free(text);
	} else {
		fprintf(why->out, "line: %s [%s] %s\n", show_time(entry->time, at), jail,
			text_show(entry->line, shown, sizeof shown));
	}
	why->lines++;
}

/* The lines of this address, or of any in the prefix that was asked for or is banned. */
static void why_lines(struct why *why)
{
	struct evidence_entry entry;
	uint64_t cursor = 0;
	struct prefix subject;

	while (evidence_each(why->daemon->memory->evidence, &cursor, &entry)) {
		subject = judge_subject(why->daemon->memory->judge, entry.jail, &entry.prefix);
		if (prefix_covers(&why->prefix, &entry.prefix) ||
		    prefix_covers(&subject, &why->prefix))
			why_line(why, &entry);
	}
}

static void why_print(struct why *why)
{
	const char *never = judge_never(why->daemon->memory->judge, 0, &why->prefix);
	char prefix[PREFIX_TEXT_MAX];

	prefix_print(&why->prefix, prefix);
	if (why->json) {
		char *text = never ? show_json_text(text_of(never)) : NULL;

		fprintf(why->out, "{\"ip\":\"%s\",\"never\":%s,\"bans\":[", prefix,
			text ? text : "null");
		free(text);
		why_bans(why);
		fputs("],\"before\":[", why->out);
		why_past(why);
		fputs("],\"counts\":[", why->out);
		why_counts(why);
		fputs("],\"lines\":[", why->out);
		why_lines(why);
		fputs("]}", why->out);
		return;
	}
	if (never)
		fprintf(why->out, "never banned: %s\n", never);
	why_bans(why);
	if (!why->bans)
		fprintf(why->out, "%s is not banned\n", prefix);
	why_past(why);
	why_counts(why);
	why_lines(why);
}

void why_start(void *arg, struct call *call)
{
	struct why why = {.daemon = arg,
			  .json = call_option(call, "json"),
			  .now = memory_now(((struct daemon *)arg)->memory)};
	struct text rest, line;
	char *text = NULL;
	size_t size;

	if (call_args(call) != 1 ||
	    !prefix_parse_masked(&why.prefix, call_arg(call, 0), strlen(call_arg(call, 0)))) {
		call_err(call, "banish: %s: is not an address",
			 call_args(call) ? call_arg(call, 0) : "");
		call_finish(call, EXIT_REFUSED);
		return;
	}
	why.out = open_memstream(&text, &size);
	if (!why.out) {
		call_err(call, "banish: out of memory");
		call_finish(call, EXIT_REFUSED);
		return;
	}
	why_print(&why);
	fclose(why.out);
	rest = (struct text){text, size};
	while (text_line(&rest, &line))
		call_out(call, "%.*s", (int)line.len, line.at);
	free(text);
	call_finish(call, EXIT_DONE);
}
