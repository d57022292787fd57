/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbered lines, written while the log is rotated in every way, and followed by a source that
 * is closed and opened from its position at random: each line comes exactly once.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "rig.h"
#include "source/source.h"

#define DEADLINE_MS 60000
#define KEEP 40 /* rotated files; what is rotated away unread is lost */

struct storm {
	struct rig rig;
	struct source *source;
	struct position position;
	unsigned int seed;
	uint64_t random;
	uint8_t *seen;
	size_t lines;		/* to be written */
	size_t written;		/* by the writer alone */
	atomic_size_t received; /* different ones */
	atomic_bool done;
	size_t again;
	int fd;	     /* what the writer has open */
	bool links;  /* the path is a symbolic link */
	int targets; /* of it, so far */
	char log[32];
	/* Without a thread the writer runs the loop itself where it has to wait. */
	bool threaded;
	size_t opened, rotated[8];
};

static uint64_t draw(uint64_t *state, uint64_t below)
{
	/* xorshift64* (Vigna). */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (*state * 0x2545f4914f6cdd1d >> 33) % below;
}

static void on_lines(void *arg, struct source *source, const struct lines *lines)
{
	struct storm *storm = arg;
	const char *at = lines->text.at, *end = at + lines->text.len;

	(void)source;
	for (; at < end; at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1) {
		size_t number = strtoul(at + 5, NULL, 10);

		cr_assert(!strncmp(at, "line ", 5) && number < storm->lines, "seed %u: %.40s",
			  storm->seed, at);
		storm->again += storm->seen[number];
		storm->received += !storm->seen[number];
		storm->seen[number] = 1;
	}
}

static void follow(struct storm *storm)
{
	static const struct source_events events = {.lines = on_lines};

	cr_assert_eq(source_open(&storm->source, storm->rig.base, storm->rig.path,
				 &storm->position, &events, storm),
		     0);
	storm->opened++;
}

static void unfollow(struct storm *storm)
{
	source_position(storm->source, &storm->position);
	source_close(storm->source);
	storm->source = NULL;
}

/* ---- the writer ---- */

static void open_log(struct storm *storm)
{
	if (storm->fd >= 0)
		close(storm->fd);
	storm->fd = open(storm->rig.path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	cr_assert(storm->fd >= 0);
}

static void write_lines(struct storm *storm, size_t count)
{
	char buf[64 * 48];
	size_t len = 0;

	for (; count && storm->written < storm->lines && len + 48 < sizeof(buf); count--)
		len += (size_t)sprintf(buf + len, "line %zu of a storm%.*s\n", storm->written++,
				       (int)draw(&storm->random, 12), "............");
	cr_assert_eq(write(storm->fd, buf, len), (ssize_t)len);
}

static void wait_received(struct storm *storm)
{
	int64_t end = moment_ticks() + DEADLINE_MS;
	struct timespec little = {0, 100000};

	while (storm->received < storm->written && moment_ticks() < end) {
		if (storm->threaded)
			nanosleep(&little, NULL);
		else
			event_base_loop(storm->rig.base, EVLOOP_ONCE);
	}
	cr_assert(storm->received >= storm->written, "seed %u: %zu of %zu lines", storm->seed,
		  (size_t)storm->received, storm->written);
}

static void shift(struct storm *storm)
{
	char from[48], to[48];

	for (int i = KEEP; i > 0; i--) {
		sprintf(from, "%s.%d", storm->log, i);
		sprintf(to, "%s.%d", storm->log, i + 1);
		rename(rig_name(&storm->rig, from), rig_name(&storm->rig, to));
	}
}

static const char *first_rotated(const struct storm *storm)
{
	static char name[48];

	sprintf(name, "%s.1", storm->log);
	return name;
}

static void rename_create(struct storm *storm)
{
	shift(storm);
	rig_rename(&storm->rig, storm->log, first_rotated(storm));
	open_log(storm);
}

/* logrotate's "create": the daemon goes on with the old file until it is told. */
static void rename_create_late(struct storm *storm)
{
	shift(storm);
	rig_rename(&storm->rig, storm->log, first_rotated(storm));
	rig_write(&storm->rig, storm->log, "");
	write_lines(storm, draw(&storm->random, 20));
	open_log(storm);
}

/* logrotate's "nocreate". */
static void rename_late(struct storm *storm)
{
	shift(storm);
	rig_rename(&storm->rig, storm->log, first_rotated(storm));
	write_lines(storm, draw(&storm->random, 20));
	open_log(storm);
}

static void copy_truncate(struct storm *storm)
{
	shift(storm);
	rig_copy(&storm->rig, storm->log, first_rotated(storm));
	rig_cut(&storm->rig, storm->log);
	/* Who is elsewhere by the time it looks for the copy does not know its name. */
	if (storm->links) {
		write_lines(storm, 1);
		wait_received(storm);
	}
}

/* What was not read is lost by the nature of it. */
static void delete_create(struct storm *storm)
{
	wait_received(storm);
	cr_assert_eq(unlink(rig_name(&storm->rig, storm->log)), 0);
	open_log(storm);
	write_lines(storm, 1);
	wait_received(storm);
}

static void cut(struct storm *storm)
{
	wait_received(storm);
	rig_cut(&storm->rig, storm->log);
	write_lines(storm, 1);
	wait_received(storm);
}

static void move_link(struct storm *storm)
{
	char target[32];

	sprintf(target, "log-%08d", ++storm->targets);
	rig_write(&storm->rig, target, "");
	cr_assert_eq(symlink(target, rig_name(&storm->rig, "new")), 0);
	cr_assert_eq(rename(rig_name(&storm->rig, "new"), storm->rig.path), 0);
	write_lines(storm, draw(&storm->random, 20));
	open_log(storm);
	strcpy(storm->log, target);
}

typedef void rotation(struct storm *storm);

static void rotate(struct storm *storm)
{
	static rotation *const plain[] = {rename_create, rename_create_late, rename_late,
					  copy_truncate, delete_create,	     cut};
	static rotation *const links[] = {move_link, copy_truncate, cut};
	size_t which = draw(&storm->random, storm->links ? 3 : 6);

	(storm->links ? links : plain)[which](storm);
	storm->rotated[which]++;
}

static void *write_all(void *arg)
{
	struct storm *storm = arg;

	while (storm->written < storm->lines) {
		write_lines(storm, 1 + draw(&storm->random, 60));
		if (!draw(&storm->random, 8))
			rotate(storm);
		/* What is further behind than files are kept would be lost. */
		if (!draw(&storm->random, 64))
			wait_received(storm);
	}
	storm->done = true;
	return NULL;
}

/* ---- both ---- */

static void storm_open(struct storm *storm, unsigned int seed, size_t lines, bool links)
{
	*storm = (struct storm){.seed = seed, .lines = lines, .links = links, .fd = -1};
	storm->random = seed * 0x9e3779b97f4a7c15 + 1;
	storm->seen = calloc(1, lines);
	rig_open(&storm->rig);
	strcpy(storm->log, "log");
	if (links) {
		strcpy(storm->log, "log-00000000");
		cr_assert_eq(symlink(storm->log, storm->rig.path), 0);
	}
	open_log(storm);
	write_lines(storm, 1);
	follow(storm);
	wait_received(storm);
}

static void storm_close(struct storm *storm)
{
	size_t missing = 0;

	for (size_t i = 0; i < storm->lines; i++)
		missing += !storm->seen[i];
	cr_expect(!missing && !storm->again, "seed %u: %zu lines missing, %zu twice",
		  storm->seed, missing, storm->again);
	if (getenv("SHOW"))
		fprintf(stderr,
			"seed %u: %zu lines, opened %zu, rotated %zu %zu %zu %zu %zu %zu\n",
			storm->seed, storm->written, storm->opened, storm->rotated[0],
			storm->rotated[1], storm->rotated[2], storm->rotated[3],
			storm->rotated[4], storm->rotated[5]);
	unfollow(storm);
	close(storm->fd);
	free(storm->seen);
	rig_close(&storm->rig);
}

/* The writer and the loop take turns, so that a seed always gives the same storm. */
static void in_turns(unsigned int seed, bool links)
{
	struct storm storm;

	storm_open(&storm, seed, 4000, links);
	while (storm.written < storm.lines) {
		write_lines(&storm, 1 + draw(&storm.random, 30));
		if (!draw(&storm.random, 3)) {
			if (!storm.source)
				follow(&storm);
			if (!draw(&storm.random, 4))
				unfollow(&storm);
		}
		if (!draw(&storm.random, 4)) {
			if (!storm.source && !draw(&storm.random, 2))
				follow(&storm);
			if (storm.source)
				rotate(&storm);
			else if (storm.links)
				move_link(&storm);
			else
				(draw(&storm.random, 2) ? rename_create_late
							: copy_truncate)(&storm);
		}
		for (size_t turns = draw(&storm.random, 4); turns; turns--)
			event_base_loop(storm.rig.base, EVLOOP_NONBLOCK);
	}
	if (!storm.source)
		follow(&storm);
	wait_received(&storm);
	rig_turn(&storm.rig);
	storm_close(&storm);
}

/* A thread writes and rotates whenever it likes. */
static void at_once(unsigned int seed, bool links)
{
	struct storm storm;
	uint64_t random = seed + 77;
	pthread_t writer;
	int64_t end;

	storm_open(&storm, seed, 20000, links);
	storm.threaded = true;
	cr_assert_eq(pthread_create(&writer, NULL, write_all, &storm), 0);
	while (!storm.done) {
		for (size_t turns = draw(&random, 30); turns && !storm.done; turns--)
			event_base_loop(storm.rig.base, EVLOOP_ONCE);
		if (storm.done || draw(&random, 3))
			continue;
		unfollow(&storm);
		sched_yield();
		follow(&storm);
	}
	pthread_join(writer, NULL);
	for (end = moment_ticks() + DEADLINE_MS;
	     storm.received < storm.lines && moment_ticks() < end;)
		event_base_loop(storm.rig.base, EVLOOP_ONCE);
	rig_turn(&storm.rig);
	storm_close(&storm);
}

static unsigned int first_seed(void)
{
	const char *seed = getenv("SEED");

	return seed ? (unsigned int)atoi(seed) : 1;
}

static unsigned int rounds(void)
{
	const char *count = getenv("ROUNDS");

	return count ? (unsigned int)atoi(count) : 10;
}

TestSuite(storm, .timeout = 600);

Test(storm, every_line_once_when_writer_and_reader_take_turns)
{
	for (unsigned int i = 0; i < rounds(); i++)
		in_turns(first_seed() + i, false);
}

Test(storm, every_line_once_when_a_link_moves)
{
	for (unsigned int i = 0; i < rounds(); i++)
		in_turns(first_seed() + i, true);
}

Test(storm, every_line_once_when_the_writer_does_not_wait)
{
	for (unsigned int i = 0; i < rounds() / 5 + 1; i++)
		at_once(first_seed() + i, false);
}

Test(storm, every_line_once_when_a_link_moves_at_any_time)
{
	for (unsigned int i = 0; i < rounds() / 5 + 1; i++)
		at_once(first_seed() + i, true);
}
