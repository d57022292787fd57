/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "tests/judge/court.h"

#define A "198.51.100.1"

struct step {
	const char *address;
	int64_t time; /* against NOW */
	enum judge_verdict verdict;
	unsigned count; /* that the answer says */
};

static void play(const struct step *steps, size_t count, bool live, int64_t now)
{
	struct judge *judge = court_new(100, 100);

	for (size_t i = 0; i < count; i++) {
		struct offence offence = {.prefix = court_prefix(steps[i].address),
					  .jail = 1,
					  .time = NOW + steps[i].time,
					  .live = live};
		enum judge_verdict verdict;
		struct ban ban = {0};
		int64_t time;

		if (steps[i].time == TIME_NONE)
			offence.time = TIME_NONE;
		verdict =
			judge_offence(judge, &offence, live ? offence.time : now, &ban, &time);
		cr_expect_eq(verdict, steps[i].verdict, "step %zu: %d", i, (int)verdict);
		cr_expect_eq(ban.count, steps[i].count, "step %zu: count %u", i, ban.count);
	}
	judge_free(judge);
}

#define PLAY(steps, live, now) play(steps, sizeof(steps) / sizeof(*(steps)), live, now)

Test(offences, ban_at_the_last_of_maxretry_and_count_anew_after)
{
	static const struct step steps[] = {
		{A, 0, JUDGE_COUNTED, 1},
		{A, SECOND, JUDGE_COUNTED, 2},
		{A, 2 * SECOND, JUDGE_BANNED, 3},
		{A, 3 * SECOND, JUDGE_COUNTED, 1},
		{A, 4 * SECOND, JUDGE_COUNTED, 2},
		{A, 5 * SECOND, JUDGE_EXTENDED, 6},
		{"198.51.100.2", 5 * SECOND, JUDGE_COUNTED, 1},
	};

	PLAY(steps, true, 0);
}

Test(offences, count_in_a_window_that_slides)
{
	static const struct step steps[] = {
		{A, 0, JUDGE_COUNTED, 1},
		{A, 6 * MINUTE, JUDGE_COUNTED, 2},
		{A, 10 * MINUTE + 1, JUDGE_COUNTED, 2},
		{A, 16 * MINUTE + 1, JUDGE_COUNTED, 2},
		{A, 20 * MINUTE + 1, JUDGE_BANNED, 3},
	};

	PLAY(steps, true, 0);
}

Test(offences, both_ends_of_the_window_are_inside)
{
	static const struct step steps[] = {
		{A, 0, JUDGE_COUNTED, 1},
		{A, 5 * MINUTE, JUDGE_COUNTED, 2},
		{A, 10 * MINUTE, JUDGE_BANNED, 3},
	};

	PLAY(steps, true, 0);
}

Test(offences, count_in_any_order_of_their_times)
{
	static const struct step steps[] = {
		{A, -1 * SECOND, JUDGE_COUNTED, 1},
		{A, -9 * MINUTE, JUDGE_COUNTED, 2},
		{A, -5 * MINUTE, JUDGE_BANNED, 3},
	};
	static const struct step apart[] = {
		{A, -9 * MINUTE, JUDGE_COUNTED, 1},
		{A, MINUTE - 1, JUDGE_COUNTED, 2},
		{A, MINUTE, JUDGE_BANNED, 3},
	};
	static const struct step too_far[] = {
		{A, -9 * MINUTE, JUDGE_COUNTED, 1},
		{A, -9 * MINUTE - 2, JUDGE_COUNTED, 2},
		{A, MINUTE - 1, JUDGE_COUNTED, 2},
		{A, -9 * MINUTE - 2, JUDGE_OLD, 0},
	};

	PLAY(steps, false, NOW);
	PLAY(apart, false, NOW);
	PLAY(too_far, false, NOW);
}

Test(offences, found_at_start_count_by_their_own_time)
{
	static const struct step steps[] = {
		{A, -10 * MINUTE - 1, JUDGE_OLD, 0}, {A, TIME_NONE, JUDGE_OLD, 0},
		{A, MINUTE + 1, JUDGE_OLD, 0},	     {A, -10 * MINUTE, JUDGE_COUNTED, 1},
		{A, -5 * MINUTE, JUDGE_COUNTED, 2},  {A, MINUTE, JUDGE_COUNTED, 2},
		{A, -1 * SECOND, JUDGE_BANNED, 3},
	};

	PLAY(steps, false, NOW);
}

Test(offences, live_ones_count_by_their_time_when_it_is_near)
{
	static const struct {
		int64_t time, counted;
	} rows[] = {
		{NOW, NOW},
		{NOW - MINUTE, NOW - MINUTE},
		{NOW + MINUTE, NOW + MINUTE},
		{NOW - MINUTE - 1, NOW},
		{NOW + MINUTE + 1, NOW},
		{TIME_NONE, NOW},
		{INT64_MAX, NOW},
		{INT64_MIN + 1, NOW},
	};
	struct judge *judge = court_new(100, 100);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct offence offence = {.prefix = court_prefix(A),
						.jail = 2,
						.time = rows[i].time,
						.live = true};
		struct ban ban;
		int64_t time;

		judge_offence(judge, &offence, NOW, &ban, &time);
		cr_expect_eq(time, rows[i].counted, "row %zu", i);
		cr_expect_geq(ban.until, ban.since + HOUR, "row %zu", i);
		cr_expect_leq(ban.until, NOW + HOUR, "row %zu", i);
	}
	judge_free(judge);
}

Test(offences, a_ban_that_would_be_over_is_not_made)
{
	const struct judge_jail jail = {1, 2, 10 * MINUTE, MINUTE, 64, NULL, 0, {0}, false};
	static const struct {
		int64_t time;
		enum judge_verdict verdict;
	} rows[] = {
		{-5 * MINUTE, JUDGE_COUNTED},
		{-5 * MINUTE, JUDGE_OLD},
		{-30 * SECOND, JUDGE_COUNTED},
		{-20 * SECOND, JUDGE_BANNED},
	};
	struct judge *judge = court_new(100, 100);
	struct ban ban = {0};
	int64_t time;

	judge_set_jails(judge, &jail, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct offence offence = {court_prefix(A), 1, NOW + rows[i].time, false};

		cr_expect_eq(judge_offence(judge, &offence, NOW, &ban, &time), rows[i].verdict,
			     "row %zu", i);
	}
	cr_expect_eq(ban.since, NOW - 20 * SECOND);
	cr_expect_eq(ban.until, NOW + 40 * SECOND);
	judge_free(judge);
}

Test(offences, a_clock_set_back_does_not_stop_the_counting)
{
	struct judge *judge = court_new(100, 100);

	cr_expect_eq(court_live(judge, A, NOW + 24 * HOUR), JUDGE_COUNTED);
	cr_expect_eq(court_live(judge, A, NOW + 24 * HOUR), JUDGE_COUNTED);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_COUNTED);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_COUNTED);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_BANNED);
	judge_free(judge);
}

Test(offences, an_extended_ban_keeps_its_beginning_and_the_later_end)
{
	struct judge *judge = court_new(100, 100);
	struct ban ban = court_ban(2, A, TIME_FOREVER);
	const struct offence offence = {ban.prefix, 2, NOW + MINUTE, true};
	int64_t time;

	ban.reason = 7;
	cr_expect_eq(judge_put(judge, &ban), 0);
	cr_expect_eq(judge_offence(judge, &offence, NOW + MINUTE, &ban, &time), JUDGE_EXTENDED);
	cr_expect_eq(ban.until, TIME_FOREVER);
	cr_expect_eq(ban.since, NOW);
	cr_expect_eq(ban.reason, 7u);
	cr_expect_eq(ban.count, 1u);

	ban.until = NOW + 2 * MINUTE;
	ban.count = UINT32_MAX;
	cr_expect_eq(judge_put(judge, &ban), 1);
	cr_expect_eq(judge_offence(judge, &offence, NOW + MINUTE, &ban, &time), JUDGE_EXTENDED);
	cr_expect_eq(ban.until, NOW + MINUTE + HOUR);
	cr_expect_eq(ban.count, UINT32_MAX);
	judge_free(judge);
}

Test(offences, without_room_they_stand_until_there_is_some)
{
	struct judge *judge = court_new(1, 100);
	struct ban ban = court_ban(9, "203.0.113.1", NOW + HOUR);

	cr_expect_eq(judge_put(judge, &ban), 0);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_COUNTED);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_COUNTED);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_FULL);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_FULL);
	cr_expect(judge_undo(judge, 9, &ban.prefix, NULL));
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_BANNED);
	cr_expect_eq(judge_counts(judge).full, 2u);
	ban = court_ban(9, "203.0.113.1", NOW + HOUR);
	cr_expect_eq(judge_put(judge, &ban), -ENOSPC);
	judge_free(judge);
}

Test(offences, ipv6_counts_by_prefix)
{
	static const struct step steps[] = {
		{"2001:db8::1", 0, JUDGE_COUNTED, 1},
		{"2001:db8::2", 0, JUDGE_COUNTED, 2},
		{"2001:db8:0:1::1", 0, JUDGE_COUNTED, 1},
		{"2001:db8::3:4:5:6", 0, JUDGE_BANNED, 3},
	};

	PLAY(steps, true, 0);
}

Test(offences, beside_an_ignored_address_ipv6_counts_alone)
{
	static const struct step steps[] = {
		{"2001:db8:5::7", 0, JUDGE_IGNORED, 0}, {"2001:db8:5::8", 0, JUDGE_COUNTED, 1},
		{"2001:db8:5::9", 0, JUDGE_COUNTED, 1}, {"2001:db8:5::8", 0, JUDGE_COUNTED, 2},
		{"2001:db8:5::8", 0, JUDGE_BANNED, 3},	{"2001:db8:5::9", 0, JUDGE_COUNTED, 2},
	};
	struct judge *judge = court_new(100, 100);
	struct prefix address = court_prefix("2001:db8:5::8"), subject;

	PLAY(steps, true, 0);
	subject = judge_subject(judge, 1, &address);
	cr_expect(prefix_equal(&subject, &address));
	address = court_prefix("2001:db8:6::8");
	subject = judge_subject(judge, 1, &address);
	cr_expect_eq(subject.len, 64);
	subject = judge_subject(judge, 3, &address);
	cr_expect_eq(subject.len, 56);
	subject = judge_subject(judge, 99, &address);
	cr_expect_eq(subject.len, 128);
	judge_free(judge);
}

Test(offences, of_a_jail_that_is_not_there_or_gone_say_so)
{
	const struct judge_jail jail = {2, 3, MINUTE, MINUTE, 64, NULL, 0, {0}, false};
	const struct offence offence = {court_prefix(A), 99, NOW, true};
	struct judge *judge = court_new(100, 100);
	struct ban ban;
	int64_t time;

	cr_expect_eq(judge_offence(judge, &offence, NOW, &ban, &time), JUDGE_UNKNOWN);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_COUNTED);
	cr_expect_eq(judge_set_jails(judge, &jail, 1), 0);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_UNKNOWN);
	cr_expect_eq(judge_count(judge, 1, &offence.prefix, NOW), 1u);
	cr_expect_eq(judge_set_jails(judge, NULL, 0), 0);
	cr_expect_eq(judge_count(judge, 1, &offence.prefix, NOW), 1u);
	cr_expect_eq(judge_count(judge, 1, &offence.prefix, NOW + HOUR), 0u);
	judge_free(judge);
}

Test(offences, of_a_jail_whose_maxretry_was_lowered_count_on)
{
	const struct judge_jail jail = {1, 2, 10 * MINUTE, HOUR, 64, NULL, 0, {0}, false};
	struct judge *judge = court_new(100, 100);

	court_live(judge, A, NOW);
	court_live(judge, A, NOW);
	judge_set_jails(judge, &jail, 1);
	cr_expect_eq(court_live(judge, A, NOW), JUDGE_BANNED);
	judge_free(judge);
}

Test(offences, a_maxretry_of_a_thousand_works)
{
	struct judge *judge = court_new(100, 100);
	struct offence offence = {court_prefix(A), 3, 0, true};
	enum judge_verdict verdict;
	struct ban ban;
	int64_t time;

	/* 3.6 s apart a thousand fit into the hour, its first and last included. */
	for (int i = 0; i < 999; i++) {
		offence.time = NOW + i * 3600;
		verdict = judge_offence(judge, &offence, offence.time, &ban, &time);
		cr_assert_eq(verdict, JUDGE_COUNTED, "%d", i);
		cr_assert_eq(ban.count, (unsigned)i + 1);
	}
	offence.time = NOW + 999 * 3600;
	verdict = judge_offence(judge, &offence, offence.time, &ban, &time);
	cr_expect_eq(verdict, JUDGE_BANNED);
	cr_expect_eq(ban.until, TIME_FOREVER);
	cr_expect_eq(judge_next_end(judge), TIME_FOREVER);
	judge_free(judge);
}
