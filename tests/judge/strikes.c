/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bans that grow with each repetition; how much, tests/strikes compares with fail2ban. */
#include <math.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "judge/increment.h"
#include "tests/judge/court.h"

#define A "198.51.100.1"
#define B "198.51.100.2"

static struct judge *doubling(uint32_t bans, unsigned maxretry)
{
	const struct judge_limits limits = {.bans = bans, .accounts = 100};
	const struct increment rule = {.on = true, .factor = 1, .maxtime = TIME_FOREVER};
	const struct judge_jail jails[] = {
		{1, maxretry, 10 * MINUTE, HOUR, 64, NULL, 0, rule, false},
		{2, 1, 10 * MINUTE, HOUR, 64, NULL, 0, {0}, false},
	};
	struct judge *judge;

	cr_assert_eq(judge_new(&judge, &limits), 0);
	cr_assert_eq(judge_set_jails(judge, jails, 2), 0);
	return judge;
}

static struct ban offend(struct judge *judge, uint32_t jail, const char *address, int64_t at,
			 enum judge_verdict expected)
{
	const struct offence offence = {
		.prefix = court_prefix(address), .jail = jail, .time = at, .live = true};
	struct ban ban, over;
	int64_t time;

	while (judge_expire(judge, at, &over))
		;
	cr_expect_eq(judge_offence(judge, &offence, at, &ban, &time), expected);
	return ban;
}

static const struct {
	const char *what;
	struct increment rule;
	int64_t bantime;
	unsigned count;
	int64_t expected;
} lengths[] = {
	{"twice", {.factor = 1, .maxtime = TIME_FOREVER}, HOUR, 1, 2 * HOUR},
	{"20 times", {.factor = 1, .maxtime = TIME_FOREVER}, HOUR, 20, HOUR << 20},
	{"and no more", {.factor = 1, .maxtime = TIME_FOREVER}, HOUR, UINT32_MAX, HOUR << 20},
	{"100 years", {.factor = 1e9, .maxtime = TIME_FOREVER}, 36500 * DAY, 9, TIME_FOREVER},
	{"at most 100 years", {.factor = 1e9, .maxtime = 36500 * DAY}, DAY, 20, 36500 * DAY},
	{"a power that no number holds",
	 {.exponential = true, .factor = 1e9, .maxtime = TIME_FOREVER},
	 1,
	 UINT32_MAX,
	 TIME_FOREVER},
	{"the last multiplier",
	 {.factor = 1,
	  .maxtime = TIME_FOREVER,
	  .multipliers = {1, 5, 7},
	  .multiplier_count = 3},
	 HOUR,
	 UINT32_MAX,
	 7 * HOUR},
	{"multipliers that overflow",
	 {.factor = 1e9,
	  .maxtime = TIME_FOREVER,
	  .multipliers = {1000000000},
	  .multiplier_count = 1},
	 36500 * DAY,
	 1,
	 TIME_FOREVER},
	{"never shorter by a formula",
	 {.factor = 0.001, .maxtime = TIME_FOREVER},
	 HOUR,
	 1,
	 HOUR},
	{"nothing known of the end of numbers",
	 {.factor = 1, .maxtime = TIME_FOREVER, .rndtime = TIME_FOREVER},
	 TIME_FOREVER - 1,
	 1,
	 TIME_FOREVER},
};

Test(strikes, make_lengths_that_saturate)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		cr_expect_eq(increment_bantime(&lengths[i].rule, lengths[i].bantime,
					       lengths[i].count, UINT64_MAX),
			     lengths[i].expected, "%s", lengths[i].what);
}

Test(strikes, add_less_than_rndtime_at_random)
{
	const struct increment rule = {.factor = 1, .maxtime = HOUR, .rndtime = MINUTE};

	cr_expect_eq(increment_bantime(&rule, HOUR, 1, 0), HOUR);
	cr_expect_eq(increment_bantime(&rule, HOUR, 1, UINT64_C(1) << 63), HOUR + MINUTE / 2);
	cr_expect_leq(increment_bantime(&rule, HOUR, 1, UINT64_MAX), HOUR + MINUTE);
}

Test(strikes, are_remembered_for_three_lengths_and_the_age)
{
	struct judge *judge = doubling(100, 1);
	struct prefix prefix = court_prefix(A);
	struct judge_strike strike;

	judge_set_age(judge, DAY);
	cr_expect_eq(offend(judge, 1, A, NOW, JUDGE_BANNED).strikes, 1);
	offend(judge, 2, B, NOW + HOUR, JUDGE_BANNED);
	cr_assert(judge_find_strike(judge, 1, &prefix, &strike));
	cr_expect_eq(strike.count, 1u);
	cr_expect_eq(strike.since, NOW);
	cr_expect_eq(strike.until, NOW + HOUR);
	cr_expect_eq(offend(judge, 1, A, NOW + 3 * HOUR + DAY, JUDGE_BANNED).strikes, 2);
	judge_free(judge);
	judge = doubling(100, 1);
	offend(judge, 1, A, NOW, JUDGE_BANNED);
	cr_expect_eq(offend(judge, 1, A, NOW + 3 * HOUR + DAY + 1, JUDGE_BANNED).strikes, 1);
	judge_free(judge);
}

Test(strikes, of_a_live_ban_take_no_other_place)
{
	struct judge *judge = doubling(100, 1);
	struct ban ban = offend(judge, 1, A, NOW, JUDGE_BANNED);

	cr_expect_eq(judge_counts(judge).past, 0u);
	ban = offend(judge, 1, A, NOW + 2 * HOUR, JUDGE_BANNED);
	cr_expect_eq(ban.strikes, 2);
	cr_expect_eq(ban.until - ban.since, 2 * HOUR);
	cr_expect_eq(judge_counts(judge).past, 0u);
	judge_free(judge);
}

Test(strikes, stand_still_while_a_ban_is_extended)
{
	struct judge *judge = doubling(100, 1);
	struct ban ban;

	offend(judge, 1, A, NOW, JUDGE_BANNED);
	for (int i = 1; i < 9; i++) {
		ban = offend(judge, 1, A, NOW + i * MINUTE, JUDGE_EXTENDED);
		cr_expect_eq(ban.strikes, 1);
		cr_expect_eq(ban.until, NOW + i * MINUTE + HOUR);
	}
	judge_free(judge);
}

Test(strikes, are_forgotten_by_an_unban)
{
	struct judge *judge = doubling(100, 1);
	struct prefix prefix = court_prefix(A);

	offend(judge, 1, A, NOW, JUDGE_BANNED);
	offend(judge, 1, A, NOW + 2 * HOUR, JUDGE_BANNED);
	cr_expect(judge_undo(judge, 1, &prefix, NULL));
	cr_expect_eq(offend(judge, 1, A, NOW + 3 * HOUR, JUDGE_BANNED).strikes, 1);
	offend(judge, 2, B, NOW + 9 * HOUR, JUDGE_BANNED);
	cr_expect(judge_forgive(judge, 1, &prefix));
	cr_expect_not(judge_forgive(judge, 1, &prefix));
	cr_expect_eq(offend(judge, 1, A, NOW + 10 * HOUR, JUDGE_BANNED).strikes, 1);
	judge_free(judge);
}

Test(strikes, outlive_a_ban_by_hand)
{
	struct judge *judge = doubling(100, 1);
	struct ban by_hand = court_ban(1, A, NOW + 3 * HOUR);

	offend(judge, 1, A, NOW - HOUR / 2, JUDGE_BANNED);
	cr_expect_eq(judge_put(judge, &by_hand), 1);
	cr_expect_eq(judge_at(judge, judge_first(judge, &by_hand.prefix))->strikes, 0);
	cr_expect_eq(offend(judge, 1, A, NOW + 4 * HOUR, JUDGE_BANNED).strikes, 2);
	judge_free(judge);
}

Test(strikes, make_an_offence_weigh_more)
{
	struct judge *judge = doubling(100, 5);
	struct prefix prefix = court_prefix(A);
	int64_t at = NOW;

	for (int i = 0; i < 4; i++)
		offend(judge, 1, A, at, JUDGE_COUNTED);
	offend(judge, 1, A, at, JUDGE_BANNED);
	cr_expect_eq(judge_weight(judge, 1, &prefix, at), 1u, "it led to that ban");
	at += 2 * HOUR;
	cr_expect_eq(judge_weight(judge, 1, &prefix, at), 2u);
	offend(judge, 1, A, at, JUDGE_COUNTED);
	cr_expect_eq(judge_count(judge, 1, &prefix, at), 2u);
	offend(judge, 1, A, at, JUDGE_COUNTED);
	offend(judge, 1, A, at, JUDGE_BANNED);
	at += 9 * HOUR;
	offend(judge, 1, A, at, JUDGE_COUNTED);
	offend(judge, 1, A, at, JUDGE_BANNED);
	at += 99 * HOUR;
	judge_set_age(judge, 100 * DAY);
	offend(judge, 1, A, at, JUDGE_BANNED);
	judge_free(judge);
}

Test(strikes, do_not_make_one_line_a_ban_that_anybody_may_have_sent)
{
	struct judge_jail jail = {.name = 1,
				  .maxretry = 2,
				  .findtime = HOUR,
				  .bantime = HOUR,
				  .prefix6 = 128,
				  .increment = {.on = true, .factor = 1, .maxtime = TIME_FOREVER},
				  .unverified = true};
	struct judge *judge = doubling(100, 2);
	int64_t at = NOW;

	judge_set_age(judge, 100 * DAY);
	cr_assert_eq(judge_set_jails(judge, &jail, 1), 0);
	for (int i = 0; i < 3; i++, at += 24 * HOUR) {
		offend(judge, 1, A, at, JUDGE_COUNTED);
		offend(judge, 1, A, at, JUDGE_BANNED);
	}
	jail.unverified = false;
	cr_assert_eq(judge_set_jails(judge, &jail, 1), 0);
	offend(judge, 1, A, at, JUDGE_BANNED);
	judge_free(judge);
}

/* What the journal says comes back in that order, whenever it is read. */
Test(strikes, come_back_from_disk_as_they_were)
{
	for (int late = 0; late < 2; late++) {
		struct judge *judge = doubling(100, 1), *again = doubling(100, 1);
		struct ban ban, over;
		struct judge_strike strike;
		int64_t at = NOW;

		judge_set_age(again, 100 * DAY);
		for (int i = 1; i <= 3; i++, at += 9 * HOUR) {
			ban = offend(judge, 1, A, at, JUDGE_BANNED);
			ban.strikes = 0; /* on disk it has none */
			judge_put(again, &ban);
			strike = (struct judge_strike){ban.prefix, 1, (unsigned)i, ban.since,
						       ban.until};
			judge_put_strike(again, &strike);
			ban.until += HOUR;
			judge_put(again, &ban);
		}
		if (late)
			at += 9 * HOUR;
		else
			at = ban.since + HOUR;
		while (judge_expire(again, at, &over))
			;
		cr_expect_eq(judge_counts(again).past, late ? 1u : 0u);
		cr_expect_eq(judge_counts(again).live, late ? 0u : 1u);
		if (!late)
			cr_expect_eq(judge_at(again, judge_first(again, &ban.prefix))->strikes,
				     3);
		cr_expect_eq(offend(again, 1, A, at + 99 * HOUR, JUDGE_BANNED).strikes, 4);
		judge_free(judge);
		judge_free(again);
	}
}

Test(strikes, are_bounded_and_what_ends_first_makes_room)
{
	struct judge *judge = doubling(10, 1);
	struct judge_strike strike;
	uint64_t cursor = 0;
	char text[32];
	int64_t at = NOW;
	unsigned seen = 0;

	for (unsigned i = 0; i < 100; i++, at += 2 * HOUR) {
		sprintf(text, "10.0.0.%u", i);
		offend(judge, 1, text, at, JUDGE_BANNED);
	}
	while (judge_each_strike(judge, &cursor, &strike)) {
		cr_expect_geq(strike.since, NOW + 88 * 2 * HOUR);
		seen++;
	}
	cr_expect_eq(seen, judge_counts(judge).past);
	cr_expect_leq(seen, 10u);
	cr_expect_gt(judge_counts(judge).pardoned, 0u);
	judge_free(judge);
}

Test(strikes, count_up_to_their_end)
{
	struct judge *judge = doubling(100, 1);
	struct judge_strike strike = {court_prefix(A), 1, UINT32_MAX, NOW, NOW + HOUR};

	judge_put_strike(judge, &strike);
	cr_expect_eq(offend(judge, 1, A, NOW + 2 * HOUR, JUDGE_BANNED).strikes, UINT16_MAX);
	judge_free(judge);
}
