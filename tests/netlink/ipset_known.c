/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "netlink/ipset_known.h"

static struct prefix address(unsigned last, uint8_t len)
{
	return (struct prefix){.family = 4, .len = len, .addr = {192, 0, 2, (uint8_t)last}};
}

/* Elements of 1 to `count`, with ten seconds more each. */
static void fill(struct ipset_known *k, unsigned count)
{
	ipset_known_begin(k, 5000);
	for (unsigned i = count; i; i--) {
		const struct ipset_element e = {.prefix = address(i, 32), .seconds = i * 10};

		cr_assert(ipset_known_add(k, &e));
	}
	ipset_known_end(k, 6000);
}

Test(ipset_known, every_element_is_found_with_what_is_left_of_it)
{
	struct ipset_known k = {0};
	struct ipset_element e;
	struct prefix p;

	fill(&k, 200);
	for (unsigned i = 1; i <= 200; i++) {
		p = address(i, 32);
		cr_assert(ipset_known_find(&e, &k, &p, 5000 + 7999), "%u", i);
		cr_expect_eq(e.seconds, i * 10 - 7, "%u", i);
	}
	p = address(201, 32);
	cr_expect_not(ipset_known_find(&e, &k, &p, 5000));
	p = address(1, 31);
	cr_expect_not(ipset_known_find(&e, &k, &p, 5000), "another length is another element");
	ipset_known_drop(&k);
}

Test(ipset_known, what_has_ended_since_is_not_there)
{
	struct ipset_known k = {0};
	struct ipset_element e;
	const struct prefix p = address(1, 32);

	fill(&k, 1);
	cr_expect(ipset_known_find(&e, &k, &p, 5000 + 9999));
	cr_expect_not(ipset_known_find(&e, &k, &p, 5000 + 10000));
	cr_expect_not(ipset_known_find(&e, &k, &p, INT64_MAX));
	ipset_known_drop(&k);
}

Test(ipset_known, what_has_no_end_and_what_is_an_exception_stays_so)
{
	const struct ipset_element given = {.prefix = address(1, 24), .nomatch = true};
	struct ipset_known k = {0};
	struct ipset_element e;

	ipset_known_begin(&k, 0);
	cr_assert(ipset_known_add(&k, &given));
	ipset_known_end(&k, 1);
	cr_assert(ipset_known_find(&e, &k, &given.prefix, INT64_MAX));
	cr_expect_eq(e.seconds, 0);
	cr_expect(e.nomatch);
	ipset_known_drop(&k);
}

Test(ipset_known, what_we_wrote_is_ours)
{
	struct ipset_known k = {0};
	struct ipset_element e;
	struct prefix p = address(3, 32);

	fill(&k, 5);
	ipset_known_wrote(&k, &p);
	cr_expect_not(ipset_known_find(&e, &k, &p, 5000));
	p = address(9, 32);
	ipset_known_wrote(&k, &p);
	p = address(4, 32);
	cr_expect(ipset_known_find(&e, &k, &p, 5000));
	ipset_known_drop(&k);
}

Test(ipset_known, a_list_is_good_for_a_while_and_replaced_by_the_next)
{
	struct ipset_known k = {0};
	struct ipset_element e;
	const struct prefix p = address(4, 32);

	cr_expect_not(ipset_known_fresh(&k, 0));
	cr_expect_not(ipset_known_find(&e, &k, &p, 0));
	ipset_known_wrote(&k, &p);
	fill(&k, 5);
	cr_expect(ipset_known_fresh(&k, 5999));
	cr_expect_not(ipset_known_fresh(&k, 6000));
	fill(&k, 3);
	cr_expect_not(ipset_known_find(&e, &k, &p, 5000));
	ipset_known_drop(&k);
	cr_expect_not(ipset_known_fresh(&k, 5000));
}
