/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "base/moment.h"
#include "base/steady.h"

#define Y2026 INT64_C(1796000000000)
#define DAY INT64_C(86400000)

Test(steady, goes_on_whatever_the_clock_is_set_to)
{
	static const int64_t jumps[] = {DAY, -DAY, Y2026, -Y2026, 1000, -1000};
	struct steady steady;
	int64_t wall = Y2026, uptime = 5000;

	steady_set(&steady, wall, uptime);
	for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
		int64_t before = steady_now(&steady, uptime);

		uptime += 250;
		wall += 250 + jumps[i];
		cr_expect_eq(steady_look(&steady, wall, uptime), jumps[i]);
		cr_expect_eq(steady_look(&steady, wall, uptime), 0, "told once");
		cr_expect_eq(steady_now(&steady, uptime), before + 250);
		cr_expect_eq(steady_to_wall(&steady, steady_now(&steady, uptime)), wall);
		cr_expect_eq(steady_from_wall(&steady, wall), steady_now(&steady, uptime));
	}
}

Test(steady, takes_small_steps_together_for_a_jump)
{
	struct steady steady;

	steady_set(&steady, Y2026, 0);
	cr_expect_eq(steady_look(&steady, Y2026 + 600, 0), 0);
	cr_expect_eq(steady_look(&steady, Y2026 + 1200, 0), 1200);
}

Test(steady, leaves_what_is_no_time)
{
	struct steady steady = {.ahead = INT64_MAX};

	cr_expect_eq(steady_to_wall(&steady, TIME_NONE), TIME_NONE);
	cr_expect_eq(steady_to_wall(&steady, TIME_FOREVER), TIME_FOREVER);
	cr_expect_eq(steady_to_wall(&steady, 5), TIME_FOREVER - 1, "saturates");
	cr_expect_eq(moment_shift(-5, INT64_MIN), TIME_NONE + 1);
	cr_expect_eq(moment_shift(TIME_NONE + 1, -1), TIME_NONE + 1);
}
