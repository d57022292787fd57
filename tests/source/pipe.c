/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A FIFO at the path, and standard input. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/line.h"
#include "rig.h"

static struct rig rig;

static void setup(void)
{
	rig_open(&rig);
}

static void teardown(void)
{
	rig_close(&rig);
}

TestSuite(fifo, .init = setup, .fini = teardown, .timeout = 600);
TestSuite(input, .init = setup, .fini = teardown, .timeout = 600);

static void make_fifo(const char *name)
{
	cr_assert_eq(mkfifo(rig_name(&rig, name), 0600), 0);
}

static int open_writer(const char *name)
{
	int fd = open(rig_name(&rig, name), O_WRONLY | O_NONBLOCK);

	cr_assert(fd >= 0, "%s: %m", name);
	return fd;
}

static void say(int fd, const char *text)
{
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void say_once(const char *name, const char *text)
{
	int fd = open_writer(name);

	say(fd, text);
	close(fd);
}

static void expect_nowhere(void)
{
	static const struct position nowhere;
	struct position position;

	source_position(rig.source, &position);
	cr_expect_eq(memcmp(&position, &nowhere, sizeof(position)), 0);
}

static void follow_fifo(void)
{
	make_fifo("log");
	rig_follow(&rig, NULL);
	rig_expect_state(&rig, SOURCE_LIVE);
}

Test(fifo, lines_are_live_and_have_no_position)
{
	int fd;

	follow_fifo();
	fd = open_writer("log");
	say(fd, "one\ntwo\nthr");
	rig_expect(&rig, "one\ntwo\n");
	say(fd, "ee\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
	cr_expect_eq(rig.live, rig.len);
	cr_expect_str_eq(rig.states, "L");
	cr_expect_eq(source_counts(rig.source).lines, 3);
	cr_expect_eq(source_counts(rig.source).bytes, 14);
	expect_nowhere();
	close(fd);
}

Test(fifo, the_end_of_a_writer_is_no_end)
{
	follow_fifo();
	rig_expect_rest(&rig);
	say_once("log", "one\n");
	rig_expect(&rig, "one\n");
	rig_expect_rest(&rig);
	say_once("log", "two\n");
	say_once("log", "three\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
	rig_expect_rest(&rig);
	cr_expect_str_eq(rig.states, "L");
}

Test(fifo, a_last_line_without_newline_ends_with_its_writer)
{
	follow_fifo();
	say_once("log", "one\ntwo");
	rig_expect(&rig, "one\ntwo\n");
	say_once("log", "three\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
}

Test(fifo, no_writer_ever_finds_nobody)
{
	int fd;

	follow_fifo();
	fd = open_writer("log");
	for (int i = 0; i < 100; i++) {
		close(fd);
		event_base_loop(rig.base, EVLOOP_NONBLOCK);
		fd = open_writer("log");
		event_base_loop(rig.base, EVLOOP_NONBLOCK);
		say(fd, "x\n");
	}
	close(fd);
	rig_turn(&rig);
	cr_expect_eq(rig.len, 200);
}

Test(fifo, may_be_made_later)
{
	rig_follow(&rig, NULL);
	rig_expect_state(&rig, SOURCE_WAITING);
	make_fifo("log");
	rig_expect_state(&rig, SOURCE_LIVE);
	say_once("log", "one\n");
	rig_expect(&rig, "one\n");
}

Test(fifo, may_be_made_anew)
{
	int old;

	follow_fifo();
	old = open_writer("log");
	say(old, "one\n");
	rig_expect(&rig, "one\n");
	cr_assert_eq(unlink(rig.path), 0);
	say(old, "two\n");
	rig_expect(&rig, "one\ntwo\n");
	say(old, "three\nfour");
	make_fifo("new");
	rig_rename(&rig, "new", "log");
	rig_expect(&rig, "one\ntwo\nthree\nfour\n");
	say_once("log", "five\n");
	rig_expect(&rig, "one\ntwo\nthree\nfour\nfive\n");
	close(old);
	rig_expect_rest(&rig);
}

Test(fifo, may_take_a_files_place_and_give_it_back)
{
	int fd;

	rig_write(&rig, "log", "one\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, "one\n");
	make_fifo("fifo");
	rig_rename(&rig, "fifo", "log");
	/* Nobody reads there before the change is seen. */
	while ((fd = open(rig.path, O_WRONLY | O_NONBLOCK)) < 0)
		event_base_loop(rig.base, EVLOOP_ONCE);
	say(fd, "two\n");
	close(fd);
	rig_expect(&rig, "one\ntwo\n");
	rig_write(&rig, "file", "three\n");
	rig_rename(&rig, "file", "log");
	rig_expect(&rig, "one\ntwo\nthree\n");
	rig_append(&rig, "log", "four\n");
	rig_expect(&rig, "one\ntwo\nthree\nfour\n");
	cr_expect_eq(source_state(rig.source), SOURCE_LIVE);
}

Test(fifo, pause_and_resume_lose_nothing)
{
	int fd;

	follow_fifo();
	source_pause(rig.source, true);
	fd = open_writer("log");
	say(fd, "one\n");
	rig_expect_rest(&rig);
	cr_expect_eq(rig.len, 0);
	source_pause(rig.source, false);
	rig_expect(&rig, "one\n");
	source_pause(rig.source, true);
	say(fd, "two\n");
	close(fd);
	say_once("log", "three");
	rig_expect_rest(&rig);
	source_pause(rig.source, false);
	rig_expect(&rig, "one\ntwo\nthree\n");
}

/* Runs end where a line was cut: the lines behind it wait in the block. */
Test(fifo, a_pause_in_the_midst_of_a_block)
{
	static char big[LINE_MAX_BYTES + 100];
	int fd;

	follow_fifo();
	rig.pause_after = 1;
	fd = open_writer("log");
	memset(big, 'x', sizeof(big) - 1);
	say(fd, big);
	say(fd, "\nlast\n");
	rig_turn(&rig);
	cr_expect_eq(rig.len, LINE_MAX_BYTES + 1);
	rig_expect_rest(&rig);
	source_pause(rig.source, false);
	rig_turn(&rig);
	cr_expect_str_eq(rig.got + LINE_MAX_BYTES + 1, "last\n");
	close(fd);
}

Test(fifo, may_be_closed_by_what_it_calls)
{
	follow_fifo();
	rig.close_in_lines = true;
	say_once("log", "one\ntwo");
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "one\n");
	cr_expect_null(rig.source);
}

static size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t size = 0, pages = 0;

	cr_assert_eq(fscanf(f, "%zu %zu", &size, &pages), 2);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

Test(fifo, a_line_of_10_mb_is_cut_and_takes_no_memory)
{
	static char chunk[16384];
	size_t left = 10 * 1024 * 1024, before;
	ssize_t put;
	int fd;

	follow_fifo();
	fd = open_writer("log");
	memset(chunk, 'x', sizeof(chunk));
	before = resident();
	while (left) {
		put = write(fd, chunk, left < sizeof(chunk) ? left : sizeof(chunk));
		left -= put > 0 ? (size_t)put : 0;
		event_base_loop(rig.base, EVLOOP_NONBLOCK);
	}
	say(fd, "\nnext\n");
	rig_turn(&rig);
	cr_expect_eq(rig.len, LINE_MAX_BYTES + 1 + 5);
	cr_expect_str_eq(rig.got + LINE_MAX_BYTES, "\nnext\n");
	cr_expect_eq(source_counts(rig.source).cut, 1);
	cr_expect_lt(resident(), before + 1024 * 1024);
	close(fd);
}

/* ---- standard input ---- */

/* The writing end of what is standard input from now on. */
static int be_input(void)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(dup2(ends[0], 0), 0);
	close(ends[0]);
	return ends[1];
}

static void open_input(void)
{
	rig_open_source(&rig, "-");
	rig_expect_state(&rig, SOURCE_LIVE);
}

Test(input, is_read_to_its_end)
{
	int fd = be_input();

	open_input();
	say(fd, "one\n");
	rig_expect(&rig, "one\n");
	rig_expect_rest(&rig);
	expect_nowhere();
	say(fd, "two\nthree");
	close(fd);
	rig_expect(&rig, "one\ntwo\nthree\n");
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_expect_eq(source_error(rig.source), -ENODATA);
	cr_expect_eq(rig.live, rig.len);
	rig_expect_rest(&rig);
	source_pause(rig.source, true);
	source_pause(rig.source, false);
	rig_expect_rest(&rig);
	cr_expect_str_eq(rig.states, "LW");
}

Test(input, stays_as_it_was_for_those_who_share_it)
{
	int fd = be_input();

	open_input();
	cr_expect_eq(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
	rig_unfollow(&rig);
	say(fd, "x");
	cr_expect_eq(read(0, (char[1]){0}, 1), 1);
	close(fd);
}

Test(input, a_file_is_old_and_read_in_turns)
{
	size_t lines = 100000;
	int fd;

	for (size_t i = 0; i < lines / 10; i++)
		rig_append(&rig, "in",
			   "line\nline\nline\nline\nline\nline\nline\nline\nline\nline\n");
	fd = open(rig_name(&rig, "in"), O_RDONLY);
	cr_assert_eq(dup2(fd, 0), 0);
	rig_open_source(&rig, "-");
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_expect_eq(source_counts(rig.source).lines, lines);
	cr_expect_eq(rig.live, 0);
	cr_expect_lt(rig.longest_run, lines * 5);
	rig_expect_rest(&rig);
}

Test(input, that_is_empty_ends_at_once)
{
	cr_assert_eq(dup2(open("/dev/null", O_RDONLY), 0), 0);
	rig_open_source(&rig, "-");
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_expect_eq(source_error(rig.source), -ENODATA);
	rig_expect_rest(&rig);
	cr_expect_eq(source_state(rig.source), SOURCE_WAITING);
}

Test(input, that_is_not_there_is_refused)
{
	static const struct source_events events = {
		(void (*)(void *, struct source *, const struct lines *))abort, NULL};
	struct source *source;

	close(0);
	cr_expect_eq(source_open(&source, rig.base, "-", NULL, &events, NULL), -EBADF);
}

Test(input, may_be_closed_by_what_it_calls)
{
	int fd = be_input();

	open_input();
	rig.close_in_lines = true;
	say(fd, "one");
	close(fd);
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "one\n");
	cr_expect_null(rig.source);
}
