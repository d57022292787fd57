/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/state/fixture.h"

static char *dir;
static struct heard heard;

static void setup(void)
{
	dir = folder_make();
	heard_clear(&heard);
}

static void teardown(void)
{
	folder_drop(dir);
	free(heard.records);
	free(heard.notes);
}

TestSuite(store, .init = setup, .fini = teardown);

Test(store, gives_back_every_kind_as_it_was_put)
{
	const struct record records[] = {
		name_of(7, "sshd"),
		offence_of("192.0.2.1", 7),
		{.kind = RECORD_BAN,
		 .ban = {prefix_of("2001:db8::/64"), 0, 7, 8, 5, -1, INT64_MAX}},
		{.kind = RECORD_UNBAN, .unban = {prefix_of("198.51.100.0/24"), 7}},
		position_of(9, 1ull << 40),
		evidence_of("192.0.2.1", "Failed password for root from 192.0.2.1"),
		{.kind = RECORD_REMOVAL, .removal = {3, prefix_of("192.0.2.9")}},
		{.kind = RECORD_REMOVED, .removal = {3, prefix_of("192.0.2.9")}},
		{.kind = RECORD_STRIKE,
		 .strike = {prefix_of("192.0.2.1"), 7, 3, 1000, INT64_MAX}},
		{.kind = RECORD_MEMORY, .memory = {9, 7, 65536, {"two\nlines", 9}}},
		{.kind = RECORD_MEMORY, .memory = {9, 7, 65536, {NULL, 0}}},
		{.kind = RECORD_CREDIT, .credit = {prefix_of("192.0.2.0/24"), 3, -1, 1000}},
	};
	const char *expected =
		"name 7 sshd\n"
		"offence 192.0.2.1 7 1000\n"
		"ban 2001:db8::/64 7 8 5 -1 9223372036854775807\n"
		"unban 198.51.100.0/24 7\n"
		"position 9 1 1099511627776 2 3 4 5\n"
		"evidence 192.0.2.1 1 1000 Failed password for root from 192.0.2.1\n"
		"removal 3 192.0.2.9\n"
		"removed 3 192.0.2.9\n"
		"strike 192.0.2.1 7 3 1000 9223372036854775807\n"
		"memory 9 7 65536 two\nlines\n"
		"memory 9 7 65536 \n"
		"credit 192.0.2.0/24 3 -1 1000\n";
	size_t count = sizeof(records) / sizeof(records[0]);
	struct store *store = store_at(dir, &heard);

	cr_assert_str_eq(heard.records, "");
	for (size_t i = 0; i < count; i++)
		store_put(store, &records[i]);
	wait_durable(store, store_commit(store, true));
	store_close(store);
	store = store_at(dir, &heard);
	cr_expect_str_eq(heard.records, expected);
	snapshot_of(store, records, count);
	store_close(store);
	load_at(dir, STORE_READ, &heard);
	cr_expect_str_eq(heard.records, expected);
	cr_expect_str_eq(heard.notes, "");
}

Test(store, goes_on_in_the_same_journal)
{
	for (int i = 0; i < 3; i++) {
		struct store *store = store_at(dir, &heard);
		struct record ban = ban_of("192.0.2.1", (uint32_t)i);

		cr_expect_eq(heard.count, (size_t)i);
		put_and_wait(store, &ban);
		store_close(store);
	}
	cr_expect(file_exists(dir, "journal.00000001"));
	cr_expect_not(file_exists(dir, "journal.00000002"));
}

Test(store, gives_one_number_two_meanings_in_their_order)
{
	const char *names[] = {"sshd", "postfix"};
	struct store *store;

	for (int run = 0; run < 2; run++) {
		struct record name = name_of(1, names[run]);
		struct record ban = ban_of(run ? "192.0.2.2" : "192.0.2.1", 1);

		store = store_at(dir, &heard);
		store_put(store, &name);
		put_and_wait(store, &ban);
		store_close(store);
	}
	load_at(dir, STORE_READ, &heard);
	cr_expect_str_eq(heard.records, "name 1 sshd\n"
					"ban 192.0.2.1 1 0 5 1000 601000\n"
					"name 1 postfix\n"
					"ban 192.0.2.2 1 0 5 1000 601000\n");
}

Test(store, writes_what_is_committed_before_it_closes_and_nothing_else)
{
	struct store *store = store_at(dir, &heard);
	struct record first = ban_of("192.0.2.1", 1), second = ban_of("192.0.2.2", 1);

	store_set_group(store, 60000);
	store_put(store, &first);
	store_commit(store, false);
	store_put(store, &second);
	store_close(store);
	load_at(dir, STORE_READ, &heard);
	cr_expect_str_eq(heard.records, "ban 192.0.2.1 1 0 5 1000 601000\n");
}

Test(store, writes_a_group_once_and_an_urgent_one_takes_it_along)
{
	struct store *store = store_at(dir, &heard);
	struct record ban = ban_of("192.0.2.1", 1);
	uint64_t ticket;

	/* The first is written at once, as after any quiet time; the next wait for their turn. */
	put_and_wait(store, &ban);
	store_set_group(store, 3600 * 1000);
	for (ticket = 1; ticket < 100;) {
		store_put(store, &ban);
		cr_expect_eq(store_commit(store, false), ++ticket);
	}
	cr_expect_eq(store_commit(store, false), ticket, "nothing to commit: the last ticket");
	cr_expect_eq(store_durable(store), 1);
	put_and_wait(store, &ban);
	cr_expect_eq(store_counts(store).syncs, 2);
	cr_expect_eq(store_counts(store).commits, 101);
	cr_expect_eq(store_counts(store).records, 101);
	cr_expect_eq(store_counts(store).backlog_bytes, 0);
	store_close(store);
}

Test(store, hurries_what_waits_when_a_commit_of_nothing_is_urgent)
{
	struct store *store = store_at(dir, &heard);
	struct record ban = ban_of("192.0.2.1", 1);

	put_and_wait(store, &ban);
	store_set_group(store, 3600 * 1000);
	store_put(store, &ban);
	store_commit(store, false);
	cr_expect_eq(store_durable(store), 1);
	wait_durable(store, store_commit(store, true));
	cr_expect_eq(store_counts(store).syncs, 2);
	store_close(store);
}

Test(store, keeps_a_long_text_up_to_its_limit)
{
	struct store *store = store_at(dir, &heard);
	char line[STORE_TEXT_MAX + 100];
	struct record evidence;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = 0;
	evidence = evidence_of("192.0.2.1", line);
	store_put(store, &evidence);
	evidence.evidence.line.len = 0;
	put_and_wait(store, &evidence);
	store_close(store);
	line[STORE_TEXT_MAX] = 0;
	load_at(dir, STORE_READ, &heard);
	cr_expect_eq(heard.count, 2);
	cr_expect(strstr(heard.records, line));
	line[STORE_TEXT_MAX] = 'x';
	line[STORE_TEXT_MAX + 1] = 0;
	cr_expect_not(strstr(heard.records, line));
}

Test(store, is_opened_by_one_daemon_only)
{
	struct store *store = store_at(dir, &heard), *other = NULL;

	cr_expect_eq(store_open(&other, dir, STORE_WRITE, &hear, &heard), -EBUSY);
	cr_expect_eq(store_open(&other, dir, STORE_READ, &hear, &heard), -EBUSY);
	store_close(store);
	cr_assert_eq(store_open(&store, dir, STORE_READ, &hear, &heard), 0);
	cr_assert_eq(store_open(&other, dir, STORE_READ, &hear, &heard), 0);
	store_close(store);
	store_close(other);
	cr_assert_null(strstr(heard.notes, "\n"));
}

Test(store, says_that_the_folder_is_not_there)
{
	char *missing = path_in(dir, "missing");
	struct store *store = NULL;

	cr_expect_eq(store_open(&store, missing, STORE_WRITE, &hear, &heard), -ENOENT);
	cr_expect_eq(store_open(&store, missing, STORE_READ, &hear, &heard), -ENOENT);
	cr_expect_null(store);
	store_close(NULL);
	free(missing);
}

Test(store, leaves_a_folder_that_it_reads_as_it_is)
{
	struct store *store = store_at(dir, &heard);
	struct record ban = ban_of("192.0.2.1", 1);
	size_t len, after;
	uint8_t *bytes;

	put_and_wait(store, &ban);
	store_close(store);
	bytes = file_get(&len, dir, "journal.00000001");
	file_put(dir, "journal.00000001", bytes, len - 1);
	file_put(dir, "snapshot.00000002.gdbm", "x", 1);
	free(bytes);
	load_at(dir, STORE_READ, &heard);
	cr_expect_eq(heard.count, 0);
	free(file_get(&after, dir, "journal.00000001"));
	cr_expect_eq(after, len - 1);
	cr_expect(file_exists(dir, "snapshot.00000002.gdbm"));
}

Test(store, needs_no_lock_file_to_read)
{
	struct store *store = store_at(dir, &heard);
	struct record ban = ban_of("192.0.2.1", 1);
	char *lock = path_in(dir, "lock");

	put_and_wait(store, &ban);
	store_close(store);
	unlink(lock);
	load_at(dir, STORE_READ, &heard);
	cr_expect_eq(heard.count, 1);
	cr_expect_not(file_exists(dir, "lock"));
	free(lock);
}

Test(store, keeps_its_files_to_itself)
{
	const char *names[] = {"lock", "journal.00000002", "snapshot.00000002.gdbm",
			       "snapshot.00000002.sum"};
	struct store *store = store_at(dir, &heard);
	struct record ban = ban_of("192.0.2.1", 1);
	struct stat st;

	snapshot_of(store, &ban, 1);
	for (size_t i = 0; i < 4; i++) {
		char *path = path_in(dir, names[i]);

		cr_assert_not(stat(path, &st), "%s", path);
		cr_expect_eq(st.st_mode & 0777, 0600, "%s", path);
		free(path);
	}
	store_close(store);
}

Test(store, does_not_wait_for_a_fifo_in_place_of_a_journal)
{
	char *path = path_in(dir, "journal.00000001");

	cr_assert_not(mkfifo(path, 0600));
	load_at(dir, STORE_READ, &heard);
	cr_expect(strstr(heard.notes, "journal.00000001"));
	free(path);
}

/* A process that writes ban after ban and tells of each one that is durable. */
static void write_until_killed(int out)
{
	struct store *store = store_at(dir, &heard);

	for (uint32_t n = 0;; n++) {
		struct record ban = ban_of("192.0.2.1", n);

		if (n % 7 == 3 && !store_snapshot_begin(store)) {
			for (uint32_t i = 0; i < n; i++) {
				struct record old = ban_of("192.0.2.1", i);

				store_snapshot_put(store, &old);
			}
			store_snapshot_end(store);
		}
		put_and_wait(store, &ban);
		if (write(out, &n, sizeof(n)) != sizeof(n))
			_exit(1);
	}
}

Test(store, has_after_a_kill_what_was_durable_before)
{
	for (uint32_t round = 0; round < 20; round++) {
		uint32_t n = 0, last = round * 3;
		int ends[2];
		pid_t pid;

		cr_assert_not(pipe(ends));
		pid = fork();
		if (!pid)
			write_until_killed(ends[1]);
		close(ends[1]);
		while (n < last)
			cr_assert_eq(read(ends[0], &n, sizeof(n)), sizeof(n));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(ends[0], &n, sizeof(n)) > 0)
			last = n;
		close(ends[0]);
		load_at(dir, STORE_WRITE, &heard);
		for (n = 0; n <= last && heard.count; n++) {
			char line[64];

			snprintf(line, sizeof(line), "ban 192.0.2.1 %u 0 5 ", n);
			cr_assert(strstr(heard.records, line), "round %u: ban %u of %u", round,
				  n, last);
		}
		cr_expect_geq(heard.count, last ? last + 1 : 0);
		folder_drop(dir);
		dir = folder_make();
	}
}
