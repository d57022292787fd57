/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to a log's name while we follow it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "rig.h"

static struct rig rig;

static void setup(void)
{
	rig_open(&rig);
	rig_write(&rig, "log", "one\n");
	rig_follow(&rig, NULL);
	rig_expect(&rig, "one\n");
}

static void teardown(void)
{
	rig_close(&rig);
}

TestSuite(rotate, .init = setup, .fini = teardown, .timeout = 600);

Test(rotate, rename_and_create)
{
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "three\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
	rig_append(&rig, "log", "four\n");
	rig_expect(&rig, "one\ntwo\nthree\nfour\n");
	cr_expect_eq(rig.live, strlen("two\nthree\nfour\n"));
	cr_expect_eq(source_counts(rig.source).rotations, 1);
	cr_expect_str_eq(rig.states, "L");
}

Test(rotate, the_same_lines_again_are_other_lines)
{
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "one\n");
	rig_expect(&rig, "one\none\n");
	rig_rename(&rig, "log", "log.2");
	rig_turn(&rig);
	rig_write(&rig, "log", "one\none\n");
	rig_expect(&rig, "one\none\none\none\n");
}

Test(rotate, the_old_file_is_read_until_the_daemon_reopens)
{
	int fd = open(rig.path, O_WRONLY | O_APPEND);

	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "");
	rig_turn(&rig);
	cr_assert_eq(write(fd, "late\n", 5), 5);
	rig_expect(&rig, "one\nlate\n");
	rig_append(&rig, "log", "new\n");
	rig_expect(&rig, "one\nlate\nnew\n");
	close(fd);
}

Test(rotate, a_second_process_may_still_write_to_the_old_file)
{
	int fd = open(rig.path, O_WRONLY | O_APPEND);

	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "new\n");
	rig_expect(&rig, "one\nnew\n");
	cr_assert_eq(write(fd, "late\n", 5), 5);
	rig_expect(&rig, "one\nnew\nlate\n");
	rig_append(&rig, "log", "newer\n");
	rig_expect(&rig, "one\nnew\nlate\nnewer\n");
	close(fd);
}

Test(rotate, an_unfinished_line_is_handed_over_when_its_file_is_left)
{
	rig_append(&rig, "log", "tw");
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "three\n");
	rig_expect(&rig, "one\ntw\nthree\n");
}

Test(rotate, an_unfinished_line_may_be_finished_after_the_rotation)
{
	rig_append(&rig, "log", "tw");
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "three\n");
	rig_turn(&rig);
	rig_append(&rig, "log.1", "o\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
}

Test(rotate, two_rotations_at_once)
{
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "three\n");
	rig_rename(&rig, "log.1", "log.2");
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "four\n");
	rig_expect(&rig, "one\ntwo\nthree\nfour\n");
}

Test(rotate, many_rotations_at_once)
{
	char expected[1024] = "one\n", line[16], from[16], to[16];

	for (int n = 0; n < 40; n++) {
		for (int i = n; i > 0; i--) {
			sprintf(from, "log.%d", i);
			sprintf(to, "log.%d", i + 1);
			rig_rename(&rig, from, to);
		}
		rig_rename(&rig, "log", "log.1");
		sprintf(line, "line %d\n", n);
		strcat(expected, line);
		rig_write(&rig, "log", line);
	}
	rig_expect(&rig, expected);
	rig_append(&rig, "log", "end\n");
	rig_expect(&rig, strcat(expected, "end\n"));
}

Test(rotate, delete_and_create)
{
	rig_append(&rig, "log", "two\n");
	cr_assert_eq(unlink(rig.path), 0);
	rig_write(&rig, "log", "three\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
}

Test(rotate, delete_and_create_later)
{
	rig_append(&rig, "log", "two\n");
	cr_assert_eq(unlink(rig.path), 0);
	rig_expect(&rig, "one\ntwo\n");
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_expect_eq(source_error(rig.source), -ENOENT);
	rig_write(&rig, "log", "three\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
	rig_expect_state(&rig, SOURCE_LIVE);
}

Test(rotate, a_log_is_replaced_by_a_fifo_and_comes_back)
{
	cr_assert_eq(unlink(rig.path), 0);
	cr_assert_eq(mkfifo(rig.path, 0644), 0);
	rig_expect_rest(&rig);
	cr_assert_eq(unlink(rig.path), 0);
	rig_write(&rig, "log", "two\n");
	rig_expect(&rig, "one\ntwo\n");
}

Test(rotate, cut_to_nothing)
{
	rig_cut(&rig, "log");
	rig_turn(&rig);
	rig_append(&rig, "log", "two\n");
	rig_expect(&rig, "one\ntwo\n");
	cr_expect_eq(source_counts(rig.source).rotations, 1);
}

Test(rotate, cut_and_grown_beyond_where_we_were)
{
	rig_cut(&rig, "log");
	rig_append(&rig, "log", "two and three and four\nfive\n");
	rig_expect(&rig, "one\ntwo and three and four\nfive\n");
}

Test(rotate, cut_and_grown_to_the_same_length)
{
	rig_cut(&rig, "log");
	rig_append(&rig, "log", "two\n");
	rig_expect(&rig, "one\ntwo\n");
}

Test(rotate, copytruncate_reads_the_rest_from_the_copy)
{
	rig_append(&rig, "log", "two\nthree\n");
	rig_copy(&rig, "log", "log.1");
	rig_cut(&rig, "log");
	rig_append(&rig, "log", "four\n");
	rig_expect(&rig, "one\ntwo\nthree\nfour\n");
	cr_expect_eq(rig.live, strlen("two\nthree\nfour\n"));
	cr_expect_eq(source_counts(rig.source).rotations, 1);
}

Test(rotate, copytruncate_again_and_again_into_one_copy)
{
	char expected[1024] = "one\n", line[32];

	for (int i = 0; i < 20; i++) {
		sprintf(line, "line %d\n", i);
		strcat(expected, line);
		rig_append(&rig, "log", line);
		if (i % 3)
			rig_expect(&rig, expected);
		rig_copy(&rig, "log", "log.1");
		if (i % 2)
			rig_turn(&rig);
		rig_cut(&rig, "log");
		rig_turn(&rig);
	}
	rig_expect(&rig, expected);
}

Test(rotate, copytruncate_of_a_writer_that_does_not_append)
{
	char long_line[6001];
	int fd = open(rig.path, O_WRONLY);

	memset(long_line, 'x', 6000);
	long_line[6000] = '\n';
	cr_assert_eq(pwrite(fd, long_line, 6001, 4), 6001);
	rig_turn(&rig);
	rig.len = 0;
	rig_copy(&rig, "log", "log.1");
	rig_cut(&rig, "log");
	cr_assert_eq(pwrite(fd, "two\n", 4, 6005), 4);
	rig_expect(&rig, "two\n");
	cr_assert_eq(pwrite(fd, "three\n", 6, 6009), 6);
	rig_expect(&rig, "two\nthree\n");
	close(fd);
}

Test(rotate, copytruncate_and_then_rename)
{
	rig_append(&rig, "log", "two\n");
	rig_copy(&rig, "log", "log.1");
	rig_cut(&rig, "log");
	rig_append(&rig, "log", "three\n");
	rig_rename(&rig, "log.1", "log.2");
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "four\n");
	rig_expect(&rig, "one\ntwo\nthree\nfour\n");
}

Test(rotate, copytruncate_of_a_new_file_before_it_was_looked_at)
{
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "");
	rig_turn(&rig);
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log.1", "log.2");
	rig_copy(&rig, "log", "log.1");
	rig_cut(&rig, "log");
	rig_expect(&rig, "one\ntwo\n");
	rig_append(&rig, "log", "three\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
}

Test(rotate, renamed_back)
{
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "two\n");
	rig_expect(&rig, "one\ntwo\n");
	cr_assert_eq(unlink(rig.path), 0);
	rig_rename(&rig, "log.1", "log");
	rig_append(&rig, "log", "three\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
	rig_append(&rig, "log", "four\n");
	rig_expect(&rig, "one\ntwo\nthree\nfour\n");
}

Test(rotate, while_paused)
{
	source_pause(rig.source, true);
	rig_append(&rig, "log", "two\n");
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "three\n");
	rig_turn(&rig);
	cr_assert_eq(unlink(rig.path), 0);
	rig_write(&rig, "log", "four\n");
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "one\n");
	source_pause(rig.source, false);
	rig_expect(&rig, "one\ntwo\nthree\nfour\n");
}

static void relink(const char *target, const char *name)
{
	cr_assert_eq(symlink(target, rig_name(&rig, "link.new")), 0);
	cr_assert_eq(rename(rig_name(&rig, "link.new"), rig_name(&rig, name)), 0);
}

static void follow_link(const char *path)
{
	rig_unfollow(&rig);
	rig.len = 0;
	snprintf(rig.path, sizeof(rig.path), "%s/%s", rig.dir, path);
	rig_follow(&rig, NULL);
}

Test(rotate, a_link_that_moves)
{
	relink("log", "current");
	follow_link("current");
	rig_expect(&rig, "one\n");
	rig_write(&rig, "second", "three\n");
	rig_append(&rig, "log", "two\n");
	relink("second", "current");
	rig_expect(&rig, "one\ntwo\nthree\n");
	rig_append(&rig, "second", "four\n");
	rig_expect(&rig, "one\ntwo\nthree\nfour\n");
}

Test(rotate, the_file_behind_a_link)
{
	mkdir(rig_name(&rig, "logs"), 0755);
	rig_rename(&rig, "log", "logs/log");
	relink("logs/log", "current");
	follow_link("current");
	rig_expect(&rig, "one\n");
	rig_append(&rig, "logs/log", "two\n");
	rig_rename(&rig, "logs/log", "logs/log.1");
	rig_turn(&rig);
	rig_write(&rig, "logs/log", "three\n");
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "one\ntwo\nthree\n");
	rig_append(&rig, "logs/log", "four\n");
	rig_copy(&rig, "logs/log", "logs/log.1");
	rig_cut(&rig, "logs/log");
	rig_append(&rig, "logs/log", "five\n");
	rig_expect(&rig, "one\ntwo\nthree\nfour\nfive\n");
}

Test(rotate, a_link_to_the_folder_moves)
{
	mkdir(rig_name(&rig, "a"), 0755);
	mkdir(rig_name(&rig, "b"), 0755);
	rig_rename(&rig, "log", "a/log");
	rig_write(&rig, "b/log", "two\n");
	relink("a", "folder");
	follow_link("folder/log");
	rig_expect(&rig, "one\n");
	relink("b", "folder");
	rig_expect(&rig, "one\ntwo\n");
	rig_append(&rig, "b/log", "three\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
}

Test(rotate, the_folder_is_replaced)
{
	mkdir(rig_name(&rig, "a"), 0755);
	rig_rename(&rig, "log", "a/log");
	follow_link("a/log");
	rig_expect(&rig, "one\n");
	rig_rename(&rig, "a", "b");
	rig_turn(&rig);
	mkdir(rig_name(&rig, "a"), 0755);
	rig_write(&rig, "a/log", "two\n");
	rig_expect(&rig, "one\ntwo\n");
	rig_append(&rig, "a/log", "three\n");
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "one\ntwo\nthree\n");
}

/* As if all instances of the user were in use. */
static bool forbid_inotify(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_inotify_init1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

Test(rotate, without_inotify)
{
	if (!forbid_inotify())
		cr_skip_test("no seccomp");
	follow_link("log");
	rig_expect(&rig, "one\n");
	rig_append(&rig, "log", "two\n");
	rig_expect(&rig, "one\ntwo\n");
	rig_rename(&rig, "log", "log.1");
	rig_write(&rig, "log", "three\n");
	rig_expect(&rig, "one\ntwo\nthree\n");
	rig_append(&rig, "log", "four\n");
	rig_copy(&rig, "log", "log.0");
	rig_cut(&rig, "log");
	rig_append(&rig, "log", "five\n");
	rig_expect(&rig, "one\ntwo\nthree\nfour\nfive\n");
}
