/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <criterion/criterion.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>

#include "netlink/options.h"

#define PAIRS 8

struct pair {
	uint8_t option;
	const char *text;
};

static const char *where;
static struct options options;

static int parse(const struct pair *pairs)
{
	struct wire_option records[PAIRS] = {0};
	size_t n = 0;

	for (; n < PAIRS && pairs[n].text; n++) {
		records[n].option = pairs[n].option;
		strncpy(records[n].text, pairs[n].text, sizeof records[n].text - 1);
	}
	return options_parse(&options, &where, records, n);
}

Test(options, each_kind_has_its_own)
{
	cr_assert_eq(parse((struct pair[PAIRS]){{WIRE_OPT_KIND, "nft"}}), 0);
	cr_expect_eq(options.nft_family, 0);
	cr_expect(options.owner);
	cr_expect_eq(options.maxbans, OPTIONS_MAXBANS);
	cr_assert_eq(parse((struct pair[PAIRS]){{WIRE_OPT_KIND, "nft"},
						{WIRE_OPT_TABLE, "ip6 my filter"},
						{WIRE_OPT_SET6, "bad"}}),
		     WIRE_FAULT_OPTION);
	cr_assert_eq(parse((struct pair[PAIRS]){{WIRE_OPT_KIND, "nft"},
						{WIRE_OPT_TABLE, "ip6 filter"},
						{WIRE_OPT_SET6, "bad"},
						{WIRE_OPT_OWNER, "no"}}),
		     0);
	cr_expect_eq(options.nft_family, NFPROTO_IPV6);
	cr_expect_str_eq(options.nft_table, "filter");
	cr_expect_str_eq(options.set6, "bad");
	cr_expect(!options.owner);
	cr_assert_eq(
		parse((struct pair[PAIRS]){{WIRE_OPT_KIND, "ipset"},
					   {WIRE_OPT_NAME, "abcdefghijklmnopqrstuvwxyz"},
					   {WIRE_OPT_NAME6, "abcdefghijklmnopqrstuvwxyz12345"},
					   {WIRE_OPT_MAXBANS, "1000"},
					   {WIRE_OPT_IDENTITY, "4294967295"}}),
		0);
	cr_expect_str_eq(options.name6, "abcdefghijklmnopqrstuvwxyz12345");
	cr_expect_eq(options.identity, UINT32_MAX);
	cr_expect_eq(options.maxbans, 1000);
	cr_assert_eq(parse((struct pair[PAIRS]){{WIRE_OPT_KIND, "route"},
						{WIRE_OPT_TYPE, "prohibit"},
						{WIRE_OPT_PROTOCOL, "255"}}),
		     0);
	cr_expect_eq(options.route_table, RT_TABLE_MAIN);
	cr_expect_eq(options.route_type, RTN_PROHIBIT);
	cr_expect_eq(options.protocol, 255);
}

Test(options, a_bad_one_is_named)
{
	static const struct {
		struct pair pairs[PAIRS];
		const char *where;
	} table[] = {
		{{{0}}, "kind"},
		{{{WIRE_OPT_KIND, "nft"}, {WIRE_OPT_PORT, "25"}}, "port"},
		{{{WIRE_OPT_KIND, "nft"}, {WIRE_OPT_PORT, "tcp"}}, "port"},
		{{{WIRE_OPT_KIND, "nft"}, {WIRE_OPT_PORT, "tcp 0"}}, "port"},
		{{{WIRE_OPT_KIND, "nft"}, {WIRE_OPT_PORT, "tcp 65536"}}, "port"},
		{{{WIRE_OPT_KIND, "nft"}, {WIRE_OPT_PORT, "tcp 20-19"}}, "port"},
		{{{WIRE_OPT_KIND, "nft"}, {WIRE_OPT_PORT, "tcp 1-2-3"}}, "port"},
		{{{WIRE_OPT_KIND, "nft"}, {WIRE_OPT_PORT, "tcp 1111111111111"}}, "port"},
		{{{WIRE_OPT_KIND, "nft"}, {WIRE_OPT_PORT, "icmp 1"}}, "port"},
		{{{WIRE_OPT_KIND, "nft"},
		  {WIRE_OPT_TABLE, "inet t"},
		  {WIRE_OPT_SET4, "s"},
		  {WIRE_OPT_PORT, "tcp 25"}},
		 "port"},
		{{{WIRE_OPT_KIND, "ipset"}, {WIRE_OPT_NAME, "b"}, {WIRE_OPT_PORT, "tcp 25"}},
		 "port"},
		{{{WIRE_OPT_KIND, "nftables"}}, "kind"},
		{{{WIRE_OPT_KIND, ""}}, "kind"},
		{{{WIRE_OPT_KIND, "ipset"}}, "name"},
		{{{WIRE_OPT_KIND, "ipset"}, {WIRE_OPT_NAME, ""}}, "name"},
		{{{WIRE_OPT_NAME, "a\tb"}}, "name"},
		{{{WIRE_OPT_NAME, "abcdefghijklmnopqrstuvwxyz1"}}, "name"},
		{{{WIRE_OPT_NAME6, "abcdefghijklmnopqrstuvwxyz123456"}}, "name6"},
		{{{WIRE_OPT_NAME6, "a b"}}, "name6"},
		{{{WIRE_OPT_KIND, "route"}, {WIRE_OPT_PROTOCOL, "9"}}, "type"},
		{{{WIRE_OPT_KIND, "route"}, {WIRE_OPT_TYPE, "blackhole"}}, "protocol"},
		{{{WIRE_OPT_PROTOCOL, "4"}}, "protocol"},
		{{{WIRE_OPT_PROTOCOL, "256"}}, "protocol"},
		{{{WIRE_OPT_TABLE, "0"}}, "table"},
		{{{WIRE_OPT_TABLE, "4294967296"}}, "table"},
		{{{WIRE_OPT_TABLE, "inet "}}, "table"},
		{{{WIRE_OPT_TABLE, "arp x"}}, "table"},
		{{{WIRE_OPT_KIND, "nft"}, {WIRE_OPT_TABLE, "254"}}, "table"},
		{{{WIRE_OPT_KIND, "nft"}, {WIRE_OPT_TABLE, "inet f"}}, "set4"},
		{{{WIRE_OPT_OWNER, "perhaps"}}, "owner"},
		{{{WIRE_OPT_MAXBANS, "-1"}}, "maxbans"},
		{{{WIRE_OPT_MAXBANS, "00000000001"}}, "maxbans"},
		{{{WIRE_OPT_EXPECT, "1e6"}}, "expect"},
		{{{200, "x"}}, "an unknown option"},
		{{{0, "x"}}, "an unknown option"},
	};
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		cr_expect_eq(parse(table[i].pairs), WIRE_FAULT_OPTION, "%zu", i);
		cr_expect_str_eq(where, table[i].where, "%zu: %s", i, where);
	}
}

Test(options, a_text_ends_within_its_record)
{
	struct wire_option record = {.option = WIRE_OPT_NAME};

	memset(record.text, 'x', sizeof record.text);
	cr_expect_eq(options_parse(&options, &where, &record, 1), WIRE_FAULT_OPTION);
}

Test(options, ports_are_put_in_order)
{
	cr_assert_eq(parse((struct pair[PAIRS]){{WIRE_OPT_KIND, "nft"},
						{WIRE_OPT_PORT, "udp 53"},
						{WIRE_OPT_PORT, "tcp 465"},
						{WIRE_OPT_PORT, "tcp 20-30"},
						{WIRE_OPT_PORT, "tcp 25"},
						{WIRE_OPT_PORT, "tcp 31-40"},
						{WIRE_OPT_PORT, "tcp 65535"}}),
		     0);
	cr_assert_eq(options.port_count, 4);
	cr_expect(options.ports[0].first == 20 && options.ports[0].last == 40);
	cr_expect(options.ports[1].first == 465 && options.ports[1].last == 465);
	cr_expect(options.ports[2].first == 65535 && options.ports[2].last == 65535);
	cr_expect(options.ports[3].first == 53 &&
		  options.ports[3].protocol != options.ports[0].protocol);
}
