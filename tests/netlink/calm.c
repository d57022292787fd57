/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "netlink/calm.h"

Test(calm, nothing_that_happened_is_never_due)
{
	struct calm c = {0};

	cr_expect_eq(calm_due(&c), INT64_MAX);
}

Test(calm, the_first_is_due_at_once_and_told_once)
{
	struct calm c = {0};

	calm_happened(&c, 1000);
	cr_expect_eq(calm_due(&c), 1000);
	calm_happened(&c, 1001);
	cr_expect_eq(calm_due(&c), 1000);
	calm_told(&c, 1002);
	cr_expect_eq(calm_due(&c), INT64_MAX);
}

Test(calm, what_follows_closely_waits_for_quiet)
{
	struct calm c = {0};

	calm_happened(&c, 1000);
	calm_told(&c, 1000);
	calm_happened(&c, 1005);
	cr_expect_eq(calm_due(&c), 1005 + CALM_QUIET_MS);
	calm_happened(&c, 1015);
	cr_expect_eq(calm_due(&c), 1015 + CALM_QUIET_MS);
}

Test(calm, what_never_is_quiet_is_told_after_a_while)
{
	struct calm c = {0};
	int64_t now;

	calm_happened(&c, 1000);
	calm_told(&c, 1000);
	for (now = 1001; now < 2000; now++)
		calm_happened(&c, now);
	cr_expect_eq(calm_due(&c), 1001 + CALM_LONGEST_MS);
}

Test(calm, what_comes_after_quiet_is_due_at_once)
{
	struct calm c = {0};

	calm_happened(&c, 1000);
	calm_told(&c, 1000);
	calm_happened(&c, 1000 + CALM_QUIET_MS);
	cr_expect_eq(calm_due(&c), 1000 + CALM_QUIET_MS);
}

/* How many are told in `ms` when something happens every `step`. */
static int told_in(int64_t ms, int64_t step)
{
	struct calm c = {0};
	int64_t now;
	int told = 0;

	for (now = 1000; now < 1000 + ms; now++) {
		if ((now - 1000) % step == 0)
			calm_happened(&c, now);
		if (calm_due(&c) <= now) {
			calm_told(&c, now);
			told++;
		}
	}
	return told;
}

Test(calm, in_the_long_run_it_is_told_so_often_and_no_more)
{
	cr_expect_leq(told_in(60000, 30), CALM_BURST + 60000 / CALM_EACH_MS);
	cr_expect_geq(told_in(60000, 30), 60000 / CALM_EACH_MS);
	cr_expect_leq(told_in(60000, 1), CALM_BURST + 60000 / CALM_EACH_MS);
}

Test(calm, what_happens_seldom_is_always_told)
{
	cr_expect_eq(told_in(60000, 1000), 60);
}
