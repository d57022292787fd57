/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder that multilog writes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "rig.h"

#define OLDEST "log/@400000006b00dfa307cc21c4.s"
#define OLD "log/@400000006b00dfa311e8d4cc.u"
#define NEWER "log/@400000006b00dfa31aeb8c54.s"
#define CURRENT "log/current"

static struct rig rig;

static void setup(void)
{
	rig_open(&rig);
	cr_assert_eq(mkdir(rig_name(&rig, "log"), 0755), 0);
}

static void teardown(void)
{
	rig_close(&rig);
}

TestSuite(multilog, .init = setup, .fini = teardown, .timeout = 600);

/* Written in another order than their names say, as in a folder that was copied. */
static void write_history(void)
{
	rig_write(&rig, CURRENT, "@4 four\n");
	rig_write(&rig, NEWER, "@4 three\n");
	rig_write(&rig, OLD, "@4 two");
	rig_write(&rig, OLDEST, "@4 one\n");
	rig_write(&rig, "log/lock", "");
	rig_write(&rig, "log/state", "@4 state\n");
}

#define HISTORY "@4 one\n@4 two\n@4 three\n@4 four\n"

Test(multilog, a_folder_is_read_from_its_oldest_file_on)
{
	write_history();
	rig_follow(&rig, NULL);
	rig_expect(&rig, HISTORY);
	rig_expect_state(&rig, SOURCE_LIVE);
	cr_expect_eq(rig.live, 0);
	rig_append(&rig, CURRENT, "@4 five\n");
	rig_expect(&rig, HISTORY "@4 five\n");
	cr_expect_eq(rig.live, strlen("@4 five\n"));
}

Test(multilog, a_rotation_loses_nothing)
{
	rig_write(&rig, CURRENT, "@4 one\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, "@4 one\n");
	rig_append(&rig, CURRENT, "@4 two\n");
	rig_rename(&rig, CURRENT, OLDEST);
	rig_write(&rig, CURRENT, "@4 three\n");
	rig_expect(&rig, "@4 one\n@4 two\n@4 three\n");
	rig_rename(&rig, CURRENT, OLD);
	rig_write(&rig, CURRENT, "@4 four\n");
	rig_expect(&rig, "@4 one\n@4 two\n@4 three\n@4 four\n");
	cr_expect_eq(rig.live, rig.len - strlen("@4 one\n"));
}

Test(multilog, rotations_while_nobody_read_are_caught_up)
{
	struct position position;

	rig_write(&rig, CURRENT, "@4 one\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, "@4 one\n");
	source_position(rig.source, &position);
	rig_unfollow(&rig);
	rig_append(&rig, CURRENT, "@4 two\n");
	rig_rename(&rig, CURRENT, OLDEST);
	rig_write(&rig, OLD, "@4 three\n");
	rig_write(&rig, CURRENT, "@4 four\n");
	rig_follow(&rig, &position);
	rig_expect(&rig, "@4 one\n@4 two\n@4 three\n@4 four\n");
}

Test(multilog, when_the_file_is_gone_what_is_left_is_read)
{
	struct position position;

	rig_write(&rig, CURRENT, "@4 one\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, "@4 one\n");
	source_position(rig.source, &position);
	rig_unfollow(&rig);
	rig_write(&rig, NEWER, "@4 two\n");
	unlink(rig_name(&rig, CURRENT));
	rig_write(&rig, CURRENT, "@4 three and more\n");
	rig_follow(&rig, &position);
	rig_expect(&rig, "@4 one\n@4 two\n@4 three and more\n");
}

Test(multilog, what_a_processor_wrote_is_no_log)
{
	write_history();
	rig_append_bytes(&rig, "log/@400000006b00dfa31bbbbbbb.s", "\x1f\x8b\x08 gzip\n", 9);
	rig_follow(&rig, NULL);
	rig_expect(&rig, HISTORY);
	rig_expect_state(&rig, SOURCE_LIVE);
}

/* As after a crash of multilog: nothing has come since. */
Test(multilog, an_unfinished_file_before_an_empty_log_does_not_hold_up)
{
	rig_write(&rig, CURRENT, "");
	rig_write(&rig, OLD, "@4 one\n@4 tw");
	rig_follow(&rig, NULL);
	rig_expect_state(&rig, SOURCE_LIVE);
	rig_expect(&rig, "@4 one\n");
	rig_append(&rig, CURRENT, "@4 three\n");
	rig_expect(&rig, "@4 one\n@4 tw\n@4 three\n");
	cr_expect_eq(rig.live, strlen("@4 three\n"));
}

Test(multilog, names_that_only_look_alike_are_left_alone)
{
	rig_write(&rig, "log/@400000006b00dfa307cc21c4.t", "@4 no\n");
	rig_write(&rig, "log/@400000006b00dfa307cc21.s", "@4 no\n");
	rig_write(&rig, "log/@400000006B00DFA307CC21C4.s", "@4 no\n");
	rig_write(&rig, "log/previous", "@4 no\n");
	rig_write(&rig, CURRENT, "@4 one\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, "@4 one\n");
	rig_expect_state(&rig, SOURCE_LIVE);
}

Test(multilog, more_files_than_are_open_at_once)
{
	char name[64], expected[4096] = "";

	for (int i = 0; i < 100; i++) {
		char line[16];

		snprintf(name, sizeof(name), "log/@400000006b00dfa3%08x.s", i);
		snprintf(line, sizeof(line), "@4 %d\n", i);
		rig_write(&rig, name, line);
		strcat(expected, line);
	}
	rig_write(&rig, CURRENT, "@4 last\n");
	strcat(expected, "@4 last\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, expected);
	rig_expect_state(&rig, SOURCE_LIVE);
}

Test(multilog, a_folder_that_comes_later)
{
	rmdir(rig_name(&rig, "log"));
	rig_follow(&rig, NULL);
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_assert_eq(mkdir(rig_name(&rig, "log"), 0755), 0);
	rig_turn(&rig);
	rig_write(&rig, CURRENT, "@4 one\n");
	rig_expect(&rig, "@4 one\n");
	rig_expect_state(&rig, SOURCE_LIVE);
}

Test(multilog, a_folder_without_a_log_is_waited_for)
{
	rig_follow(&rig, NULL);
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_expect_eq(source_error(rig.source), -ENOENT);
	rig_write(&rig, CURRENT, "@4 one\n");
	rig_expect(&rig, "@4 one\n");
}

Test(multilog, a_line_without_end_and_zeros)
{
	static char noise[300000];

	memset(noise, 'x', sizeof(noise));
	memset(noise + 1000, 0, 1000);
	rig_write(&rig, CURRENT, "@4 one\n");
	rig_append_bytes(&rig, OLDEST, "@4", 2);
	rig_append_bytes(&rig, OLDEST, noise, sizeof(noise));
	rig_follow(&rig, NULL);
	rig_expect_state(&rig, SOURCE_LIVE);
	cr_expect_eq(source_counts(rig.source).cut, 1);
	cr_expect_eq(source_counts(rig.source).lines, 2);
}
