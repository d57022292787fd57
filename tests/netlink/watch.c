/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "netlink/watch.h"

Test(watch, there_is_nothing_to_wait_for_at_first)
{
	struct watch w = {0};

	cr_expect_eq(watch_wait(&w, 1000), -1);
	cr_expect(!watch_told(&w, 1000));
}

Test(watch, changes_are_told_once_when_it_is_calm)
{
	struct watch w = {.due = 1050};

	cr_expect_eq(watch_wait(&w, 1000), 50);
	cr_expect(!watch_told(&w, 1049));
	cr_expect_eq(watch_wait(&w, 1060), 0);
	cr_expect(watch_told(&w, 1060));
	cr_expect(!watch_told(&w, 1060));
	cr_expect_eq(watch_wait(&w, 1060), -1);
}
