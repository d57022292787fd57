/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "tests/judge/court.h"

#define A "198.51.100.1"

static char *numbered(char *text, unsigned i)
{
	sprintf(text, "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
	return text;
}

Test(ledger, offences_age_out_of_the_window)
{
	struct judge *judge = court_new(100, 100);
	struct prefix prefix = court_prefix(A);

	court_live(judge, A, NOW);
	court_live(judge, A, NOW + MINUTE);
	cr_expect_eq(judge_count(judge, 1, &prefix, NOW + 10 * MINUTE), 2u);
	cr_expect_eq(judge_count(judge, 1, &prefix, NOW + 10 * MINUTE + 1), 1u);
	cr_expect_eq(judge_count(judge, 1, &prefix, NOW + 11 * MINUTE + 1), 0u);
	judge_free(judge);
}

Test(ledger, the_quietest_account_is_forgotten_for_a_new_one)
{
	struct judge *judge = court_new(100, 3);
	struct prefix prefix;

	court_live(judge, "10.0.0.1", NOW);
	court_live(judge, "10.0.0.2", NOW);
	court_live(judge, "10.0.0.3", NOW);
	court_live(judge, "10.0.0.1", NOW + 1);
	cr_expect_eq(judge_counts(judge).forgotten, 0u);
	court_live(judge, "10.0.0.4", NOW + 2);
	cr_expect_eq(judge_counts(judge).forgotten, 1u);
	cr_expect_eq(judge_counts(judge).accounts, 3u);
	prefix = court_prefix("10.0.0.2");
	cr_expect_eq(judge_count(judge, 1, &prefix, NOW + 2), 0u);
	prefix = court_prefix("10.0.0.1");
	cr_expect_eq(judge_count(judge, 1, &prefix, NOW + 2), 2u);
	judge_free(judge);
}

Test(ledger, what_no_longer_counts_is_cleared_and_not_forgotten)
{
	struct judge *judge = court_new(100, 1000);
	char text[32];

	for (unsigned i = 0; i < 100; i++)
		court_live(judge, numbered(text, i), NOW);
	cr_expect_eq(judge_counts(judge).accounts, 100u);
	for (unsigned i = 0; i < 100; i++)
		court_live(judge, numbered(text, 1000 + i), NOW + HOUR);
	cr_expect_eq(judge_counts(judge).accounts, 100u);
	cr_expect_eq(judge_counts(judge).forgotten, 0u);
	judge_free(judge);
}

Test(ledger, a_flood_of_strangers_is_bounded)
{
	struct judge *judge = court_new(100, 1000);
	char text[32];

	for (unsigned i = 0; i < 100000; i++)
		cr_assert_eq(court_live(judge, numbered(text, i), NOW + i), JUDGE_COUNTED);
	cr_expect_eq(judge_counts(judge).accounts, 1000u);
	cr_expect_eq(judge_counts(judge).forgotten, 99000u);
	judge_free(judge);
}

Test(ledger, times_in_all_are_bounded_too)
{
	struct judge *judge = court_new(100, 100);
	struct offence offence = {.jail = 3, .live = true};
	struct prefix prefix = court_prefix("10.0.0.1");
	uint64_t cursor = 0;
	uint32_t jail;
	unsigned held = 0;
	struct ban ban;
	int64_t time;
	char text[32];

	for (unsigned i = 0; i < 100 * 500; i++) {
		offence.prefix = court_prefix(numbered(text, i / 500));
		offence.time = NOW + i;
		cr_assert_eq(judge_offence(judge, &offence, NOW + i, &ban, &time),
			     JUDGE_COUNTED);
		cr_assert_eq(ban.count, i % 500 + 1);
	}
	while (judge_each_offence(judge, &cursor, &jail, &prefix, &time))
		held++;
	cr_expect_leq(held, 4096u);
	cr_expect_gt(held, 3000u);
	cr_expect_gt(judge_counts(judge).forgotten, 80u);
	judge_free(judge);
}

Test(ledger, no_accounts_at_all_still_bans_at_once)
{
	struct judge *judge = court_new(100, 0);
	struct offence offence = {court_prefix(A), 2, NOW, true};
	struct ban ban;
	int64_t time;

	cr_expect_eq(court_live(judge, A, NOW), JUDGE_COUNTED);
	cr_expect_eq(judge_counts(judge).forgotten, 1u);
	cr_expect_eq(judge_offence(judge, &offence, NOW, &ban, &time), JUDGE_BANNED);
	judge_free(judge);
}

Test(ledger, put_back_from_disk_in_any_order_it_counts_on)
{
	struct judge *judge = court_new(100, 100);
	struct prefix prefix = court_prefix(A);

	judge_put_offence(judge, 1, &prefix, NOW - MINUTE);
	judge_put_offence(judge, 1, &prefix, NOW - 2 * MINUTE);
	judge_put_offence(judge, 1, &prefix, NOW - 3 * MINUTE);
	judge_put_offence(judge, 1, &prefix, NOW - HOUR);
	judge_put_offence(judge, 77, &prefix, NOW);
	cr_expect_eq(judge_count(judge, 1, &prefix, NOW), 2u, "maxretry - 1, the latest");
	cr_expect_eq(judge_counts(judge).live, 0u);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_BANNED);
	judge_free(judge);
}

Test(ledger, a_ban_by_hand_or_its_end_starts_from_zero)
{
	struct judge *judge = court_new(100, 100);
	struct ban ban = court_ban(1, A, NOW + HOUR), out;

	court_live(judge, A, NOW);
	cr_expect_eq(judge_put(judge, &ban), 0);
	cr_expect_eq(judge_count(judge, 1, &ban.prefix, NOW), 0u);
	court_live(judge, A, NOW);
	cr_expect(judge_undo(judge, 1, &ban.prefix, &out));
	cr_expect_eq(out.until, NOW + HOUR);
	cr_expect_eq(judge_count(judge, 1, &ban.prefix, NOW), 0u);
	court_live(judge, A, NOW);
	cr_expect_not(judge_undo(judge, 1, &ban.prefix, &out));
	cr_expect_eq(judge_count(judge, 1, &ban.prefix, NOW), 0u);
	judge_free(judge);
}

Test(ledger, each_offence_is_seen_while_others_come_and_go)
{
	struct judge *judge = court_new(100, 100);
	unsigned seen = 0, target = 0;
	struct prefix prefix;
	uint64_t cursor = 0;
	uint32_t jail;
	int64_t time;
	char text[32];

	for (unsigned i = 0; i < 50; i++)
		court_live(judge, numbered(text, i), NOW + i);
	while (judge_each_offence(judge, &cursor, &jail, &prefix, &time)) {
		cr_expect_eq(jail, 1u);
		seen++;
		if (prefix.addr[1] == 0) {
			cr_expect_eq(time, NOW + prefix.addr[3]);
			target++;
		}
		/* A new one comes and one already seen goes. */
		court_live(judge, numbered(text, 70000 + seen), NOW + 50);
		judge_undo(judge, 1, &prefix, NULL);
		cr_assert_lt(seen, 200u);
		if (seen == 60)
			break;
	}
	cr_expect_eq(target, 50u);
	judge_free(judge);
}
