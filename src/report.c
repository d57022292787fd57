/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/log.h"
#include "control/control.h"
#include "look.h"
#include "memory.h"
#include "report.h"
#include "show.h"
#include "tally.h"

#define RED "\033[31m"
#define PLAIN "\033[0m"

/* One line of what is remembered. */
struct kept {
	struct prefix prefix;
	int64_t since; /* wall clock */
};

struct report {
	const struct setup *setup;
	size_t jail;
	struct tally tally;
	struct kept *kept;
	size_t count, room;
};

static int keep(struct report *report, const struct prefix *prefix, int64_t since)
{
	if (report->count == report->room) {
		size_t room = report->room ? 2 * report->room : 256;
		struct kept *grown = realloc(report->kept, room * sizeof *grown);

		if (!grown)
			return -ENOMEM;
		report->kept = grown;
		report->room = room;
	}
	report->kept[report->count++] = (struct kept){*prefix, since};
	return 0;
}

/* ---- what is remembered ---- */

/* A line of `banish list --json`. */
static int keep_line(struct report *report, struct text line)
{
	cJSON *json = cJSON_ParseWithLength(line.at, line.len);
	const char *ip = cJSON_GetStringValue(cJSON_GetObjectItem(json, "ip"));
	const cJSON *since = cJSON_GetObjectItem(json, "since");
	const cJSON *len = cJSON_GetObjectItem(json, "prefixlen");
	struct prefix prefix;
	int error = 0;

	if (ip && cJSON_IsNumber(since) && cJSON_IsNumber(len) &&
	    prefix_parse(&prefix, ip, strlen(ip))) {
		prefix = prefix_cut(&prefix, (unsigned)len->valueint);
		error = keep(report, &prefix, (int64_t)since->valuedouble * 1000);
	}
	cJSON_Delete(json);
	return error;
}

static int ask_daemon(struct report *report, const char *jail)
{
	static const char *const options[][2] = {{"json", "yes"}};
	struct control_request request = {.verb = "list",
					  .args = &jail,
					  .arg_count = 1,
					  .options = options,
					  .option_count = 1};
	char *out = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);
	int error = file ? 0 : -ENOMEM;
	struct text rest, line;

	if (!error && control_ask(report->setup->conf->socket, &request, file, stderr))
		error = -EIO;
	if (file)
		fclose(file);
	rest = (struct text){out, size};
	while (!error && text_line(&rest, &line))
		error = keep_line(report, line);
	free(out);
	return error;
}

static void on_note(void *arg, const char *text)
{
	(void)arg;
	log_warning("%s", text);
}

static int read_state(struct report *report, const char *name)
{
	struct memory *memory = memory_new((uint32_t)report->setup->conf->maxbans);
	const char *dir = report->setup->conf->statedir;
	int error = memory ? setup_judge(memory, report->setup->conf) : -ENOMEM;
	uint32_t jail;

	if (!error)
		error = memory_open(memory, dir, STORE_READ, moment_now(), on_note, NULL);
	jail = error ? 0 : names_find(memory->names, text_of(name));
	for (uint32_t slot = 0; !error && slot < judge_slots(memory->judge); slot++) {
		const struct ban *ban = judge_at(memory->judge, slot);
		struct ban shown;

		if (!ban || ban->jail != jail)
			continue;
		shown = memory_shown(memory, ban);
		error = keep(report, &shown.prefix, shown.since);
	}
	memory_free(memory);
	return error;
}

static int read_kept(struct report *report, const char *jail)
{
	int error = read_state(report, jail);

	if (error == -EBUSY)
		return ask_daemon(report, jail);
	if (error == -ENOENT)
		return 0;
	if (error)
		fprintf(stderr, "banish: %s: %s\n", report->setup->conf->statedir,
			strerror(-error));
	return error;
}

static int by_prefix(const void *a, const void *b)
{
	return memcmp(&((const struct kept *)a)->prefix, &((const struct kept *)b)->prefix,
		      sizeof(struct prefix));
}

static int by_time(const void *a, const void *b)
{
	const struct kept *one = a, *two = b;

	if (one->since != two->since)
		return one->since < two->since ? 1 : -1;
	return by_prefix(a, b);
}

/* ---- printing ---- */

/* They are in order of prefix meanwhile. */
static bool is_kept(const struct report *report, const struct prefix *prefix)
{
	const struct kept key = {.prefix = *prefix};

	return report->count &&
	       bsearch(&key, report->kept, report->count, sizeof key, by_prefix);
}

static void print_failures(const struct report *report, bool colours)
{
	const struct conf_jail *jail = &report->setup->conf->jails[report->jail];
	char prefix[PREFIX_TEXT_MAX], time[SHOW_TIME_MAX], span[24];

	printf("Failures within %s; %u are too many:\n",
	       text_print_duration(jail->findtime, span), jail->maxretry);
	printf("%-24s %8s  %-19s  %s\n", "address", "failures", "latest", "state");
	for (size_t i = 0; i < report->tally.count; i++) {
		const struct tally_entry *entry = &report->tally.entries[i];
		bool red = colours && entry->count >= jail->maxretry;

		printf("%s%-24s %8u  %-19s  %s%s\n", red ? RED : "",
		       prefix_print(&entry->prefix, prefix), entry->count,
		       show_time(entry->latest, time),
		       is_kept(report, &entry->prefix) ? "[blocked]" : "[open]",
		       red ? PLAIN : "");
	}
}

static void print_kept(const struct report *report)
{
	char prefix[PREFIX_TEXT_MAX], time[SHOW_TIME_MAX];

	printf("\nBlocked:\n");
	for (size_t i = 0; i < report->count; i++)
		printf("%-24s since %s\n", prefix_print(&report->kept[i].prefix, prefix),
		       show_time(report->kept[i].since, time));
}

static int print(struct report *report, const char *name)
{
	int error = tally_take(&report->tally, report->setup, report->jail, moment_now());
	int kept = read_kept(report, name);

	tally_sort(&report->tally, true);
	if (report->count)
		qsort(report->kept, report->count, sizeof *report->kept, by_prefix);
	print_failures(report, isatty(STDOUT_FILENO));
	if (report->count)
		qsort(report->kept, report->count, sizeof *report->kept, by_time);
	print_kept(report);
	return error ? error : kept;
}

int report_print(const char *file, const char *name)
{
	struct diag diag = {.say = diag_stderr};
	struct report report = {0};
	struct setup *setup;
	int jail, error = -ENOENT;

	if (setup_new(&setup, file, SETUP_LENIENT, &diag))
		return EXIT_REFUSED;
	report.setup = setup;
	jail = look_jail(setup, name);
	if (jail >= 0) {
		report.jail = (size_t)jail;
		error = print(&report, name);
	}
	tally_clear(&report.tally);
	free(report.kept);
	setup_free(setup);
	return error ? EXIT_REFUSED : EXIT_DONE;
}
