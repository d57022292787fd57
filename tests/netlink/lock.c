/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <linux/rtnetlink.h>

#include "netlink/lock.h"

static char names[LOCKS_OF_TARGET][LOCK_NAME_MAX];

Test(lock, targets_are_named_by_what_they_write_to)
{
	struct options nft = {.kind = OPTIONS_NFT},
		       user = {.kind = OPTIONS_NFT, .nft_family = 1},
		       route = {.kind = OPTIONS_ROUTE, .route_table = 254, .protocol = 187},
		       set = {.kind = OPTIONS_IPSET, .name = "b"};

	cr_assert_eq(lock_names(names, &nft), 1);
	cr_expect_str_eq(names[0], "table inet banish");
	cr_expect_eq(lock_names(names, &user), 0, "sets of the user's take several");
	cr_assert_eq(lock_names(names, &route), 1);
	cr_expect_str_eq(names[0], "table 254 protocol 187");
	cr_assert_eq(lock_names(names, &set), 4);
	cr_expect_str_eq(names[0], "ipset b");
	cr_expect_str_eq(names[3], "ipset b6-net");
	memset(set.name6, 'x', 31);
	cr_expect_eq(lock_names(names, &set), 3, "one that cannot be has none");
}

/* A name of this process alone: tests run side by side. */
static struct options one_of(unsigned number)
{
	return (struct options){.kind = OPTIONS_ROUTE,
				.route_table = (uint32_t)getpid(),
				.protocol = (uint8_t)number};
}

Test(lock, only_one_has_it)
{
	static struct locks a, b;
	struct options o = one_of(200), other = one_of(201);
	char where[32] = "";

	cr_expect_eq(locks_take(&a, 0, &o, where, sizeof where), 0);
	cr_expect_eq(locks_take(&b, 0, &o, where, sizeof where), WIRE_FAULT_BUSY);
	cr_expect(strstr(where, "protocol 200"), "%s", where);
	cr_expect_eq(locks_take(&b, 0, &other, where, sizeof where), 0);
	locks_drop(&a, 0);
	cr_expect_eq(locks_take(&b, 1, &o, where, sizeof where), 0);
	cr_expect_eq(locks_take(&a, 0, &o, where, sizeof where), WIRE_FAULT_BUSY);
	locks_drop(&b, 0);
	locks_drop(&b, 1);
	cr_expect_eq(locks_take(&a, 0, &o, where, sizeof where), 0);
	locks_drop(&a, 0);
}

Test(lock, targets_of_one_process_share_it)
{
	static struct locks a, b;
	struct options o = one_of(202);
	char where[32];

	cr_expect_eq(locks_take(&a, 3, &o, where, sizeof where), 0);
	cr_expect_eq(locks_take(&a, 31, &o, where, sizeof where), 0);
	locks_drop(&a, 3);
	cr_expect_eq(locks_take(&b, 0, &o, where, sizeof where), WIRE_FAULT_BUSY);
	locks_drop(&a, 31);
	cr_expect_eq(locks_take(&b, 0, &o, where, sizeof where), 0);
	locks_drop(&b, 0);
}

Test(lock, all_of_a_target_or_none)
{
	static struct locks a, b;
	struct options x = {.kind = OPTIONS_IPSET}, y = {.kind = OPTIONS_IPSET},
		       z = {.kind = OPTIONS_IPSET};
	char where[32];

	snprintf(x.name, sizeof x.name, "x%d", getpid());
	snprintf(y.name, sizeof y.name, "y%d", getpid());
	snprintf(y.name6, sizeof y.name6, "x%d-net", getpid());
	strcpy(z.name, y.name);
	cr_expect_eq(locks_take(&a, 0, &x, where, sizeof where), 0);
	cr_expect_eq(locks_take(&b, 0, &y, where, sizeof where), WIRE_FAULT_BUSY);
	cr_expect_eq(locks_take(&a, 1, &z, where, sizeof where), 0, "b let go of the first");
	locks_drop(&a, 0);
	locks_drop(&a, 1);
}
