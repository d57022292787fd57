/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened to a log while nobody followed it. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "rig.h"

static struct rig rig;
static struct position position;

static void setup(void)
{
	rig_open(&rig);
	rig_write(&rig, "log", "one\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, "one\n");
	source_position(rig.source, &position);
	rig_unfollow(&rig);
	rig.len = rig.live = 0;
	*rig.got = '\0';
}

static void teardown(void)
{
	rig_close(&rig);
}

TestSuite(resume, .init = setup, .fini = teardown, .timeout = 600);

/* The lines come, are not live, and one appended to the log comes after them. */
static void expect(const char *lines)
{
	char expected[4096];

	rig_follow(&rig, &position);
	rig_expect(&rig, lines);
	cr_expect_eq(rig.live, 0);
	rig_append(&rig, "log", "live\n");
	snprintf(expected, sizeof(expected), "%slive\n", lines);
	rig_expect(&rig, expected);
	cr_expect_eq(rig.live, 5);
	rig_expect_state(&rig, SOURCE_LIVE);
}

Test(resume, the_same_file)
{
	rig_append(&rig, "log", "two\n");
	expect("two\n");
	cr_expect_eq(source_counts(rig.source).rotations, 0);
}

Test(resume, nothing_new)
{
	expect("");
}

Test(resume, an_unfinished_line_is_read_once_it_is_whole)
{
	rig_append(&rig, "log", "tw");
	rig_follow(&rig, &position);
	rig_turn(&rig);
	source_position(rig.source, &position);
	rig_unfollow(&rig);
	rig_append(&rig, "log", "o\n");
	expect("two\n");
}

Test(resume, renamed)
{
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "three\n");
	expect("two\nthree\n");
	cr_expect_eq(source_counts(rig.source).rotations, 1);
}

Test(resume, renamed_by_date_before_the_extension)
{
	rig_rename(&rig, "log", "mail.log");
	snprintf(rig.path, sizeof(rig.path), "%s/mail.log", rig.dir);
	rig_append(&rig, "mail.log", "two\n");
	rig_rename(&rig, "mail.log", "mail-20240101.log");
	rig_write(&rig, "mail-20240102.log", "three\n");
	rig_write(&rig, "mail.log", "four\n");
	rig_follow(&rig, &position);
	rig_expect(&rig, "two\nthree\nfour\n");
}

Test(resume, renamed_to_any_name)
{
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log", "archive");
	rig_write(&rig, "log", "three\n");
	expect("two\nthree\n");
}

/* A log of these lines, which were all read when the daemon ended. */
static void read_whole(const char *lines)
{
	rig_cut(&rig, "log");
	rig_append(&rig, "log", lines);
	rig_follow(&rig, NULL);
	rig_expect(&rig, lines);
	source_position(rig.source, &position);
	rig_unfollow(&rig);
	rig.len = rig.live = 0;
	*rig.got = '\0';
}

/* A log as a power cut leaves it, and what the server went on with: nobody had synced the end.
 */
static void cut_power(char *log, size_t first, const char *name)
{
	memset(log, 'x', first);
	strcpy(log + first, "\ntwo\n");
	read_whole(log);
	rig_cut(&rig, "log");
	strcpy(log + first + 1, "three\nfour\n");
	rig_append(&rig, "log", log);
	if (strcmp(name, "log") != 0)
		rig_rename(&rig, "log", name);
}

Test(resume, shorter_by_a_power_cut_and_written_on)
{
	char log[400];

	cut_power(log, 300, "log");
	expect(log);
	cr_expect_eq(rig.again, strlen(log));
}

Test(resume, shorter_by_a_power_cut_when_it_had_a_few_lines)
{
	static const size_t first[] = {31, 63, 64, 70, 240};
	char log[400];

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		rig.len = rig.live = rig.again = 0;
		*rig.got = '\0';
		cut_power(log, first[i], "log");
		expect(log);
		cr_expect_eq(rig.again, strlen(log), "%zu", first[i]);
		rig_unfollow(&rig);
	}
}

Test(resume, with_a_first_line_that_any_log_may_have)
{
	char log[400];

	cut_power(log, 20, "log");
	expect(log);
	cr_expect_eq(rig.again, 0);
}

Test(resume, shorter_by_a_power_cut_and_renamed)
{
	char log[400];

	cut_power(log, 300, "log.1");
	rig_write(&rig, "log", "five\n");
	strcat(log, "five\n");
	expect(log);
	cr_expect_eq(rig.again, strlen(log) - strlen("five\n"));
}

Test(resume, cut_and_written_anew_is_not_shorter_by_a_power_cut)
{
	char log[400];

	cut_power(log, 300, "log");
	log[0] = 'y';
	rig_cut(&rig, "log");
	rig_append(&rig, "log", log);
	expect(log);
	cr_expect_eq(rig.again, 0);
}

/* Lines without a time, of somebody who goes on. */
Test(resume, copied_and_cut_is_not_shorter_by_a_power_cut_though_it_begins_the_same)
{
	static const char line[] = "login failed for administrator from 203.0.113.2\n";
	char lines[512] = "";

	for (int i = 0; i < 3; i++)
		strcat(lines, line);
	read_whole(lines);
	rig_append(&rig, "log", "two\n");
	rig_copy(&rig, "log", "log.1");
	rig_cut(&rig, "log");
	rig_append(&rig, "log", line);
	snprintf(lines, sizeof(lines), "two\n%s", line);
	expect(lines);
	cr_expect_eq(rig.again, 0);
}

Test(resume, renamed_and_no_new_file_yet)
{
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log", "log.1");
	rig_follow(&rig, &position);
	rig_expect(&rig, "two\n");
	cr_expect_eq(rig.live, 0);
	rig_append(&rig, "log.1", "three\n");
	rig_expect(&rig, "two\nthree\n");
	cr_expect_eq(rig.live, 6);
	rig_write(&rig, "log", "four\n");
	rig_expect(&rig, "two\nthree\nfour\n");
}

Test(resume, renamed_several_times)
{
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log", "log.3");
	rig_write(&rig, "log.2", "three\n");
	rig_write(&rig, "log.1", "four\n");
	rig_write(&rig, "log", "five\n");
	expect("two\nthree\nfour\nfive\n");
}

Test(resume, files_older_than_ours_are_not_read)
{
	rig_write(&rig, "log.3", "older\n");
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log", "log.2");
	rig_write(&rig, "log.1", "three\n");
	rig_write(&rig, "log.1.gz", "packed\n");
	rig_write(&rig, "log.err", "another log\n");
	rig_write(&rig, "log", "four\n");
	expect("two\nthree\nfour\n");
}

Test(resume, more_files_than_are_opened_at_once)
{
	char expected[2048] = "two\n", name[16], line[16];

	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log", "log.100");
	for (int i = 99; i > 0; i--) {
		sprintf(name, "log.%d", i);
		sprintf(line, "line %d\n", i);
		rig_write(&rig, name, line);
		strcat(expected, line);
	}
	rig_write(&rig, "log", "last\n");
	expect(strcat(expected, "last\n"));
}

Test(resume, deleted_and_created)
{
	rig_append(&rig, "log", "two\n");
	cr_assert_eq(unlink(rig.path), 0);
	rig_write(&rig, "log", "three\n");
	expect("three\n");
}

Test(resume, cut_and_grown)
{
	rig_cut(&rig, "log");
	rig_append(&rig, "log", "two, three and four\n");
	expect("two, three and four\n");
}

Test(resume, copytruncate)
{
	rig_append(&rig, "log", "two\n");
	rig_copy(&rig, "log", "log.1");
	rig_cut(&rig, "log");
	rig_append(&rig, "log", "three\n");
	expect("two\nthree\n");
}

Test(resume, copytruncate_twice)
{
	rig_append(&rig, "log", "two\n");
	rig_copy(&rig, "log", "log.1");
	rig_cut(&rig, "log");
	rig_append(&rig, "log", "three\n");
	rig_rename(&rig, "log.1", "log.2");
	rig_copy(&rig, "log", "log.1");
	rig_cut(&rig, "log");
	rig_append(&rig, "log", "four\n");
	expect("two\nthree\nfour\n");
}

/* After copytruncate, before anything is written, the position is still at the copy's end. */
Test(resume, copytruncate_of_what_was_never_seen)
{
	rig_follow(&rig, &position);
	rig_expect_state(&rig, SOURCE_LIVE);
	rig_copy(&rig, "log", "log.1");
	rig_cut(&rig, "log");
	rig_turn(&rig);
	source_position(rig.source, &position);
	rig_unfollow(&rig);
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log.1", "log.2");
	rig_copy(&rig, "log", "log.1");
	rig_cut(&rig, "log");
	rig_append(&rig, "log", "three\n");
	expect("two\nthree\n");
}

Test(resume, the_old_file_is_held_until_the_new_one_is_written)
{
	rig_follow(&rig, &position);
	rig_expect_state(&rig, SOURCE_LIVE);
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "");
	rig_turn(&rig);
	source_position(rig.source, &position);
	rig_unfollow(&rig);
	rig_append(&rig, "log.1", "two\n");
	rig_append(&rig, "log", "three\n");
	expect("two\nthree\n");
}

Test(resume, a_file_that_is_not_there_yet_is_found_again)
{
	char away[128];

	rig_append(&rig, "log", "two\n");
	snprintf(away, sizeof(away), "%s.away", rig.dir);
	cr_assert_eq(rename(rig.dir, away), 0);
	rig_follow(&rig, &position);
	rig_expect_state(&rig, SOURCE_WAITING);
	source_position(rig.source, &position);
	cr_expect_eq(position.offset, 4);
	cr_assert_eq(rename(away, rig.dir), 0);
	rig_expect(&rig, "two\n");
}

/* A file over another looks as if the folder was changed while it is looked at. */
Test(resume, a_machine_that_stands_still_does_not_end_a_look_at_a_rotation)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		cr_skip("only root can mount");
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "three\n");
	rig_write(&rig, "over", "");
	cr_assert_eq(
		mount(rig_name(&rig, "over"), rig_name(&rig, "log.1"), NULL, MS_BIND, NULL), 0);
	rig_follow(&rig, &position);
	rig_turn(&rig);
	usleep(600000);
	rig_turn(&rig);
	cr_assert_eq(umount(rig_name(&rig, "log.1")), 0);
	rig_expect(&rig, "two\nthree\n");
}

Test(resume, a_link_that_moved)
{
	rig_rename(&rig, "log", "a-20240101");
	rig_append(&rig, "a-20240101", "two\n");
	rig_write(&rig, "a-20240102", "three\n");
	cr_assert_eq(symlink("a-20240102", rig.path), 0);
	expect("two\nthree\n");
}

Test(resume, a_position_from_a_damaged_disk_is_nowhere)
{
	position.head_len = position.tail_len = UINT32_MAX;
	expect("one\n");
	rig_unfollow(&rig);
	rig.len = rig.live = 0;
	position.offset = UINT64_MAX;
	rig_follow(&rig, &position);
	rig_expect(&rig, "one\nlive\n");
}

Test(resume, all_zero_is_the_start)
{
	position = (struct position){0};
	expect("one\n");
}
