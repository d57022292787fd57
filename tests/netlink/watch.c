/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <criterion/criterion.h>

#include "netlink/watch.h"

Test(watch, there_is_nothing_to_wait_for_at_first)
{
	struct watch w = {0};
	struct wire_event event;
	uint8_t target;

	cr_expect_eq(watch_wait(&w, 1000), -1);
	cr_expect(!watch_next(&w, &event, &target, 1000));
}

Test(watch, changes_of_addresses_are_told_once_when_it_is_calm)
{
	struct watch w = {.due = 1050};
	struct wire_event event;
	uint8_t target;

	cr_expect_eq(watch_wait(&w, 1000), 50);
	cr_expect(!watch_next(&w, &event, &target, 1049));
	cr_expect_eq(watch_wait(&w, 1060), 0);
	cr_expect(watch_next(&w, &event, &target, 1060));
	cr_expect_eq(event.what, WIRE_ADDRESSES_CHANGED);
	cr_expect(!watch_next(&w, &event, &target, 1060));
	cr_expect_eq(watch_wait(&w, 1060), -1);
}

static struct watch with_target(unsigned number, bool named)
{
	struct watch w = {0};

	w.targets[number].options.kind = OPTIONS_NFT;
	w.targets[number].named = named;
	w.targets[number].pid = 77;
	strcpy(w.targets[number].comm, "nft");
	calm_happened(&w.targets[number].calm, 1000);
	return w;
}

Test(watch, a_removal_is_told_at_once_with_who_it_was)
{
	struct watch w = with_target(5, true);
	struct wire_event event;
	uint8_t target;

	cr_expect_eq(watch_wait(&w, 1000), 0);
	cr_assert(watch_next(&w, &event, &target, 1000));
	cr_expect_eq(event.what, WIRE_REMOVED);
	cr_expect_eq(target, 5);
	cr_expect_eq(event.pid, 77);
	cr_expect_str_eq(event.comm, "nft");
	cr_expect(!watch_next(&w, &event, &target, 1000));
	cr_expect_eq(watch_wait(&w, 1000), -1);
}

Test(watch, a_name_that_is_under_way_is_waited_for_a_moment)
{
	struct watch w = with_target(0, false);
	struct wire_event event;
	uint8_t target;

	cr_expect(!watch_next(&w, &event, &target, 1001));
	cr_expect_gt(watch_wait(&w, 1001), 0);
	cr_expect_leq(watch_wait(&w, 1001), 10);
	cr_expect(watch_next(&w, &event, &target, 1010));
}

Test(watch, targets_of_our_own_table_are_told_when_it_was_made_anew_for_another)
{
	struct watch w = {0};
	struct wire_event event;
	uint8_t target;

	w.targets[1].options.kind = w.targets[2].options.kind = w.targets[3].options.kind =
		OPTIONS_NFT;
	w.targets[3].options.nft_family = 1; /* of the user's */
	w.targets[4].options.kind = OPTIONS_ROUTE;
	watch_own_lost(&w, 1, 1000);
	cr_assert(watch_next(&w, &event, &target, 1000));
	cr_expect_eq(target, 2);
	cr_expect(!watch_next(&w, &event, &target, 1000));
}
