/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A million bans. Times are told (--verbose), not judged: that is what benches are for. */
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/state/fixture.h"

#define BANS 1000000u

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct record numbered_ban(uint32_t n)
{
	struct record ban = {.kind = RECORD_BAN, .ban = {.jail = 1, .since = 1, .until = 2}};

	ban.ban.prefix =
		(struct prefix){4, 32, {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
	return ban;
}

struct tally {
	uint64_t bans;
	uint64_t numbers; /* their sum */
};

static void tally_record(void *arg, const struct record *record)
{
	struct tally *tally = arg;
	const uint8_t *a = record->ban.prefix.addr;

	if (record->kind != RECORD_BAN)
		return;
	tally->bans++;
	tally->numbers += (uint64_t)a[1] << 16 | (uint64_t)a[2] << 8 | a[3];
}

static void no_note(void *arg, const char *text)
{
	(void)arg;
	cr_expect(false, "%s", text);
}

static void expect_all(const char *dir, const char *what)
{
	static const struct store_load load = {.record = tally_record, .note = no_note};
	struct tally tally = {0};
	struct store *store;
	double start = seconds();

	cr_assert_eq(store_open(&store, dir, STORE_READ, &load, &tally), 0);
	cr_log_info("%s loaded in %.3f s", what, seconds() - start);
	store_close(store);
	cr_expect_eq(tally.bans, BANS);
	cr_expect_eq(tally.numbers, (uint64_t)BANS * (BANS - 1) / 2);
}

Test(speed, a_journal_of_a_million_bans, .timeout = 600)
{
	char *dir = folder_make();
	struct heard heard = {0};
	struct store *store = store_at(dir, &heard);
	double start = seconds();

	for (uint32_t n = 0; n < BANS; n++) {
		struct record ban = numbered_ban(n);

		store_put(store, &ban);
		if (n % 100 == 0)
			store_commit(store, false);
	}
	wait_durable(store, store_commit(store, true));
	cr_log_info("journal of a million bans: %.3f s, %lu syncs", seconds() - start,
		    (unsigned long)store_counts(store).syncs);
	store_close(store);
	expect_all(dir, "journal");
	folder_drop(dir);
	free(heard.records);
	free(heard.notes);
}

/* With a durable ban every turn of the loop, as a busy machine has. */
Test(speed, a_snapshot_of_a_million_bans, .timeout = 600)
{
	char *dir = folder_make();
	struct heard heard = {0};
	struct store *store = store_at(dir, &heard);
	struct record mark = name_of(1, "sshd");
	double start = seconds(), worst_put = 0, worst_commit = 0;
	unsigned commits = 0;

	cr_assert_eq(store_snapshot_begin(store), 0);
	for (uint32_t n = 0; n < BANS;) {
		double turn = seconds();

		for (uint32_t slice = 0; slice < 2000; slice++, n++) {
			struct record ban = numbered_ban(n);

			store_snapshot_put(store, &ban);
		}
		worst_put = seconds() - turn > worst_put ? seconds() - turn : worst_put;
	}
	store_snapshot_end(store);
	while (store_snapshot_busy(store)) {
		double turn = seconds();

		put_and_wait(store, &mark);
		commits++;
		worst_commit =
			seconds() - turn > worst_commit ? seconds() - turn : worst_commit;
	}
	cr_log_info("snapshot of a million bans: %.3f s, 2000 records put in %.1f ms at most",
		    seconds() - start, worst_put * 1e3);
	cr_log_info("%u commits meanwhile, the slowest in %.1f ms", commits,
		    worst_commit * 1e3);
	store_seen(store);
	cr_expect_eq(store_counts(store).snapshots, 1);
	store_close(store);
	expect_all(dir, "snapshot");
	folder_drop(dir);
	free(heard.records);
	free(heard.notes);
}
