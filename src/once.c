/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * banish scan --block and --expire: what the daemon does, once. Logs are read from where the
 * daemon, or the last scan, was; state and kernel are left as the daemon leaves them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "control/control.h"
#include "look.h"
#include "offline.h"
#include "report.h"
#include "resolve/resolve.h"
#include "scan.h"

struct once {
	const struct scan *scan;
	const struct setup *setup;
	struct memory *memory;
	struct resolve *resolve;
	const struct setup_feed *feed; /* being read */
	int64_t now;		       /* steady */
	size_t blocked;
	uint64_t expired;
};

/* ---- judging ---- */

static void tell(const struct once *once, const struct ban *ban, bool again)
{
	char prefix[PREFIX_TEXT_MAX];

	if (once->scan->voice == SCAN_VERBOSE)
		printf("%s: %s %s after %u failures\n",
		       names_text(once->memory->names, ban->jail),
		       prefix_print(&ban->prefix, prefix),
		       again ? "is still blocked" : "blocked", ban->count);
}

static void on_offence(void *arg, const struct offence *offence, struct text line)
{
	struct once *once = arg;
	struct offence mine = *offence;
	enum judge_verdict verdict;
	struct ban ban;
	int64_t time;

	mine.time = steady_from_wall(&once->memory->clock, offence->time);
	verdict = judge_offence(once->memory->judge, &mine, once->now, &ban, &time);
	memory_offence(once->memory, verdict, &mine, &ban, time, line);
	if (verdict != JUDGE_BANNED && verdict != JUDGE_EXTENDED)
		return;
	once->blocked += verdict == JUDGE_BANNED;
	tell(once, &ban, verdict == JUDGE_EXTENDED);
}

static void on_found(void *arg, size_t index, const struct finding *finding)
{
	struct once *once = arg;
	const struct conf_jail *jail = &once->setup->conf->jails[once->feed->jails[index]];
	const struct resolve_jail about = {
		.name = names_add(once->memory->names, text_of(jail->name)),
		.ports = jail->ports,
		.port_count = jail->tcp ? jail->port_count : 0,
	};

	resolve_finding(once->resolve, &about, false, finding);
}

/* Whoever else reads this source reads it to the same place: every jail of it judges. */
static int read_feed(struct once *once, const struct setup_feed *feed)
{
	uint32_t name = names_add(once->memory->names, text_of(feed->path));
	const struct position *from = memory_find_position(once->memory, name);
	struct position position = from ? *from : (struct position){0};
	int error;

	once->feed = feed;
	error = look_at(feed, &position, moment_now(), once->memory->counted, on_found, once);
	if (error) {
		log_error("%s: %s", feed->path, strerror(-error));
		return error;
	}
	/* What a filter remembered there is behind that. */
	recall_forget(&once->memory->recall, name);
	memory_position(once->memory, name, &position);
	return 0;
}

static int read_feeds(struct once *once, size_t jail)
{
	struct event_base *base = event_base_new();
	int error = 0;

	once->resolve = base ? resolve_new(base, on_offence, once) : NULL;
	if (!once->resolve)
		error = -ENOMEM;
	for (size_t i = 0; !error && i < once->setup->feed_count; i++)
		if (look_index(&once->setup->feeds[i], jail) >= 0)
			error = read_feed(once, &once->setup->feeds[i]);
	resolve_free(once->resolve);
	if (base)
		event_base_free(base);
	return error;
}

static int on_work(void *arg, const struct setup *setup, struct memory *memory)
{
	struct once *once = arg;
	int jail = look_jail(setup, once->scan->jail), error;

	if (jail < 0)
		return -ENOENT;
	once->setup = setup;
	once->memory = memory;
	once->now = memory_now(memory);
	once->expired = memory->expired;
	error = look_own(memory->judge);
	if (!error && once->scan->block)
		error = read_feeds(once, (size_t)jail);
	return error;
}

static int run(const struct scan *scan)
{
	struct once once = {.scan = scan};
	const struct offline_work work = {.work = on_work, .arg = &once};
	size_t bans = 0;
	int error;

	log_level = scan->voice == SCAN_QUIET ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
	error = offline_run(scan->file, &work, &bans);
	if (error == -EBUSY) {
		fputs("banish: a daemon is running, and does this by itself\n", stderr);
		return EXIT_REFUSED;
	}
	if (error < 0)
		return EXIT_REFUSED;
	if (scan->voice == SCAN_VERBOSE || (scan->voice == SCAN_USUAL && once.blocked))
		printf("%s: %zu blocked, %llu over, %zu in all\n", scan->jail, once.blocked,
		       (unsigned long long)once.expired, bans);
	return error ? EXIT_REFUSED : EXIT_DONE;
}

int scan_bans(const struct scan *scan)
{
	struct scan part = *scan;
	int code = EXIT_DONE, last;

	/* A run that blocks ends what is over as well. Alone, that comes before the report. */
	part.block = false;
	if (scan->expire && (scan->print || !scan->block))
		code = run(&part);
	if (scan->print) {
		last = report_print(scan->file, scan->jail);
		code = code ? code : last;
	}
	part = *scan;
	if (scan->block) {
		last = run(&part);
		code = code ? code : last;
	}
	return code;
}
