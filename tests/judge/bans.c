/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "tests/judge/court.h"

#define MANY 1000000u

Test(bans, are_found_by_prefix_in_every_jail)
{
	struct judge *judge = court_new(100, 100);
	struct ban ban;
	uint32_t slot, found = 0;

	for (uint32_t jail = 1; jail <= 4; jail++) {
		ban = court_ban(jail, "203.0.113.0/24", NOW + jail * HOUR);
		cr_assert_eq(judge_put(judge, &ban), 0);
		cr_assert_eq(judge_put(judge, &ban), 1);
	}
	for (slot = judge_first(judge, &ban.prefix); slot != UINT32_MAX;
	     slot = judge_next(judge, slot))
		found |= 1u << judge_at(judge, slot)->jail;
	cr_expect_eq(found, 0x1eu);
	cr_expect(judge_has_length(judge, 4, 24));
	cr_expect_not(judge_has_length(judge, 4, 25));
	cr_expect_not(judge_has_length(judge, 6, 24));
	cr_expect_not(judge_has_length(judge, 6, 1000));
	for (uint32_t jail = 1; jail <= 4; jail++) {
		cr_expect(judge_undo(judge, jail, &ban.prefix, NULL));
		cr_expect_not(judge_undo(judge, jail, &ban.prefix, NULL));
	}
	cr_expect_eq(judge_first(judge, &ban.prefix), UINT32_MAX);
	cr_expect_not(judge_has_length(judge, 4, 24));
	judge_free(judge);
}

/* In every order of coming and going. */
Test(bans, are_alone_when_no_other_jail_has_the_prefix)
{
	struct prefix prefix = court_ban(1, "203.0.113.7", NOW + HOUR).prefix;
	struct judge *judge = court_new(100, 100);
	unsigned random = 1, there = 0;
	struct ban ban;

	for (int i = 0; i < 10000; i++) {
		uint32_t jail = (random = random * 1103515245 + 12345) >> 16 & 3, found = 0;

		ban = court_ban(jail + 1, "203.0.113.7", NOW + HOUR);
		if (there >> jail & 1)
			cr_assert(judge_undo(judge, jail + 1, &prefix, NULL));
		else
			cr_assert_eq(judge_put(judge, &ban), 0);
		there ^= 1u << jail;
		for (uint32_t s = judge_first(judge, &prefix); s != UINT32_MAX;
		     s = judge_next(judge, s)) {
			found |= 1u << (judge_at(judge, s)->jail - 1);
			cr_assert_eq(judge_alone(judge, s), !(there & (there - 1)));
		}
		cr_assert_eq(found, there);
	}
	judge_free(judge);
}

Test(bans, stay_in_their_slot_until_they_end)
{
	struct judge *judge = court_new(100000, 10);
	struct ban ban = court_ban(1, "203.0.113.7", NOW + HOUR);
	struct prefix kept = ban.prefix;
	uint32_t slot;

	judge_put(judge, &ban);
	slot = judge_first(judge, &kept);
	for (uint32_t i = 0; i < 5000; i++) {
		ban = (struct ban){.prefix = kept, .jail = 2, .until = NOW + i};
		memcpy(ban.prefix.addr + 1, &i, 3);
		judge_put(judge, &ban);
		if (i % 3 == 0)
			judge_undo(judge, 2, &ban.prefix, NULL);
	}
	ban = court_ban(1, "203.0.113.7", NOW + 2 * HOUR);
	cr_expect_eq(judge_put(judge, &ban), 1);
	cr_expect_eq(judge_first(judge, &kept), slot);
	cr_expect_eq(judge_at(judge, slot)->until, NOW + 2 * HOUR);
	while (judge_expire(judge, NOW + HOUR, &ban))
		;
	cr_expect_eq(judge_first(judge, &kept), slot);
	cr_expect_eq(judge_counts(judge).live, 1u);
	cr_expect_leq(judge_slots(judge), 3400u, "freed slots are used again");
	cr_expect_null(judge_at(judge, judge_slots(judge)));
	cr_expect(judge_undo(judge, 1, &kept, NULL));
	cr_expect_null(judge_at(judge, slot));
	cr_expect_eq(judge_next(judge, slot), UINT32_MAX);
	judge_free(judge);
}

Test(bans, end_in_order_and_not_before_their_time)
{
	static const int64_t ends[] = {5, 3, TIME_FOREVER, 9, 1, 3, 7};
	struct judge *judge = court_new(100, 100);
	int64_t last = 0;
	unsigned count = 0;
	struct ban ban;

	cr_expect_eq(judge_next_end(judge), TIME_FOREVER);
	for (unsigned i = 0; i < 7; i++) {
		ban = court_ban(i + 1, "203.0.113.7", ends[i]);
		judge_put(judge, &ban);
	}
	cr_expect_eq(judge_next_end(judge), 1);
	cr_expect_not(judge_expire(judge, 0, &ban));
	for (int64_t now = 0; now < 20; now++)
		while (judge_expire(judge, now, &ban)) {
			cr_expect_eq(ban.until, now);
			cr_expect_geq(ban.until, last);
			last = ban.until;
			count++;
		}
	cr_expect_eq(count, 6u);
	cr_expect_eq(judge_next_end(judge), TIME_FOREVER);
	cr_expect_not(judge_expire(judge, INT64_MAX - 1, &ban));
	judge_free(judge);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static uint64_t spread(uint64_t i)
{
	return (i * UINT64_C(0x9e3779b97f4a7c15)) >> 20;
}

static struct ban numbered(uint32_t i, bool six)
{
	struct ban ban = {.prefix = {.family = six ? 6 : 4, .len = six ? 64 : 32},
			  .jail = 1,
			  .since = NOW,
			  .until = NOW + 1 + (int64_t)(spread(i) % (7 * DAY))};

	ban.prefix.addr[0] = 0x20;
	memcpy(ban.prefix.addr + (six ? 2 : 0), &i, 4);
	return ban;
}

Test(bans, a_million_take_little_room_and_time)
{
	size_t before = allocated(), bytes;
	struct judge *judge = court_new(2 * MANY, 256 * 1024);
	double start = seconds(), worst = 0, one;
	int64_t last = 0;
	uint32_t ended = 0;
	struct ban ban;

	for (uint32_t i = 0; i < MANY; i++) {
		ban = numbered(i, i % 4 == 0);
		one = seconds();
		cr_assert_eq(judge_put(judge, &ban), 0);
		one = seconds() - one;
		worst = one > worst ? one : worst;
	}
	bytes = allocated() - before;
	printf("1 M bans: put %.2f s, worst %.1f ms, %.1f bytes a ban\n", seconds() - start,
	       worst * 1e3, (double)bytes / MANY);
	/* A sanitizer's own allocator answers zero. */
	cr_expect_leq(bytes / MANY, 96u);
	start = seconds();
	for (uint32_t i = 0; i < MANY; i++) {
		ban = numbered(i, i % 4 == 0);
		cr_assert_neq(judge_first(judge, &ban.prefix), UINT32_MAX);
	}
	printf("1 M bans: found %.2f s\n", seconds() - start);
	start = seconds();
	while (judge_expire(judge, NOW + 8 * DAY, &ban)) {
		cr_assert_geq(ban.until, last);
		last = ban.until;
		ended++;
	}
	printf("1 M bans: ended %.2f s\n", seconds() - start);
	cr_expect_eq(ended, MANY);
	cr_expect_eq(judge_counts(judge).live, 0u);
	judge_free(judge);
}

Test(bans, are_bounded)
{
	struct judge *judge = court_new(1000, 10);
	struct ban ban;

	for (uint32_t i = 0; i < 1000; i++) {
		ban = numbered(i, false);
		cr_assert_eq(judge_put(judge, &ban), 0);
	}
	ban = numbered(1000, false);
	cr_expect_eq(judge_put(judge, &ban), -ENOSPC);
	ban = numbered(5, false);
	cr_expect_eq(judge_put(judge, &ban), 1);
	cr_expect(judge_undo(judge, 1, &ban.prefix, NULL));
	ban = numbered(1000, false);
	cr_expect_eq(judge_put(judge, &ban), 0);
	judge_free(judge);
}

/* As when the clock was set: what was left is left, in the same order. */
Test(bans, move_with_the_clock)
{
	struct judge *judge = court_new(1000, 100);
	struct prefix prefix = court_prefix("198.51.100.1");
	struct ban ban;
	uint32_t count = 0;

	for (uint32_t i = 0; i < 100; i++) {
		ban = (struct ban){.prefix = court_prefix("10.0.0.1"), .jail = 1};
		ban.prefix.addr[3] = (uint8_t)i;
		ban.since = NOW;
		ban.until = i == 7 ? TIME_FOREVER : NOW + (i * 37 % 100 + 1) * MINUTE;
		judge_put(judge, &ban);
	}
	court_live(judge, "198.51.100.1", NOW);
	court_live(judge, "198.51.100.1", NOW + MINUTE);
	cr_expect_eq(judge_shift(judge, -DAY, NOW - DAY), 1, "the one a minute ahead");
	cr_expect_eq(judge_count(judge, 1, &prefix, NOW - DAY), 2);
	cr_expect_not(judge_expire(judge, NOW - DAY, &ban));
	for (int64_t end = 1; end <= 100; end++)
		while (judge_expire(judge, NOW - DAY + end * MINUTE, &ban)) {
			cr_expect_eq(ban.until, NOW - DAY + end * MINUTE);
			cr_expect_eq(ban.since, NOW - DAY);
			count++;
		}
	cr_expect_eq(count, 99);
	cr_expect_eq(judge_next_end(judge), TIME_FOREVER);
	judge_free(judge);
}
