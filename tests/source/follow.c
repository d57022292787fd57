/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file and its lines. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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

TestSuite(follow, .init = setup, .fini = teardown, .timeout = 600);

Test(follow, refuses_a_relative_path)
{
	static const struct source_events events;
	struct source *source;

	cr_expect_eq(source_open(&source, rig.base, "log", NULL, &events, NULL), -EINVAL);
}

Test(follow, reads_nothing_before_the_loop_runs)
{
	struct position position;

	rig_write(&rig, "log", "one\n");
	rig_follow(&rig, NULL);
	source_position(rig.source, &position);
	cr_expect_eq(position.offset, 0);
	cr_expect_str_eq(rig.got, "");
	cr_expect_str_eq(source_path(rig.source), rig.path);
	rig_expect(&rig, "one\n");
}

Test(follow, old_lines_are_not_live_and_new_ones_are)
{
	rig_write(&rig, "log", "one\ntwo\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, "one\ntwo\n");
	cr_expect_eq(rig.live, 0);
	rig_expect_state(&rig, SOURCE_LIVE);
	rig_append(&rig, "log", "three\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
	cr_expect_eq(rig.live, 6);
	cr_expect_str_eq(rig.states, "L");
	cr_expect_eq(source_counts(rig.source).lines, 3);
	cr_expect_eq(source_counts(rig.source).bytes, 14);
}

Test(follow, a_line_unfinished_at_start_is_live_when_it_ends)
{
	rig_write(&rig, "log", "one\ntw");
	rig_follow(&rig, NULL);
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "one\n");
	cr_expect_eq(source_state(rig.source), SOURCE_LIVE);
	cr_expect_eq(rig.live, 0);
	rig_append(&rig, "log", "o\n");
	rig_expect(&rig, "one\ntwo\n");
	cr_expect_eq(rig.live, 4);
}

Test(follow, an_unfinished_line_waits_for_its_end)
{
	struct position position;

	rig_write(&rig, "log", "one\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, "one\n");
	rig_append(&rig, "log", "tw");
	rig_turn(&rig);
	rig_append(&rig, "log", "o");
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "one\n");
	source_position(rig.source, &position);
	cr_expect_eq(position.offset, 4);
	rig_append(&rig, "log", "\nthree\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
}

Test(follow, nul_and_broken_utf8_pass)
{
	static const char bytes[] = "a\0b\n\xff\xfe\xc3\n\0\n";

	rig_append_bytes(&rig, "log", bytes, sizeof(bytes) - 1);
	rig_follow(&rig, NULL);
	while (rig.len < sizeof(bytes) - 1)
		event_base_loop(rig.base, EVLOOP_ONCE);
	cr_expect_eq(memcmp(rig.got, bytes, sizeof(bytes) - 1), 0);
	cr_expect_eq(source_counts(rig.source).lines, 3);
}

struct long_case {
	size_t len;
	size_t expected;
	uint64_t cut;
};

static const struct long_case long_cases[] = {
	{LINE_MAX_BYTES - 1, LINE_MAX_BYTES - 1, 0},
	{LINE_MAX_BYTES, LINE_MAX_BYTES, 0},
	{LINE_MAX_BYTES + 1, LINE_MAX_BYTES, 1},
	{300 * 1024, LINE_MAX_BYTES, 1},
	{1024 * 1024, LINE_MAX_BYTES, 1},
};

/* Before and after other lines; whole at start, and in pieces while we follow. */
static void long_line(const struct long_case *c, size_t piece)
{
	struct rig one;
	char *line = malloc(c->len + 1), *expected = malloc(c->expected + 32);

	rig_open(&one);
	memset(line, 'x', c->len);
	line[c->len] = '\n';
	rig_append(&one, "log", "before\n");
	if (piece < c->len)
		rig_follow(&one, NULL);
	for (size_t at = 0; at <= c->len; at += piece) {
		size_t left = c->len + 1 - at;

		rig_append_bytes(&one, "log", line + at, left < piece ? left : piece);
		if (one.source)
			rig_turn(&one);
	}
	rig_append(&one, "log", "after\n");
	if (!one.source)
		rig_follow(&one, NULL);
	sprintf(expected, "before\n%.*s\nafter\n", (int)c->expected, line);
	rig_expect(&one, expected);
	cr_expect_eq(source_counts(one.source).cut, c->cut);
	cr_expect_eq(source_counts(one.source).lines, 3);
	rig_close(&one);
	free(line);
	free(expected);
}

Test(follow, a_long_line_is_cut_and_counted)
{
	for (size_t i = 0; i < sizeof(long_cases) / sizeof(*long_cases); i++) {
		long_line(&long_cases[i], SIZE_MAX / 2);
		long_line(&long_cases[i], 5000);
		long_line(&long_cases[i], 8193);
	}
}

Test(follow, a_position_within_a_cut_line_skips_its_rest)
{
	char line[10000], expected[LINE_MAX_BYTES + 16];
	struct position position;

	memset(line, 'y', sizeof(line));
	rig_append_bytes(&rig, "log", line, sizeof(line));
	rig_follow(&rig, NULL);
	sprintf(expected, "%.*s\n", LINE_MAX_BYTES, line);
	rig_expect(&rig, expected);
	source_position(rig.source, &position);
	cr_expect_eq(position.offset, sizeof(line));
	rig_unfollow(&rig);
	rig_append(&rig, "log", "rest\nnext\n");
	rig_follow(&rig, &position);
	strcat(expected, "next\n");
	rig_expect(&rig, expected);
}

Test(follow, many_lines_come_in_large_runs)
{
	size_t count = 200000;
	char *all = malloc(count * 12 + 1), *at = all;

	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "line %zu\n", i);
	rig_append(&rig, "log", all);
	rig_follow(&rig, NULL);
	rig_expect(&rig, all);
	cr_expect_eq(source_counts(rig.source).lines, count);
	cr_expect(rig.longest_run > 200 * 1024);
	free(all);
}

Test(follow, pauses_and_goes_on_without_loss)
{
	size_t count = 100000;
	char *all = malloc(count * 12 + 32), *at = all;
	size_t before;

	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "line %zu\n", i);
	rig_append(&rig, "log", all);
	rig.pause_after = 2;
	rig_follow(&rig, NULL);
	while (rig.runs < 2)
		event_base_loop(rig.base, EVLOOP_ONCE);
	before = rig.len;
	rig_append(&rig, "log", "one more\n");
	rig_turn(&rig);
	cr_expect_eq(rig.len, before);
	source_pause(rig.source, false);
	strcat(all, "one more\n");
	rig_expect(&rig, all);
	free(all);
}

Test(follow, a_pause_in_a_block_of_cut_lines_loses_none)
{
	char line[9001], *expected = calloc(1, 10 * 8200), *at = expected;

	memset(line, 'z', 9000);
	line[9000] = '\n';
	for (int i = 0; i < 8; i++) {
		line[0] = (char)('0' + i);
		rig_append_bytes(&rig, "log", line, sizeof(line));
		at += sprintf(at, "%.*s\n", LINE_MAX_BYTES, line);
	}
	rig.pause_after = 3;
	rig_follow(&rig, NULL);
	while (rig.runs < 3)
		event_base_loop(rig.base, EVLOOP_ONCE);
	rig_turn(&rig);
	cr_expect_eq(rig.runs, 3);
	source_pause(rig.source, false);
	rig_expect(&rig, expected);
	free(expected);
}

Test(follow, a_source_may_be_closed_by_its_own_callback)
{
	rig_write(&rig, "log", "one\n");
	rig.close_in_lines = true;
	rig_follow(&rig, NULL);
	while (rig.source)
		event_base_loop(rig.base, EVLOOP_ONCE);
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "one\n");
}

static void count_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	++*(int *)arg;
}

Test(follow, others_run_between_blocks)
{
	size_t size = 8 * 1024 * 1024;
	char *all = malloc(size);
	struct event *other;
	int turns = 0, ends[2];

	memset(all, '\n', size);
	rig_append_bytes(&rig, "log", all, size);
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], "x", 1), 1);
	other = event_new(rig.base, ends[0], EV_READ | EV_PERSIST, count_turn, &turns);
	event_add(other, NULL);
	rig_follow(&rig, NULL);
	while (rig.len < size)
		event_base_loop(rig.base, EVLOOP_ONCE);
	cr_expect(turns >= 30, "%d", turns);
	event_free(other);
	close(ends[0]);
	close(ends[1]);
	free(all);
}

Test(follow, waits_for_a_file_that_is_not_there)
{
	rig_follow(&rig, NULL);
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_expect_eq(source_error(rig.source), -ENOENT);
	rig_write(&rig, "log", "one\n");
	rig_expect(&rig, "one\n");
	rig_expect_state(&rig, SOURCE_LIVE);
	cr_expect_eq(source_error(rig.source), 0);
	cr_expect_eq(rig.live, 4);
	cr_expect_str_eq(rig.states, "WL");
}

Test(follow, waits_for_a_folder_that_is_not_there)
{
	snprintf(rig.path, sizeof(rig.path), "%s/a/b/log", rig.dir);
	rig_follow(&rig, NULL);
	rig_expect_state(&rig, SOURCE_WAITING);
	mkdir(rig_name(&rig, "a"), 0755);
	rig_turn(&rig);
	mkdir(rig_name(&rig, "a/b"), 0755);
	rig_turn(&rig);
	rig_write(&rig, "a/b/log", "one\n");
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "one\n");
	rig_append(&rig, "a/b/log", "two\n");
	rig_expect(&rig, "one\ntwo\n");
}

static void expect_waiting(int error)
{
	rig_follow(&rig, NULL);
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_expect_eq(source_error(rig.source), error);
}

Test(follow, a_folder_without_a_log_may_make_room_for_one)
{
	mkdir(rig.path, 0755);
	expect_waiting(-ENOENT);
	rmdir(rig.path);
	rig_write(&rig, "log", "one\n");
	rig_expect(&rig, "one\n");
}

Test(follow, a_socket_is_no_log_and_does_not_block)
{
	cr_assert_eq(mknod(rig.path, S_IFSOCK | 0644, 0), 0);
	expect_waiting(-EINVAL);
	unlink(rig.path);
	rig_write(&rig, "log", "one\n");
	rig_expect(&rig, "one\n");
}

Test(follow, a_link_in_a_circle_is_no_log)
{
	cr_assert_eq(symlink(rig.path, rig.path), 0);
	expect_waiting(-ELOOP);
}

/* As root, who may read everything, there is nothing to see: drop to another user first. */
Test(follow, waits_for_permission)
{
	rig_write(&rig, "log", "one\n");
	cr_assert_eq(chmod(rig.path, 0), 0);
	if (!geteuid()) {
		cr_assert_eq(chown(rig.dir, 65534, 65534), 0);
		cr_assert_eq(chown(rig.path, 65534, 65534), 0);
		cr_assert_eq(seteuid(65534), 0);
	}
	expect_waiting(-EACCES);
	cr_assert_eq(chmod(rig.path, 0644), 0);
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "one\n");
	cr_expect_eq(rig.live, 0);
	if (!getuid())
		cr_assert_eq(seteuid(0), 0);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	return *(const int64_t *)a < *(const int64_t *)b ? -1 : 1;
}

/* How long that takes is shown, and not judged: others may have the processor. */
Test(follow, a_line_arrives_at_the_next_turn_of_the_loop)
{
	int64_t took[200];
	int fd;

	rig_write(&rig, "log", "begin\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, "begin\n");
	fd = open(rig.path, O_WRONLY | O_APPEND);
	for (int i = 0; i < 200; i++) {
		size_t before = rig.len;
		int64_t start = now_ns();

		cr_assert_eq(write(fd, "a line of a usual length in a log\n", 34), 34);
		rig_turn(&rig);
		cr_assert_gt(rig.len, before);
		took[i] = now_ns() - start;
	}
	close(fd);
	qsort(took, 200, sizeof(*took), by_value);
	if (getenv("SHOW"))
		fprintf(stderr, "median %ld ns, 99%% %ld ns\n", (long)took[100],
			(long)took[198]);
}
