/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include <criterion/criterion.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "netlink/nft_msg.h"
#include "netlink/watched.h"

static union {
	struct nlmsghdr head;
	char bytes[512];
} message;

static const struct nlmsghdr *nft(uint8_t what, uint8_t family, const char *table,
				  const char *name)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(&message);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(m, sizeof *header);

	m->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | what);
	header->nfgen_family = family;
	if (table)
		mnl_attr_put_strz(m, 1, table);
	if (name)
		mnl_attr_put_strz(m, 2, name);
	return m;
}

static const struct watched own = {.options = {.kind = OPTIONS_NFT}};
static const struct watched mail = {.options = {.kind = OPTIONS_NFT}, .scope = "tcp25"};
static const struct watched users = {.options = {.kind = OPTIONS_NFT,
						 .nft_family = NFPROTO_IPV4,
						 .nft_table = "filter",
						 .set4 = "black"}};

Test(watched, our_own_table)
{
	static const struct {
		uint8_t what, family;
		const char *table, *name;
		bool own, mail;
	} cases[] = {
		{NFT_MSG_DELTABLE, NFPROTO_INET, "banish", NULL, true, true},
		{NFT_DESTROYTABLE, NFPROTO_INET, "banish", NULL, true, true},
		{NFT_MSG_DELTABLE, NFPROTO_INET, "banished", NULL, false, false},
		{NFT_MSG_DELTABLE, NFPROTO_IPV4, "banish", NULL, false, false},
		{NFT_MSG_DELSETELEM, NFPROTO_INET, "banish", "ban4", true, false},
		{NFT_DESTROYSETELEM, NFPROTO_INET, "banish", "ban4", true, false},
		{NFT_MSG_DELSETELEM, NFPROTO_INET, "banish", "ban4_tcp25", false, true},
		{NFT_MSG_DELSETELEM, NFPROTO_INET, "banish", "ban4_tcp26", false, false},
		{NFT_MSG_NEWSETELEM, NFPROTO_INET, "banish", "ban4", true, false},
		{NFT_MSG_DELSET, NFPROTO_INET, "banish", "ban6_48b", true, false},
		{NFT_MSG_DELSET, NFPROTO_INET, "banish", "another", true, true},
		{NFT_MSG_DELRULE, NFPROTO_INET, "banish", "prerouting", true, true},
		{NFT_MSG_NEWRULE, NFPROTO_INET, "banish", "prerouting", true, true},
		{NFT_MSG_DELCHAIN, NFPROTO_INET, "banish", "prerouting", true, true},
		{NFT_MSG_NEWGEN, NFPROTO_UNSPEC, NULL, NULL, false, false},
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct nlmsghdr *m =
			nft(cases[i].what, cases[i].family, cases[i].table, cases[i].name);

		cr_expect_eq(watched_nft(&own, m), cases[i].own, "%zu", i);
		cr_expect_eq(watched_nft(&mail, m), cases[i].mail, "%zu", i);
	}
}

Test(watched, sets_of_the_users)
{
	static const struct {
		uint8_t what, family;
		const char *table, *name;
		bool ours;
	} cases[] = {
		{NFT_MSG_DELTABLE, NFPROTO_IPV4, "filter", NULL, true},
		{NFT_DESTROYTABLE, NFPROTO_IPV4, "filter", NULL, true},
		{NFT_MSG_DELTABLE, NFPROTO_INET, "filter", NULL, false},
		{NFT_MSG_NEWTABLE, NFPROTO_IPV4, "filter", NULL, false},
		{NFT_MSG_DELSETELEM, NFPROTO_IPV4, "filter", "black", true},
		{NFT_DESTROYSETELEM, NFPROTO_IPV4, "filter", "black", true},
		{NFT_MSG_DELSETELEM, NFPROTO_IPV4, "filter", "white", false},
		{NFT_MSG_DELSETELEM, NFPROTO_IPV4, "filter", "", false},
		{NFT_MSG_NEWSETELEM, NFPROTO_IPV4, "filter", "black", false},
		{NFT_MSG_DELSET, NFPROTO_IPV4, "filter", "black", true},
		{NFT_DESTROYSET, NFPROTO_IPV4, "filter", "black", true},
		{NFT_MSG_NEWSET, NFPROTO_IPV4, "filter", "black", true},
		{NFT_MSG_DELRULE, NFPROTO_IPV4, "filter", "black", false},
		{NFT_MSG_DELTABLE, NFPROTO_INET, "banish", NULL, false},
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(watched_nft(&users, nft(cases[i].what, cases[i].family,
						     cases[i].table, cases[i].name)),
			     cases[i].ours, "%zu", i);
}

/* One that is there already is given another end. */
static const struct nlmsghdr *added(const char *comment)
{
	struct nlmsghdr *m = (void *)nft(NFT_MSG_NEWSETELEM, NFPROTO_IPV4, "filter", "black");
	struct nlattr *list = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct nlattr *element = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	const uint8_t size = (uint8_t)strlen(comment) + 1;
	char userdata[64] = {0, (char)size};

	memcpy(userdata + 2, comment, size);
	if (size > 1)
		mnl_attr_put(m, NFTA_SET_ELEM_USERDATA, 2u + size, userdata);
	mnl_attr_nest_end(m, element);
	mnl_attr_nest_end(m, list);
	return m;
}

Test(watched, an_element_of_ours_that_somebody_adds_once_more)
{
	cr_expect(watched_nft(&users, added("banish")));
	cr_expect_not(watched_nft(&users, added("banished")));
	cr_expect_not(watched_nft(&users, added("")));
}

Test(watched, messages_that_are_cut_short_are_about_nothing)
{
	const struct nlmsghdr *whole = nft(NFT_MSG_DELTABLE, NFPROTO_INET, "banish", NULL);
	uint32_t len = whole->nlmsg_len;

	/* libmnl looks at whole words. */
	for (message.head.nlmsg_len = sizeof message.head; message.head.nlmsg_len <= len - 4;
	     message.head.nlmsg_len++)
		cr_expect(!watched_nft(&own, &message.head), "%u", message.head.nlmsg_len);
	cr_expect(watched_nft(&own, (message.head.nlmsg_len = len, &message.head)));
	message.head.nlmsg_type = (uint16_t)(NFNL_SUBSYS_IPSET << 8 | NFT_MSG_DELTABLE);
	cr_expect(!watched_nft(&own, &message.head));
}

Test(watched, the_end_of_a_transaction_tells_who)
{
	struct watched who = {.port = 5};

	nft(NFT_MSG_NEWGEN, 0, NULL, NULL);
	mnl_attr_put_u32(&message.head, NFTA_GEN_PROC_PID, htonl(1234));
	mnl_attr_put_strz(&message.head, NFTA_GEN_PROC_NAME, "a-name-that-is-too-long");
	cr_assert(watched_nft_who(&who, &message.head));
	cr_expect_eq(who.pid, 1234);
	cr_expect_str_eq(who.comm, "a-name-that-is-");
	cr_expect_eq(who.port, 5);
	cr_expect(!watched_nft_who(&who, nft(NFT_MSG_DELTABLE, 1, "t", NULL)));
}

static const struct nlmsghdr *route(uint16_t type, uint8_t protocol, uint32_t table)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(&message);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(m, sizeof *r);

	m->nlmsg_type = type;
	r->rtm_protocol = protocol;
	r->rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_COMPAT;
	if (table >= 256)
		mnl_attr_put_u32(m, RTA_TABLE, table);
	return m;
}

Test(watched, routes_of_our_protocol_and_table)
{
	const struct watched t = {
		.options = {.kind = OPTIONS_ROUTE, .protocol = 187, .route_table = 254}};
	const struct watched far = {
		.options = {.kind = OPTIONS_ROUTE, .protocol = 187, .route_table = 1000}};

	cr_expect(watched_route(&t, route(RTM_DELROUTE, 187, 254)));
	cr_expect(!watched_route(&t, route(RTM_NEWROUTE, 187, 254)));
	cr_expect(!watched_route(&t, route(RTM_DELROUTE, 3, 254)));
	cr_expect(!watched_route(&t, route(RTM_DELROUTE, 187, 100)));
	cr_expect(watched_route(&far, route(RTM_DELROUTE, 187, 1000)));
	cr_expect(!watched_route(&far, route(RTM_DELROUTE, 187, 254)));
	cr_expect(!watched_route(&own, route(RTM_DELROUTE, 187, 254)));
}

static const struct nlmsghdr *replaced(uint8_t family, uint8_t len, uint32_t metric,
				       uint8_t protocol)
{
	struct nlmsghdr *m = (struct nlmsghdr *)route(RTM_NEWROUTE, protocol, 254);
	struct rtmsg *r = mnl_nlmsg_get_payload(m);

	m->nlmsg_flags = NLM_F_REPLACE;
	r->rtm_family = family;
	r->rtm_dst_len = len;
	if (metric)
		mnl_attr_put_u32(m, RTA_PRIORITY, metric);
	return m;
}

Test(watched, a_route_that_may_have_taken_the_place_of_ours)
{
	const struct watched t = {
		.options = {.kind = OPTIONS_ROUTE, .protocol = 187, .route_table = 254}};

	cr_expect(watched_route(&t, replaced(AF_INET, 32, 0, 3)));
	cr_expect(watched_route(&t, replaced(AF_INET6, 64, 1, 3)));
	cr_expect(watched_route(&t, replaced(AF_INET6, 64, 2, 3)));
	cr_expect(!watched_route(&t, replaced(AF_INET, 32, 0, 187)), "our own");
	cr_expect(!watched_route(&t, replaced(AF_INET, 0, 0, 3)), "a default route");
	cr_expect(!watched_route(&t, replaced(AF_INET, 32, 20, 3)),
		  "a routing daemon's metric");
	cr_expect(!watched_route(&t, replaced(AF_INET6, 64, 1024, 3)), "the usual metric");
}

/* As the kernel runs it: loads past the end drop the packet. */
static bool lets_through(const struct sock_filter *code, unsigned short len,
			 const struct nlmsghdr *m)
{
	const uint8_t *data = (const uint8_t *)m;
	uint32_t a = 0;

	for (unsigned pc = 0; pc < len; pc++) {
		const struct sock_filter *i = &code[pc];
		size_t size = i->code == (BPF_LD | BPF_W | BPF_ABS)   ? 4
			      : i->code == (BPF_LD | BPF_H | BPF_ABS) ? 2
								      : 1;

		if (i->code == (BPF_RET | BPF_K))
			return i->k;
		if (i->code == (BPF_JMP | BPF_JSET | BPF_K)) {
			pc += a & i->k ? i->jt : i->jf;
			continue;
		}
		if (i->code == (BPF_JMP | BPF_JEQ | BPF_K)) {
			pc += a == i->k ? i->jt : i->jf;
			continue;
		}
		if (i->k + size > m->nlmsg_len)
			return false;
		a = 0;
		for (size_t n = 0; n < size; n++)
			a = a << 8 | data[i->k + n];
	}
	cr_assert_fail("the program has no end");
	return false;
}

Test(watched, our_own_changes_are_not_queued)
{
	struct sock_filter code[WATCHED_CODE_MAX];
	unsigned short len = watched_nft_filter(code, 0x12345678);

	nft(NFT_MSG_DELTABLE, 1, "banish", NULL);
	message.head.nlmsg_pid = 0x12345678;
	cr_expect(!lets_through(code, len, &message.head));
	message.head.nlmsg_pid = 0x12345679;
	cr_expect(lets_through(code, len, &message.head));
	message.head.nlmsg_pid = 0;
	cr_expect(lets_through(code, len, &message.head));
}

Test(watched, of_routes_only_deleted_ones_of_the_targets_are_queued)
{
	struct sock_filter code[WATCHED_CODE_MAX];
	uint8_t protocols[WIRE_TARGETS_MAX];
	unsigned short len;
	size_t i;

	for (i = 0; i < WIRE_TARGETS_MAX; i++)
		protocols[i] = (uint8_t)(100 + i);
	len = watched_route_filter(code, 99, protocols, WIRE_TARGETS_MAX);
	cr_assert_leq(len, WATCHED_CODE_MAX);
	for (i = 0; i < 256; i++)
		cr_expect_eq(lets_through(code, len, route(RTM_DELROUTE, (uint8_t)i, 254)),
			     i >= 100 && i < 100 + WIRE_TARGETS_MAX, "%zu", i);
	cr_expect(!lets_through(code, len, route(RTM_NEWROUTE, 100, 254)));
	cr_expect(lets_through(code, len, replaced(AF_INET, 32, 0, 3)), "of any protocol");
	route(RTM_DELROUTE, 100, 254);
	message.head.nlmsg_pid = 99;
	cr_expect(!lets_through(code, len, &message.head));
	replaced(AF_INET, 32, 0, 3);
	message.head.nlmsg_pid = 99;
	cr_expect(!lets_through(code, len, &message.head));
	len = watched_route_filter(code, 99, protocols, 0);
	cr_expect(!lets_through(code, len, route(RTM_DELROUTE, 100, 254)));
}
