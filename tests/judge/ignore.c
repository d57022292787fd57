/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "judge/ignore.h"
#include "tests/judge/court.h"

Test(never, says_why)
{
	static const struct {
		uint32_t jail;
		const char *prefix, *why;
	} rows[] = {
		{1, "127.0.0.1", "loopback"},
		{0, "127.255.3.0/24", "loopback"},
		{1, "::1", "loopback"},
		{1, "::/64", "loopback"},
		{1, "0.0.0.0", "the unspecified address"},
		{1, "0.0.0.0/8", "the unspecified address"},
		{1, "::", "the unspecified address"},
		{1, "0.0.0.0/0", "wider than /8"},
		{0, "16.0.0.0/7", "wider than /8"},
		{1, "16.0.0.0/8", NULL},
		{1, "2001:db8::/31", "wider than /32"},
		{1, "2001:db0::/32", NULL},
		{1, "198.51.100.80", "this host's own address"},
		{0, "198.51.100.0/24", "covers this host's own address"},
		{0, "198.51.100.81", NULL},
		{2, "2001:db8:80::/64", "covers this host's own address"},
		{1, "192.0.2.0", "in ignoreip"},
		{1, "192.0.2.255", "in ignoreip"},
		{1, "192.0.2.0/24", "in ignoreip"},
		{1, "192.0.0.0/16", "covers an address in ignoreip"},
		{1, "192.0.3.0", NULL},
		{1, "192.0.1.255", NULL},
		{0, "192.0.2.1", NULL},
		{99, "192.0.2.1", NULL},
		{1, "2001:db8:5::/64", "covers an address in ignoreip"},
		{1, "2001:db8:5::8", NULL},
	};
	struct judge *judge = court_new(10, 10);
	const struct prefix own[] = {court_prefix("198.51.100.80"),
				     court_prefix("2001:db8:80::80")};

	cr_assert_eq(judge_set_own(judge, own, 2), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct prefix prefix = court_prefix(rows[i].prefix);
		const char *why = judge_never(judge, rows[i].jail, &prefix);

		if (rows[i].why)
			cr_expect_str_eq(why ? why : "nothing", rows[i].why, "%s",
					 rows[i].prefix);
		else
			cr_expect_null(why, "%s: %s", rows[i].prefix, why);
	}
	judge_free(judge);
}

Test(never, own_addresses_are_replaced)
{
	struct judge *judge = court_new(10, 10);
	struct prefix own = court_prefix("198.51.100.80"), other = court_prefix("203.0.113.3");

	judge_set_own(judge, &own, 1);
	judge_set_own(judge, &other, 1);
	cr_expect_null(judge_never(judge, 1, &own));
	cr_expect_eq(court_live(judge, "203.0.113.3", NOW), JUDGE_IGNORED);
	judge_set_own(judge, NULL, 0);
	cr_expect_eq(court_live(judge, "203.0.113.3", NOW), JUDGE_COUNTED);
	judge_free(judge);
}

static struct prefix any(void)
{
	bool six = rand() % 2;
	struct prefix p = {.family = six ? 6 : 4, .len = (uint8_t)(rand() % (six ? 129 : 33))};

	/* Few different bytes, so that prefixes often meet. */
	for (int i = 0; i < (six ? 16 : 4); i++)
		p.addr[i] = (uint8_t)(i < 2 ? rand() % 2 : rand() % 3 << 6);
	return prefix_cut(&p, p.len);
}

Test(ignore, answers_as_a_search_of_every_entry_does)
{
	struct prefix set[40], p;
	struct ignore ignore;
	size_t count;

	srand(7);
	for (int round = 0; round < 2000; round++) {
		bool covers = false, inside = false;

		count = (size_t)rand() % 40;
		for (size_t i = 0; i < count; i++) {
			set[i] = any();
			/* Mostly long ones, or a few short ones cover everything. */
			while (set[i].len < 6)
				set[i] = any();
		}
		cr_assert_eq(ignore_set(&ignore, set, count), 0);
		p = any();
		for (size_t i = 0; i < count; i++) {
			covers |= prefix_covers(&set[i], &p);
			inside |= prefix_covers(&p, &set[i]);
		}
		cr_assert_eq(ignore_covers(&ignore, &p), covers, "round %d", round);
		/* An entry that a wider one covers may be left out: then that one covers p. */
		cr_assert_eq(ignore_inside(&ignore, &p) || ignore_covers(&ignore, &p),
			     inside || covers, "round %d", round);
		ignore_clear(&ignore);
	}
}

Test(ignore, leaves_out_what_is_no_prefix)
{
	const struct prefix bad[] = {{0}, {.family = 4, .len = 60}, {.family = 9}};
	struct ignore ignore;

	cr_assert_eq(ignore_set(&ignore, bad, 3), 0);
	cr_expect_eq(ignore.count, 0u);
	ignore_clear(&ignore);
}
