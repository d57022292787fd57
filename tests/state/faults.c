/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk that refuses: what was committed is there in the end, whatever call failed. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/moment.h"
#include "tests/state/fixture.h"

enum call { OPENAT, PWRITE, FDATASYNC, FSYNC, RENAMEAT, SHORT_PWRITE, CALLS };

/* The calls are made by the store's threads. */
static struct {
	pthread_mutex_t lock;
	int error;	 /* of every failing call */
	int failures;	 /* how many calls are still to fail */
	int skip;	 /* how many succeed before */
	enum call which; /* CALLS: any */
	int seen;	 /* calls that could have failed */
} fault = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void set_fault(enum call which, int error, int skip, int failures)
{
	pthread_mutex_lock(&fault.lock);
	fault.which = which;
	fault.error = error;
	fault.skip = skip;
	fault.failures = failures;
	fault.seen = 0;
	pthread_mutex_unlock(&fault.lock);
}

static bool fails(enum call call)
{
	bool fail = false;

	pthread_mutex_lock(&fault.lock);
	if (fault.which == call || (fault.which == CALLS && call != SHORT_PWRITE)) {
		fault.seen++;
		if (fault.skip > 0)
			fault.skip--;
		else if (fault.failures > 0 && fault.failures--)
			fail = true;
	}
	if (fail)
		errno = fault.error;
	pthread_mutex_unlock(&fault.lock);
	return fail;
}

static int bad_openat(int dir, const char *name, int flags, mode_t mode)
{
	return fails(OPENAT) ? -1 : io_system.openat(dir, name, flags, mode);
}

/* A failing write has written something: a disk that fills up takes the first part. */
static ssize_t bad_pwrite(int fd, const void *at, size_t len, off_t offset)
{
	if (fails(SHORT_PWRITE))
		return io_system.pwrite(fd, at, len / 3 + 1, offset);
	if (!fails(PWRITE))
		return io_system.pwrite(fd, at, len, offset);
	io_system.pwrite(fd, "garbage that is longer than a frame or two of them",
			 len / 2 < 50 ? len / 2 : 50, offset);
	errno = fault.error;
	return -1;
}

static int bad_fdatasync(int fd)
{
	return fails(FDATASYNC) ? -1 : io_system.fdatasync(fd);
}

static int bad_fsync(int fd)
{
	return fails(FSYNC) ? -1 : io_system.fsync(fd);
}

static int bad_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return fails(RENAMEAT) ? -1 : io_system.renameat(from_dir, from, to_dir, to);
}

/* A limit for closing that no busy machine reaches, but in the test of that limit. */
static struct io bad_io = {
	.openat = bad_openat,
	.pwrite = bad_pwrite,
	.fdatasync = bad_fdatasync,
	.fsync = bad_fsync,
	.renameat = bad_renameat,
	.retry_ms = 1,
	.stop_ms = 3600 * 1000,
	.pause_ms = 10000,
};

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

TestSuite(faults, .init = setup, .fini = teardown);

static struct store *bad_store(void)
{
	struct store *store = NULL;

	heard_clear(&heard);
	cr_assert_eq(store_open_io(&store, dir, STORE_WRITE, &hear, &heard, &bad_io), 0);
	return store;
}

static void put_numbers(struct store *store, uint32_t from, uint32_t to)
{
	for (uint32_t n = from; n < to; n++) {
		struct record ban = ban_of("192.0.2.1", n);

		store_put(store, &ban);
		store_commit(store, true);
	}
}

/* That a load gives the bans from..to-1 in their order and nothing else. */
static void expect_numbers(uint32_t from, uint32_t to, const char *what)
{
	const char *at;

	load_at(dir, STORE_READ, &heard);
	cr_expect_eq(heard.count, to - from, "%s: %zu records", what, heard.count);
	cr_expect_str_eq(heard.notes, "", "%s: %s", what, heard.notes);
	at = heard.records;
	for (uint32_t n = from; n < to; n++) {
		char line[64];

		snprintf(line, sizeof(line), "ban 192.0.2.1 %u 0 5 1000 601000\n", n);
		cr_assert(!strncmp(at, line, strlen(line)), "%s: ban %u", what, n);
		at += strlen(line);
	}
}

static void wait_error(struct store *store, int error)
{
	while (store_error(store) != error)
		cr_assert(poll_store(store), "never an error");
}

static const struct refusal {
	const char *what;
	enum call call;
	int error, skip;
} refusals[] = {
	{"no space for the journal's name", OPENAT, ENOSPC, 0},
	{"no space for its head", PWRITE, ENOSPC, 0},
	{"no space for the first record", PWRITE, ENOSPC, 1},
	{"no space later", PWRITE, ENOSPC, 5},
	{"head not synced", FDATASYNC, EIO, 0},
	{"record not synced", FDATASYNC, EIO, 1},
	{"folder not synced", FSYNC, EIO, 0},
	{"read-only", PWRITE, EROFS, 3},
	{"short writes", SHORT_PWRITE, 0, 0},
	{"interrupted", PWRITE, EINTR, 1},
};

Test(faults, lose_nothing_that_was_committed)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];
		struct store *store = bad_store();
		struct record last = ban_of("192.0.2.1", 20);

		set_fault(r->call, r->error, r->skip, 7);
		put_numbers(store, 0, 10);
		wait_durable(store, store_commit(store, true));
		put_numbers(store, 10, 20);
		put_and_wait(store, &last);
		cr_expect_eq(store_error(store), 0, "%s", r->what);
		cr_expect_eq(store_counts(store).dropped, 0, "%s", r->what);
		store_close(store);
		expect_numbers(0, 21, r->what);
		folder_drop(dir);
		dir = folder_make();
	}
}

Test(faults, are_told_and_nothing_is_durable_meanwhile)
{
	struct store *store = bad_store();

	set_fault(PWRITE, ENOSPC, 0, INT32_MAX);
	put_numbers(store, 0, 100);
	wait_error(store, -ENOSPC);
	cr_expect_eq(store_durable(store), 0);
	cr_expect_gt(store_counts(store).backlog_bytes, 5000);
	set_fault(PWRITE, 0, 0, 0);
	wait_durable(store, 100);
	cr_expect_eq(store_error(store), 0);
	store_close(store);
	expect_numbers(0, 100, "after the disk was full");
}

/* What a try that failed has left in the file is a valid frame or a torn tail to whoever
 * reads it, also when nobody comes to write it again. */
Test(faults, leave_a_journal_that_can_be_read)
{
	struct store *store = bad_store();
	char *copy = folder_make();
	uint8_t *bytes;
	size_t len;

	put_numbers(store, 0, 5);
	wait_durable(store, 5);
	set_fault(PWRITE, ENOSPC, 0, INT32_MAX);
	put_numbers(store, 5, 10);
	wait_error(store, -ENOSPC);
	bytes = file_get(&len, dir, "journal.00000001");
	file_put(copy, "journal.00000001", bytes, len);
	load_at(copy, STORE_READ, &heard);
	cr_expect_eq(heard.count, 5);
	cr_expect(strstr(heard.notes, "dropped an unfinished write"));
	set_fault(CALLS, 0, 0, 0);
	store_close(store);
	expect_numbers(0, 10, "written before the store closed");
	folder_drop(copy);
	free(bytes);
}

Test(faults, in_a_snapshot_leave_everything_as_it_was)
{
	static const enum call calls[] = {OPENAT, PWRITE, FSYNC, RENAMEAT};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct store *store = bad_store();
		struct record ban = ban_of("192.0.2.1", 99);

		put_numbers(store, 0, 5);
		wait_durable(store, 5);
		cr_assert_eq(store_snapshot_begin(store), 0);
		put_numbers(store, 5, 6); /* in the new journal once that is durable */
		wait_durable(store, 6);
		store_snapshot_put(store, &ban);
		/* Refusing for ever stops the journal as well; these are the snapshot's. */
		set_fault(calls[i], EIO, 0, 1);
		store_snapshot_end(store);
		wait_snapshot(store);
		cr_expect_eq(store_counts(store).snapshots, 0, "%zu", i);
		cr_expect_eq(store_counts(store).snapshot_error, -EIO, "%zu", i);
		cr_expect_not(store_wants_snapshot(store));
		cr_expect_not(file_exists(dir, "snapshot.00000002.gdbm"));
		cr_expect_not(file_exists(dir, "snapshot.00000002.gdbm.new"));
		put_numbers(store, 6, 7);
		store_close(store);
		expect_numbers(0, 7, "after a snapshot that failed");
		folder_drop(dir);
		dir = folder_make();
	}
}

Test(faults, in_snapshots_are_tried_again_after_longer_and_longer, .timeout = 600)
{
	struct store *store;
	struct record ban = ban_of("192.0.2.1", 1);
	int64_t began;

	bad_io.pause_ms = 100;
	store = bad_store();
	for (int i = 0; i < 100000; i++)
		store_put(store, &ban);
	wait_durable(store, store_commit(store, true));
	for (int pause = 100; pause <= 800; pause *= 2) {
		cr_assert(store_wants_snapshot(store));
		began = moment_ticks();
		cr_assert_eq(store_snapshot_begin(store), 0);
		wait_durable(store, store_commit(store, true));
		set_fault(RENAMEAT, ENOSPC, 0, 1);
		store_snapshot_end(store);
		wait_snapshot(store);
		cr_expect_eq(store_counts(store).snapshot_error, -ENOSPC);
		while (!store_wants_snapshot(store))
			usleep(10000);
		cr_expect_geq(moment_ticks() - began, pause);
	}
	store_close(store);
}

/* libgdbm makes its own system calls: a limit on the size of files is its full disk. */
Test(faults, in_libgdbm_are_errors_of_the_snapshot)
{
	struct store *store = bad_store();
	struct rlimit limit;
	struct record ban = ban_of("192.0.2.1", 99);

	cr_assert_eq(store_snapshot_begin(store), 0);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = 200000;
	setrlimit(RLIMIT_FSIZE, &limit);
	for (int i = 0; i < 20000; i++)
		store_snapshot_put(store, &ban);
	store_snapshot_end(store);
	wait_snapshot(store);
	cr_expect_eq(store_counts(store).snapshot_error, -EFBIG);
	put_numbers(store, 0, 3);
	store_close(store);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	expect_numbers(0, 3, "after libgdbm failed");
}

/* Every single call of a run fails once, in turn. */
Test(faults, of_any_one_call_lose_nothing)
{
	int calls = 1;

	for (int skip = 0; skip < calls; skip++) {
		struct store *store = bad_store();
		struct record all[8];
		char what[32];

		snprintf(what, sizeof(what), "call %d", skip);
		set_fault(CALLS, EIO, skip, 1);
		put_numbers(store, 0, 4);
		wait_durable(store, 4);
		cr_assert_eq(store_snapshot_begin(store), 0);
		for (uint32_t n = 0; n < 4; n++) {
			all[n] = ban_of("192.0.2.1", n);
			store_snapshot_put(store, &all[n]);
		}
		store_snapshot_end(store);
		put_numbers(store, 4, 8);
		wait_snapshot(store);
		wait_durable(store, store_commit(store, true));
		calls = calls < fault.seen ? fault.seen : calls;
		store_close(store);
		expect_numbers(0, 8, what);
		folder_drop(dir);
		dir = folder_make();
	}
	cr_expect_gt(calls, 10);
}

/* ---- a backlog that is given up ---- */

/* More than STORE_BACKLOG_MAX, while nothing can be written. */
static void overflow(struct store *store)
{
	char line[STORE_TEXT_MAX];
	struct record evidence;

	memset(line, 'x', sizeof(line));
	evidence = evidence_of("192.0.2.1", "");
	evidence.evidence.line = (struct text){line, sizeof(line)};
	for (size_t n = 0; n <= STORE_BACKLOG_MAX / sizeof(line); n++) {
		store_put(store, &evidence);
		store_commit(store, true);
	}
	cr_assert_gt(store_counts(store).dropped, 0);
}

Test(faults, beyond_the_backlog_are_healed_by_a_snapshot)
{
	struct store *store = bad_store();
	struct record bans[3];
	uint64_t ticket;

	set_fault(PWRITE, ENOSPC, 0, INT32_MAX);
	overflow(store);
	put_numbers(store, 0, 2);
	ticket = store_commit(store, true);
	set_fault(PWRITE, 0, 0, 0);
	cr_expect_lt(store_durable(store), ticket);
	cr_expect_neq(store_error(store), 0);
	cr_assert(store_wants_snapshot(store));
	for (uint32_t n = 0; n < 3; n++)
		bans[n] = ban_of("192.0.2.1", n);
	cr_assert_eq(store_snapshot_begin(store), 0);
	put_numbers(store, 3, 4);
	for (uint32_t n = 0; n < 3; n++)
		store_snapshot_put(store, &bans[n]);
	store_snapshot_end(store);
	wait_snapshot(store);
	wait_durable(store, store_commit(store, true));
	cr_expect_not(store_wants_snapshot(store));
	cr_expect_eq(store_counts(store).snapshot_error, 0);
	cr_expect_eq(store_error(store), 0);
	store_close(store);
	expect_numbers(0, 4, "after the snapshot");
}

/* The journal after the gap is kept, but a position in it is ahead of what was given up. */
Test(faults, beyond_the_backlog_do_not_move_a_position_ahead)
{
	struct store *store = bad_store();
	struct record before = position_of(1, 100), after = position_of(1, 900),
		      ban = ban_of("192.0.2.7", 1), offence = offence_of("192.0.2.8", 1);

	put_and_wait(store, &before);
	set_fault(PWRITE, ENOSPC, 0, INT32_MAX);
	overflow(store);
	set_fault(PWRITE, 0, 0, 0);
	cr_assert_eq(store_snapshot_begin(store), 0);
	store_put(store, &ban);
	store_put(store, &offence);
	store_put(store, &after);
	store_commit(store, true);
	store_close(store); /* the snapshot was never ended */
	load_at(dir, STORE_READ, &heard);
	cr_expect(strstr(heard.records, "position 1 1 100 "));
	cr_expect_not(strstr(heard.records, "position 1 1 900 "));
	cr_expect_not(strstr(heard.records, "offence"));
	cr_expect(strstr(heard.records, "ban 192.0.2.7 "));
	/* The next process has read the lines again: its positions are good. */
	store = store_at(dir, &heard);
	put_and_wait(store, &after);
	store_close(store);
	load_at(dir, STORE_READ, &heard);
	cr_expect(strstr(heard.records, "position 1 1 900 "));
}

Test(faults, that_stick_to_the_journals_file_are_left_behind_with_it)
{
	struct store *store = bad_store();
	struct record bans[2] = {ban_of("192.0.2.1", 0), ban_of("192.0.2.1", 1)};

	put_and_wait(store, &bans[0]);
	set_fault(FDATASYNC, EIO, 0, INT32_MAX);
	store_put(store, &bans[1]);
	store_commit(store, true);
	wait_error(store, -EIO);
	cr_expect(store_wants_snapshot(store));
	cr_assert_eq(store_snapshot_begin(store), 0);
	store_snapshot_put(store, &bans[0]);
	store_snapshot_put(store, &bans[1]);
	set_fault(FDATASYNC, EIO, 1, 0);
	store_snapshot_end(store);
	wait_snapshot(store);
	wait_durable(store, 2);
	cr_expect_eq(store_error(store), 0);
	store_close(store);
	expect_numbers(0, 2, "in the snapshot");
}

/* What waits fits before a snapshot does, and that would give it up. */
Test(faults, for_want_of_room_do_not_ask_for_more)
{
	struct store *store = bad_store();
	struct record ban = ban_of("192.0.2.1", 1);

	for (int i = 0; i < 100000; i++)
		store_put(store, &ban);
	wait_durable(store, store_commit(store, true));
	cr_assert(store_wants_snapshot(store));
	set_fault(PWRITE, ENOSPC, 0, INT32_MAX);
	store_put(store, &ban);
	store_commit(store, true);
	wait_error(store, -ENOSPC);
	cr_expect_not(store_wants_snapshot(store));
	set_fault(PWRITE, 0, 0, 0);
	wait_durable(store, 2);
	cr_expect(store_wants_snapshot(store));
	cr_expect_eq(store_counts(store).dropped, 0);
	store_close(store);
}

Test(faults, leave_a_head_behind_that_is_in_nobodys_way)
{
	struct store *store = bad_store();

	file_put(dir, "journal.00000001", "banish-j", 8);
	put_numbers(store, 0, 3);
	wait_durable(store, 3);
	store_close(store);
	expect_numbers(0, 3, "behind what a try has left");
}

Test(faults, do_not_delete_what_somebody_has_written)
{
	struct store *store = bad_store();
	char bytes[100] = "banish-j";

	file_put(dir, "journal.00000001", bytes, sizeof(bytes));
	put_numbers(store, 0, 1);
	wait_error(store, -EEXIST);
	cr_expect(file_exists(dir, "journal.00000001"));
	bad_io.stop_ms = 1;
	store_close(store);
	bad_io.stop_ms = 3600 * 1000;
}

Test(faults, do_not_keep_the_store_from_closing, .timeout = 600)
{
	struct store *store;

	bad_io.stop_ms = 50;
	store = bad_store();
	set_fault(PWRITE, ENOSPC, 0, INT32_MAX);
	put_numbers(store, 0, 3);
	cr_assert_eq(store_snapshot_begin(store), 0);
	store_snapshot_end(store);
	store_close(store);
	cr_expect_eq(io_system.stop_ms, 5000, "as the door promises");
}
