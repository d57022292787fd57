/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <criterion/criterion.h>
#include <linux/rtnetlink.h>

#include "netlink/route_msg.h"

static const struct nl nl = {.sequence = 1, .room = NL_BATCH_MAX};
static const struct route_mark mark = {.table = 1234, .protocol = 99, .type = RTN_BLACKHOLE};

static enum route_place place;

static struct prefix parse(const char *text)
{
	struct prefix p;

	cr_assert(prefix_parse(&p, text, strlen(text)), "%s", text);
	return p;
}

Test(route, what_is_added_is_read_back_as_ours)
{
	static const char *const prefixes[] = {"192.0.2.1", "198.51.100.0/24", "2001:db8::/64",
					       "2001:db8::1"};
	struct nl_batch *batch = nl_batch_new();
	size_t i;

	for (i = 0; i < 4; i++) {
		struct prefix p = parse(prefixes[i]), q;
		struct nlmsghdr *m = (void *)batch->at;

		nl_begin(batch, &nl);
		route_msg_add(batch, &mark, &p, ROUTE_BEST);
		cr_assert(route_msg_read(&q, &place, m, &mark));
		cr_expect(prefix_equal(&p, &q));
		cr_expect_eq(m->nlmsg_flags & (NLM_F_REPLACE | NLM_F_EXCL), 0);
	}
	free(batch);
}

Test(route, one_difference_makes_it_someone_elses)
{
	struct route_mark others[] = {mark, mark, mark};
	struct nl_batch *batch = nl_batch_new();
	struct prefix p = parse("192.0.2.1"), q;
	size_t i;

	others[0].table = 254;
	others[1].protocol = 98;
	others[2].type = RTN_PROHIBIT;
	for (i = 0; i < 3; i++) {
		nl_begin(batch, &nl);
		route_msg_add(batch, &others[i], &p, ROUTE_BEST);
		cr_expect(!route_msg_read(&q, &place, (void *)batch->at, &mark));
	}
	free(batch);
}

/* A metric that neither place has is an administrator's, though the protocol is ours. */
Test(route, an_ipv6_route_is_ours_at_our_two_metrics_alone)
{
	static const struct {
		const char *prefix;
		uint32_t metric;
		bool ours;
		enum route_place place;
	} table[] = {{"2001:db8::/64", 1, true, ROUTE_BEST},
		     {"2001:db8::/64", 2, true, ROUTE_SECOND},
		     {"2001:db8::/64", 3, false, 0},
		     {"2001:db8::/64", 1024, false, 0}};
	struct nl_batch *batch = nl_batch_new();
	const struct nlattr *a[RTA_MAX + 1];
	struct nlmsghdr *m = (void *)batch->at;
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		struct prefix p = parse(table[i].prefix), q;

		nl_begin(batch, &nl);
		route_msg_add(batch, &mark, &p, ROUTE_BEST);
		nl_attributes(m, sizeof(struct rtmsg), a, RTA_MAX + 1);
		*(uint32_t *)mnl_attr_get_payload(a[RTA_PRIORITY]) = table[i].metric;
		cr_expect_eq(route_msg_read(&q, &place, m, &mark), table[i].ours, "%zu", i);
		cr_expect(!table[i].ours || place == table[i].place, "%zu", i);
	}
	free(batch);
}

Test(route, a_delete_says_what_it_means)
{
	struct nl_batch *batch = nl_batch_new();
	struct prefix p = parse("192.0.2.1");
	const struct rtmsg *header;

	nl_begin(batch, &nl);
	route_msg_delete(batch, &mark, &p, ROUTE_BEST);
	header = mnl_nlmsg_get_payload((void *)batch->at);
	cr_expect_eq(header->rtm_protocol, 99);
	cr_expect_eq(header->rtm_type, RTN_BLACKHOLE);
	cr_expect_eq(header->rtm_dst_len, 32);
	free(batch);
}
