/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "netlink/ipset_count.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define NOW (1000 * HOUR)

static struct ipset_count count;

static void put(int64_t now, uint32_t seconds, int how_many)
{
	ipset_count_change(&count, how_many);
	while (how_many--)
		ipset_count_end(&count, now, seconds);
}

TestSuite(ipset_count);

Test(ipset_count, what_somebody_takes_out_is_missing)
{
	ipset_count_start(&count, NOW, 0, true);
	put(NOW, 3600, 1000);
	cr_expect_eq(ipset_count_look(&count, NOW + 10 * SECOND, 1000), 0);
	cr_expect_eq(ipset_count_look(&count, NOW + 20 * SECOND, 999), 1);
	cr_expect_eq(ipset_count_look(&count, NOW + 30 * SECOND, 999), 0, "said once");
	put(NOW + 30 * SECOND, 3600, 500);
	cr_expect_eq(ipset_count_look(&count, NOW + 40 * SECOND, 500), 999);
	ipset_count_free(&count);
}

Test(ipset_count, what_ends_by_itself_and_what_we_take_out_is_not)
{
	int64_t now;
	uint32_t left = 600;

	ipset_count_start(&count, NOW, 0, true);
	put(NOW, 60, 100);
	put(NOW, 120, 200);
	put(NOW, 0, 300);
	for (now = NOW; now < NOW + 200 * SECOND; now += 10 * SECOND) {
		if (now == NOW + 60 * SECOND)
			left -= 100;
		if (now == NOW + 120 * SECOND)
			left -= 200;
		cr_expect_eq(ipset_count_look(&count, now, left), 0, "%ld", (long)(now - NOW));
	}
	ipset_count_change(&count, -50);
	cr_expect_eq(ipset_count_look(&count, now, left - 50), 0);
	cr_expect_eq(ipset_count_look(&count, now, left - 51), 1);
	ipset_count_free(&count);
}

/* The kernel begins a timeout somewhat later than we do, and cuts it to whole seconds. */
Test(ipset_count, an_end_may_come_some_seconds_sooner_or_later)
{
	int64_t end, seen;

	for (end = 1; end < 60; end++) {
		for (seen = end - 2; seen <= end + 2; seen++) {
			ipset_count_start(&count, NOW, 0, true);
			put(NOW, (uint32_t)end, 1);
			cr_expect_eq(ipset_count_look(&count, NOW + (seen - 1) * SECOND, 1), 0);
			cr_expect_eq(ipset_count_look(&count, NOW + seen * SECOND, 0), 0,
				     "%ld seen at %ld", (long)end, (long)seen);
		}
	}
	ipset_count_free(&count);
}

Test(ipset_count, an_end_counts_around_its_time_alone)
{
	ipset_count_start(&count, NOW, 0, true);
	put(NOW, 3600, 10);
	cr_expect_eq(ipset_count_look(&count, NOW + HOUR / 2, 9), 1, "before");
	cr_expect_eq(ipset_count_look(&count, NOW + HOUR, 9), 0);
	cr_expect_eq(ipset_count_look(&count, NOW + HOUR + 60 * SECOND, 9), 0,
		     "it could be now");
	cr_expect_eq(ipset_count_look(&count, NOW + HOUR + 120 * SECOND, 8), 1, "after");
	ipset_count_free(&count);
}

Test(ipset_count, a_refresh_counts_at_both_ends)
{
	ipset_count_start(&count, NOW, 0, true);
	put(NOW, 60, 1);
	ipset_count_end(&count, NOW, 3600); /* the same, refreshed */
	cr_expect_eq(ipset_count_look(&count, NOW + 100 * SECOND, 0), 0, "not sure");
	ipset_count_free(&count);
}

Test(ipset_count, nothing_is_missing_of_what_is_not_known)
{
	ipset_count_start(&count, NOW, 1000, false);
	cr_expect_eq(ipset_count_look(&count, NOW + SECOND, 0), 0);
	ipset_count_start(&count, NOW, 1000, true);
	cr_expect_eq(ipset_count_look(&count, NOW + SECOND, 0), 1000);
	ipset_count_free(&count);
}

Test(ipset_count, a_set_that_others_fill_has_more)
{
	ipset_count_start(&count, NOW, 10, true);
	cr_expect_eq(ipset_count_look(&count, NOW + SECOND, 1000), 0);
	cr_expect_eq(ipset_count_look(&count, NOW + 2 * SECOND, 998), 2);
	ipset_count_free(&count);
}

/* The ring is as long as ipset's longest timeout; time goes round it. */
Test(ipset_count, the_longest_timeout_and_a_year_of_them)
{
	int64_t now = NOW;
	int i;

	ipset_count_start(&count, NOW, 0, true);
	for (i = 0; i < 365 * 24; i++, now += HOUR) {
		put(now, 2147483, 1);
		/* As many as end, from the first on. */
		cr_assert_eq(ipset_count_look(&count, now + SECOND,
					      (uint32_t)(i + 1 < 597 ? i + 1 : 597)),
			     0, "%d", i);
	}
	cr_expect_eq(ipset_count_look(&count, now - HOUR + 2 * SECOND, 0), 597);
	cr_expect_eq(ipset_count_look(&count, now + 100 * 365 * 24 * HOUR, 0), 0,
		     "no end of it");
	ipset_count_free(&count);
}
