/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "target/kernel.h"
#include "target/target.h"

#define LONG62 "a23456789012345678901234567890123456789012345678901234567890ab"

static void keep(void *arg, bool error, struct place place, const char *text)
{
	(void)error;
	cr_assert_eq(place.line, 12u);
	if (!*(char *)arg)
		snprintf(arg, 512, "%s", text);
}

static struct spec parse(const char *text)
{
	struct diag silent = {0};
	struct spec spec;

	cr_assert_eq(
		spec_parse(&spec, text_of(text), (struct place){"banish.conf", 12}, &silent), 0,
		"%s", text);
	return spec;
}

struct row {
	const char *spec, *message; /* NULL: none */
};

static void check_rows(const struct row *rows, size_t count, bool good)
{
	for (size_t i = 0; i < count; i++) {
		char said[512] = "";
		struct diag diag = {.say = keep, .arg = said};
		struct spec spec = parse(rows[i].spec);

		cr_expect_eq(target_check(&spec, &diag) == 0, good, "%s: %s", rows[i].spec,
			     said);
		cr_expect_eq(diag.errors == 0, good, "%s", rows[i].spec);
		cr_expect_str_eq(said, rows[i].message ? rows[i].message : "", "%s",
				 rows[i].spec);
		spec_clear(&spec);
	}
}

Test(check, takes_what_could_work)
{
	static const struct row rows[] = {
		{"nft", NULL},
		{"nft[owner=no]", NULL},
		{"nft[table=\"inet filter\", set4=b4, set6=b6]", NULL},
		{"nft[table=\"ip filter\", set4=b4]", NULL},
		{"nft[table=\"ip6  filter\", set6=" LONG62 "]", NULL},
		{"ipset", NULL},
		{"ipset[name=blacklistip]", NULL},
		{"tcprules[file=/x]", NULL},
		{"tcprules[file=/x, cdb=/y, static=/z, ipv6=yes]", NULL},
		{"ipset[name=a2345678901234567890123456, maxbans=5000000]", NULL},
		{"ipset[name=SW_DBL4, name6=SW_DBL6]", NULL},
		{"ipset[name6=a234567890123456789012345678901]", NULL},
		{"nft[ports=\"tcp:25\"]", NULL},
		{"nft[owner=no, ports=\"tcp:25,tcp:1000-2000 udp:53\"]", NULL},
		{"null[ports=\"tcp:25\"]", NULL},
		{"route", NULL},
		{"route[type=prohibit, table=default, protocol=5]", NULL},
		{"route[type=unreachable, table=4294967295, protocol=255]", NULL},
		{"null", NULL},
	};

	check_rows(rows, sizeof rows / sizeof *rows, true);
}

Test(check, refuses_with_place_and_the_nearest_word)
{
	static const struct row rows[] = {
		{"nfft", "unknown target \"nfft\"; did you mean \"nft\"?"},
		{"cloud",
		 "unknown target \"cloud\"; there are: nft, ipset, route, null, tcprules"},
		{"tcprules",
		 "tcprules needs file=/PATH, which is to hold the bans and nothing else"},
		{"tcprules[file=x]",
		 "file of tcprules: the absolute path of a file expected, not \"x\""},
		{"tcprules[file=/x/]",
		 "file of tcprules: the absolute path of a file expected, not \"/x/\""},
		{"tcprules[file=/x, static=/y]", "static of tcprules: needs cdb=/PATH, in "
						 "which its rules stand behind the bans"},
		{"tcprules[file=/x, cdb=/x]",
		 "cdb of tcprules: must be another file than the others"},
		{"tcprules[file=/x, cdb=/y, static=/x]",
		 "static of tcprules: must be another file than the one of the bans"},
		{"tcprules[file=/x, ipv6=both]",
		 "ipv6 of tcprules: yes or no expected, not \"both\""},
		{"nft[st4=x]", "unknown option \"st4\" of nft; did you mean \"set4\"?"},
		{"null[a=b]", "unknown option \"a\" of null"},
		{"nft[table=filter, set4=x]", "table of nft: FAMILY NAME, such as \"inet "
					      "filter\", expected, not \"filter\""},
		{"nft[table=\"inett filter\", set4=x]",
		 "unknown family of a table \"inett\"; did you mean \"inet\"?"},
		{"nft[table=\"inet fil ter\", set4=x]",
		 "table of nft: after the family a name of letters, digits, \"_\" and \".\" "
		 "expected, not \"inet fil ter\""},
		{"nft[table=\"inet " LONG62 "\", set4=x]",
		 "table of nft: after the family a name of letters, digits, \"_\" and \".\" "
		 "expected, not \"inet " LONG62 "\""},
		{"nft[table=\"inet banish\", set4=ban4]",
		 "table inet banish is banish's own; leave table out for it"},
		{"nft[set4=x]", "set4 and set6 are sets of a table of yours: table=\"FAMILY "
				"NAME\" is missing"},
		{"nft[table=\"inet filter\"]",
		 "table is for sets of yours: set4 or set6 is missing"},
		{"nft[table=\"ip filter\", set4=a, set6=b]",
		 "set6: a table of family ip sees no IPv6"},
		{"nft[table=\"ip6 filter\", set4=a]",
		 "set4: a table of family ip6 sees no IPv4"},
		{"nft[table=\"inet filter\", set4=\"a b\"]",
		 "set4 of nft: a set's name of at most 62 letters, digits, \"_\" and \".\" "
		 "expected, not \"a b\""},
		{"nft[owner=maybe]", "owner of nft: yes or no expected, not \"maybe\""},
		{"nft[table=\"inet filter\", set4=a, owner=no]",
		 "owner is for banish's own table, not for one of yours"},
		{"ipset[name=a23456789012345678901234567]",
		 "name of ipset: at most 26 letters, digits, \"_\", \".\" and \"-\" expected, "
		 "not \"a23456789012345678901234567\""},
		{"ipset[name=\"a;reboot\"]",
		 "name of ipset: at most 26 letters, digits, \"_\", \".\" and \"-\" expected, "
		 "not \"a;reboot\""},
		{"ipset[name=-exist]",
		 "name of ipset: at most 26 letters, digits, \"_\", \".\" and \"-\" expected, "
		 "not \"-exist\""},
		{"ipset[name=\"\"]",
		 "name of ipset: at most 26 letters, digits, \"_\", \".\" and \"-\" expected, "
		 "not \"\""},
		{"ipset[maxbans=0]",
		 "maxbans of ipset: a number from 1 to 2147483647 expected, not \"0\""},
		{"ipset[maxbans=2M]",
		 "maxbans of ipset: a number from 1 to 2147483647 expected, not \"2M\""},
		{"ipset[name=x, name6=x]", "name and name6 of ipset are the same"},
		{"ipset[name6=a2345678901234567890123456789012]",
		 "name6 of ipset: at most 31 letters, digits, \"_\", \".\" and \"-\" expected, "
		 "not \"a2345678901234567890123456789012\""},
		{"nft[ports=25]", "ports of nft: at most 32 words such as tcp:25 or "
				  "udp:1000-2000, expected, not \"25\""},
		{"nft[ports=\"tcp:2-1\"]", "ports of nft: at most 32 words such as tcp:25 or "
					   "udp:1000-2000, expected, not \"tcp:2-1\""},
		{"nft[ports=\"tcp:0\"]", "ports of nft: at most 32 words such as tcp:25 or "
					 "udp:1000-2000, expected, not \"tcp:0\""},
		{"nft[ports=\"\"]", "ports of nft: at most 32 words such as tcp:25 or "
				    "udp:1000-2000, expected, not \"\""},
		{"ipset[ports=\"tcp:25\"]", "\"scope = port\" needs nft with its own table as "
					    "target: ipset stops all that "
					    "comes from an address"},
		{"route[ports=\"tcp:25\"]", "\"scope = port\" needs nft with its own table as "
					    "target: route stops all that "
					    "comes from an address"},
		{"nft[table=\"inet f\", set4=a, ports=\"tcp:25\"]",
		 "\"scope = port\" needs nft with its own table as target: nft with sets of "
		 "yours stops all that comes from an address"},
		{"route[type=blakhole]",
		 "unknown type of route \"blakhole\"; did you mean \"blackhole\"?"},
		{"route[type=via]", "unknown type of route \"via\"; there are: blackhole, "
				    "unreachable, prohibit"},
		{"route[table=mian]", "table of route: main, default, local or a number from 1 "
				      "expected, not \"mian\""},
		{"route[table=0]", "table of route: main, default, local or a number from 1 "
				   "expected, not \"0\""},
		{"route[protocol=4]",
		 "protocol of route: a number from 5 to 255 (0 to 4 are the kernel's and the "
		 "administrator's) expected, not \"4\""},
		{"route[protocol=256]",
		 "protocol of route: a number from 5 to 255 (0 to 4 are the kernel's and the "
		 "administrator's) expected, not \"256\""},
	};

	check_rows(rows, sizeof rows / sizeof *rows, false);
}

Test(check, warns_of_a_routing_daemons_protocol)
{
	static const struct row rows[] = {
		{"route[protocol=187]", "protocol 187 is that of FRR's isisd, which may remove "
					"the routes; 157 is nobody's"},
		{"route[protocol=12]", "protocol 12 is that of bird, which may remove the "
				       "routes; 157 is nobody's"},
		{"route[protocol=42]", "protocol 42 is that of babeld, which may remove the "
				       "routes; 157 is nobody's"},
	};

	check_rows(rows, sizeof rows / sizeof *rows, true);
}

Test(describe, names_every_set_a_rule_would_use)
{
	static const struct row rows[] = {
		{"nft",
		 "nft: sets ban4, ban6 (ban4_LEN, ban6_LEN for other prefix lengths) of its "
		 "own table inet banish, which drops what they hold: no rule is needed"},
		{"nft[owner=no]",
		 "nft: sets ban4, ban6 (ban4_LEN, ban6_LEN for other prefix lengths) of its "
		 "own, "
		 "unowned table inet banish, which drops what they hold: no rule is needed"},
		{"nft[table=\"inet filter\", set4=b4, set6=b6]",
		 "nft: sets b4 (IPv4) and b6 (IPv6; without \"flags interval\" a /64 by its "
		 "base address) of table inet filter, named by your rules"},
		{"nft[table=\"ip6   filter\", set6=b6]",
		 "nft: set b6 (IPv6; without \"flags interval\" a /64 by its base address) of "
		 "table ip6 filter, named by your rules"},
		{"ipset", "ipset: sets banish (IPv4), banish6 (IPv6 by /64), banish-net and "
			  "banish6-net (other prefixes), named by your rules"},
		{"ipset[name=SW_DBL4, name6=SW_DBL6]",
		 "ipset: sets SW_DBL4 (IPv4), SW_DBL6 (IPv6 by /64), SW_DBL4-net and "
		 "SW_DBL6-net (other prefixes), named by your rules"},
		{"nft[ports=\"tcp:25,udp:1000-2000\"]",
		 "nft: sets of its own table inet banish, which drops what they hold on its "
		 "way "
		 "to tcp 25, udp 1000-2000: no rule is needed"},
		{"route", "route: blackhole routes in table main, protocol 157"},
		{"route[type=prohibit,table=100]", "route: prohibit routes in table 100, "
						   "protocol 157; an \"ip rule\" of yours must "
						   "look that table up"},
		{"null", "null: nothing is put anywhere"},
		{"nonsense", ""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct spec spec = parse(rows[i].spec);
		char text[512], little[8];

		cr_expect_str_eq(target_describe(&spec, text, sizeof text), rows[i].message);
		cr_expect_lt(strlen(target_describe(&spec, little, sizeof little)), 8u);
		spec_clear(&spec);
	}
}

Test(faults, come_with_the_command_that_mends_them)
{
	static const struct {
		const char *spec, *where;
		int error, told;
		const char *text;
	} rows[] = {
		{"ipset[name=bl]", "bl", WIRE_FAULT_TIMEOUT, -EINVAL,
		 "ipset bl has no timeouts: ipset destroy bl; ipset create bl hash:ip timeout "
		 "0"},
		{"ipset[name=bl]", "bl6", WIRE_FAULT_NETMASK, -EINVAL,
		 "ipset bl6 is not by /64: ipset destroy bl6; ipset create bl6 hash:ip family "
		 "inet6 netmask 64 timeout 0"},
		{"ipset[name=bl]", "bl6-net", WIRE_FAULT_FAMILY, -EINVAL,
		 "ipset bl6-net is not for IPv6: ipset destroy bl6-net; ipset create bl6-net "
		 "hash:net family inet6 timeout 0"},
		{"ipset[name=bl]", "bl-net", WIRE_FAULT_TYPE, -EINVAL,
		 "ipset bl-net holds something else than addresses: ipset destroy bl-net; "
		 "ipset "
		 "create bl-net hash:net timeout 0"},
		{"nft[table=\"inet f\",set4=a,set6=b]", "b", WIRE_FAULT_TIMEOUT, -EINVAL,
		 "set b has no timeouts: nft delete set inet f b; nft add set inet f b '{ type "
		 "ipv6_addr; flags timeout; }'"},
		{"nft[table=\"inet f\",set4=" LONG62 "]", "a234567890123456789012345678901",
		 WIRE_FAULT_NO_SET, -EINVAL,
		 "there is no set " LONG62 ": nft add set inet f " LONG62
		 " '{ type ipv4_addr; flags timeout; }'"},
		{"nft[table=\"inet f\",set4=a]", "inet f", WIRE_FAULT_NO_TABLE, -EINVAL,
		 "there is no table inet f: nft add table inet f"},
		{"ipset[name=SW4,name6=SW6]", "SW6-net", WIRE_FAULT_FAMILY, -EINVAL,
		 "ipset SW6-net is not for IPv6: ipset destroy SW6-net; ipset create SW6-net "
		 "hash:net family inet6 timeout 0"},
		{"ipset[name=bl]", "bl", WIRE_FAULT_BUSY, -EINVAL,
		 "bl is in use by another banish of this host: give one of them another"},
		{"ipset", "maxbans", WIRE_FAULT_OPTION, -EINVAL,
		 "option maxbans is missing or makes no sense"},
		{"nft", "", -EPERM, -EPERM,
		 "not permitted: banish-netlink lacks CAP_NET_ADMIN, or another process owns "
		 "table "
		 "inet banish"},
		{"route", "", -EPERM, -EPERM,
		 "not permitted: banish-netlink lacks CAP_NET_ADMIN"},
		{"ipset", "", -ENOENT, -ENOENT, "the kernel has no ipset: modprobe ip_set"},
		{"ipset", "banish", -EBUSY, -EBUSY, "banish: Device or resource busy"},
		{"route", "", -ENOMEM, -ENOMEM, "the target: Cannot allocate memory"},
		{"ipset", "x", 99, -EINVAL, "x: fault 99"},
	};
	struct diag silent = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct spec spec = parse(rows[i].spec);
		struct wire_defined defined = {.error = rows[i].error};
		struct target_info info;
		struct options options;

		snprintf(defined.where, sizeof defined.where, "%s", rows[i].where);
		cr_assert_eq(options_read(&options, &spec, &silent), 0);
		cr_expect(kernel_unpack_defined(&info, &options, &defined));
		cr_expect_eq(info.error, rows[i].told);
		cr_expect_str_eq(info.text, rows[i].text);
		spec_clear(&spec);
	}
}

Test(faults, of_a_name_that_is_not_text_make_no_sense)
{
	struct spec spec = parse("ipset");
	struct wire_defined defined = {.error = -EIO, .where = "a\033[2J"};
	struct diag silent = {0};
	struct target_info info;
	struct options options;

	cr_assert_eq(options_read(&options, &spec, &silent), 0);
	cr_expect_not(kernel_unpack_defined(&info, &options, &defined));
	memset(defined.where, 'a', sizeof defined.where);
	cr_expect_not(kernel_unpack_defined(&info, &options, &defined));
	spec_clear(&spec);
}

Test(definitions, say_whether_all_that_happens_is_told)
{
	static const struct {
		const char *spec;
		bool silent;
	} rows[] = {{"nft", false},
		    {"nft[table=\"ip t\", set4=a]", false},
		    {"ipset", true},
		    {"route", true}};
	const struct wire_defined defined = {.way = WIRE_WAY_DIFF};
	struct diag silent = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct spec spec = parse(rows[i].spec);
		struct target_info info;
		struct options options;

		cr_assert_eq(options_read(&options, &spec, &silent), 0);
		cr_assert(kernel_unpack_defined(&info, &options, &defined));
		cr_expect_eq(info.silent, rows[i].silent, "%s", rows[i].spec);
		spec_clear(&spec);
	}
}

Test(pairs, of_one_set_or_table_are_refused)
{
	static const struct {
		const char *a, *b, *what;
	} rows[] = {
		{"nft", "nft[owner=no]", "table inet banish"},
		{"nft", "nft[ports=\"tcp:25\"]", NULL},
		{"nft[ports=\"tcp:25\"]", "nft[ports=\"tcp:25,tcp:26\"]", NULL},
		{"nft[ports=\"tcp:25,tcp:26\"]", "nft[ports=\"tcp:26 tcp:25\"]",
		 "table inet banish"},
		{"nft[owner=no]", "nft[ports=\"tcp:25\"]", "table inet banish"},
		{"ipset[name=x]", "ipset[name=y]", NULL},
		{"ipset[name=x]", "ipset[name=x6]", "ipset"},
		{"ipset[name=x, name6=y]", "ipset[name=x6]", NULL},
		{"ipset[name=x, name6=y]", "ipset[name=y]", "ipset"},
		{"ipset[name=x]", "ipset[name=x-net]", "ipset"},
		{"route", "route[table=100]", NULL},
		{"route", "route[type=prohibit]", "routing table"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct spec a = parse(rows[i].a), b = parse(rows[i].b);
		struct diag silent = {0};
		struct options one, two;
		const char *what;

		cr_assert_eq(options_read(&one, &a, &silent), 0);
		cr_assert_eq(options_read(&two, &b, &silent), 0);
		cr_expect_eq(target_check_pair(&a, &b, &silent) != 0, rows[i].what != NULL,
			     "%s, %s", rows[i].a, rows[i].b);
		what = options_clash(&one, &two);
		cr_expect_str_eq(what ? what : "", rows[i].what ? rows[i].what : "");
		spec_clear(&a);
		spec_clear(&b);
	}
}

Test(definitions, are_told_as_the_wire_has_them)
{
	static const struct {
		const char *spec, *told;
	} rows[] = {
		{"nft[ports=\"tcp:25,udp:1000-2000\"]",
		 "1=nft 13=tcp 25 13=udp 1000-2000 9=4000 10=77 11=12 "},
		{"ipset", "1=ipset 2=banish 9=4000 10=77 11=12 "},
		{"ipset[name=a,name6=b,maxbans=9]", "1=ipset 2=a 12=b 9=9 10=77 11=12 "},
		{"ipset[name=a,name6=a6]", "1=ipset 2=a 9=4000 10=77 11=12 "},
		{"route", "1=route 7=blackhole 3=254 8=157 10=77 11=12 "},
	};
	const struct targets_scale scale = {.expect = 12, .maxbans = 4000};
	struct diag silent = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct spec spec = parse(rows[i].spec);
		struct options options;
		struct request request;
		const struct wire_option *option;
		char told[512] = "";

		cr_assert_eq(options_read(&options, &spec, &silent), 0);
		cr_assert(kernel_pack_define(&request, 3, &options, 77, &scale));
		option = request_records(&request);
		for (size_t o = 0; o < request.packet->count; o++)
			snprintf(told + strlen(told), sizeof told - strlen(told), "%u=%s ",
				 option[o].option, option[o].text);
		cr_expect_str_eq(told, rows[i].told);
		request_drop(&request);
		spec_clear(&spec);
	}
}

Test(rules, that_would_use_a_set_are_told)
{
	static const struct {
		const char *spec, *set, *rule;
		bool six;
	} rows[] = {
		{"ipset", "banish", "iptables -I INPUT -m set --match-set banish src -j DROP",
		 false},
		{"ipset[name=a,name6=b]", "b-net",
		 "ip6tables -I INPUT -m set --match-set b-net src -j DROP", true},
		{"nft[table=\"inet f\",set4=x,set6=y]", "x",
		 "nft insert rule inet f CHAIN ip saddr @x drop", false},
		{"nft[table=\"inet f\",set4=x,set6=y]", "y",
		 "nft insert rule inet f CHAIN ip6 saddr & ffff:ffff:ffff:ffff:: @y drop",
		 true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct spec spec = parse(rows[i].spec);
		char rule[256];

		cr_expect_eq(target_rule(&spec, rows[i].set, rule, sizeof rule), rows[i].six);
		cr_expect_str_eq(rule, rows[i].rule);
		spec_clear(&spec);
	}
}
