/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * banish scan --block and --expire: what the daemon does, once. Logs are read from where the
 * daemon, or the last scan, was; state and kernel are left as the daemon leaves them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "control/control.h"
#include "look.h"
#include "offline.h"
#include "report.h"
#include "scan.h"

struct once {
	const struct scan *scan;
	const struct setup *setup;
	struct memory *memory;
	struct resolve *resolve;
	struct reading *readings; /* by number of the setup's feed */
	size_t reading_count;
	struct reading *reading; /* what is being read */
	int64_t now;		 /* steady */
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
	struct resolve_jail about = once->reading->jails[index].resolve;

	about.names = false; /* nobody is here to wait for the DNS */
	resolve_finding(once->resolve, &about, false, finding);
}

/* Whoever else reads this source reads it to the same place: every jail of it judges. */
static int look(struct once *once, const struct setup_feed *feed, struct reading *reading)
{
	struct memory *memory = once->memory;
	const struct position *from = memory_find_position(memory, reading->source);
	struct position position = from ? *from : (struct position){0};
	int error;

	once->reading = reading;
	reading_restore(reading, memory, once->resolve);
	recall_forget(&memory->recall, reading->source);
	error = look_at(reading, feed->path, &position, moment_now(), memory->counted, on_found,
			once);
	if (error)
		return error;
	reading_save_waiting(memory, once->resolve, false);
	reading_save(reading, memory, false);
	memory_position(memory, reading->source, &position);
	return 0;
}

static int read_feed(struct once *once, const struct setup_feed *feed, struct reading *reading)
{
	int error = reading_aim(reading, once->memory->names, once->setup, feed);

	if (!error)
		error = look(once, feed, reading);
	if (error)
		log_error("%s: %s", feed->path, strerror(-error));
	return error;
}

static void save_all(void *arg)
{
	struct once *once = arg;

	for (size_t i = 0; i < once->reading_count; i++)
		if (once->readings[i].count)
			reading_save(&once->readings[i], once->memory, true);
	reading_save_waiting(once->memory, once->resolve, true);
}

static int read_feeds(struct once *once, size_t jail)
{
	const struct setup *setup = once->setup;
	int error = 0;

	once->resolve = resolve_new(NULL, on_offence, once);
	once->readings = calloc(setup->feed_count, sizeof *once->readings);
	if (!once->resolve || !once->readings)
		return -ENOMEM;
	once->reading_count = setup->feed_count;
	once->memory->filters = save_all;
	once->memory->filters_arg = once;
	for (size_t i = 0; !error && i < setup->feed_count; i++)
		if (look_index(&setup->feeds[i], jail) >= 0)
			error = read_feed(once, &setup->feeds[i], &once->readings[i]);
	return error;
}

static void once_clear(struct once *once)
{
	for (size_t i = 0; i < once->reading_count; i++)
		reading_clear(&once->readings[i]);
	free(once->readings);
	resolve_free(once->resolve);
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
	once_clear(&once);
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
