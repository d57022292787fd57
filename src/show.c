/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "base/moment.h"
#include "show.h"

const char *show_time(int64_t at, char *out)
{
	time_t seconds = (time_t)(at / 1000);
	struct tm tm;

	if (at == TIME_FOREVER || at == TIME_NONE || !localtime_r(&seconds, &tm)) {
		snprintf(out, SHOW_TIME_MAX, at == TIME_FOREVER ? "never" : "-");
		return out;
	}
	strftime(out, SHOW_TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	return out;
}

const char *show_left(int64_t ms, char *out)
{
	static const struct {
		const char *name;
		int64_t s;
	} units[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}};
	int64_t s = ms / 1000;
	size_t i = 0;

	while (i < 3 && s < units[i].s)
		i++;
	if (ms == TIME_FOREVER)
		snprintf(out, SHOW_LEFT_MAX, "for ever");
	else if (i == 3)
		snprintf(out, SHOW_LEFT_MAX, "%" PRId64 "s", s);
	else
		snprintf(out, SHOW_LEFT_MAX, "%" PRId64 "%s %" PRId64 "%s", s / units[i].s,
			 units[i].name, s % units[i].s / units[i + 1].s, units[i + 1].name);
	return out;
}

const char *show_credit(const struct credit *credit, char *out)
{
	char prefix[PREFIX_TEXT_MAX], first[SHOW_TIME_MAX], last[SHOW_TIME_MAX];

	snprintf(out, SHOW_CREDIT_MAX, "%-18s %" PRIu32 " message%s, first %s, last %s",
		 prefix_print(&credit->prefix, prefix), credit->count,
		 credit->count == 1 ? "" : "s", show_time(credit->first, first),
		 show_time(credit->last, last));
	return out;
}

char *show_json_text(struct text t)
{
	char *clean = malloc(4 * t.len + 1), *json = NULL;
	cJSON *string;

	if (!clean)
		return NULL;
	text_show(t, clean, 4 * t.len + 1);
	string = cJSON_CreateString(clean);
	if (string)
		json = cJSON_PrintUnformatted(string);
	cJSON_Delete(string);
	free(clean);
	return json;
}

/* The targets that hold the ban, as the inside of a JSON array. */
static char *targets_json(const struct ban *ban, const struct enforce *enforce)
{
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);
	const char *comma = "";

	if (!file)
		return NULL;
	for (size_t t = 0; t < enforce_count(enforce); t++) {
		char *text;

		if (!enforce_uses(enforce, ban->jail, t))
			continue;
		text = show_json_text(text_of(enforce_at(enforce, t)->text));
		fprintf(file, "%s%s", comma, text ? text : "\"\"");
		free(text);
		comma = ",";
	}
	fclose(file);
	return out;
}

char *show_ban_json(const struct ban *ban, const struct names *names,
		    const struct enforce *enforce)
{
	char *targets = targets_json(ban, enforce), *out = NULL;
	char *reason = show_json_text(text_of(names_text(names, ban->reason)));
	char *jail = show_json_text(text_of(names_text(names, ban->jail)));
	char until[24] = "null", addr[PREFIX_TEXT_MAX];

	if (ban->until != TIME_FOREVER)
		snprintf(until, sizeof until, "%" PRId64, ban->until / 1000);
	if (targets && reason && jail &&
	    asprintf(&out,
		     "{\"ip\":\"%s\",\"prefixlen\":%u,\"jail\":%s,\"since\":%" PRId64
		     ",\"until\":%s,\"count\":%" PRIu32
		     ",\"bancount\":%u,\"targets\":[%s],\"reason\":%s}",
		     prefix_print_addr(&ban->prefix, addr), ban->prefix.len, jail,
		     ban->since / 1000, until, ban->count, ban->strikes, targets, reason) < 0)
		out = NULL;
	free(targets);
	free(reason);
	free(jail);
	return out;
}

char *show_ban(const struct ban *ban, const struct names *names, int64_t now)
{
	char prefix[PREFIX_TEXT_MAX], since[SHOW_TIME_MAX], left[SHOW_LEFT_MAX];
	char cause[32] = "by hand", before[40] = "", reason[4 * SHOW_REASON_MAX + 1];
	char *out = NULL;

	if (ban->count)
		snprintf(cause, sizeof cause, "%" PRIu32 " offences", ban->count);
	if (ban->strikes > 1)
		snprintf(before, sizeof before, ", ban number %u", ban->strikes);
	text_show(text_of(names_text(names, ban->reason)), reason, sizeof reason);
	if (asprintf(&out, "%-18s %-16s since %s  left %-9s %s%s%s%s",
		     prefix_print(&ban->prefix, prefix), names_text(names, ban->jail),
		     show_time(ban->since, since),
		     show_left(moment_left(ban->until, now), left), cause, before,
		     *reason ? ": " : "", reason) < 0)
		return NULL;
	return out;
}
