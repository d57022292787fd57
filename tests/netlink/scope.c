/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "netlink/nft_scope.h"

/* What the texts of WIRE_OPT_PORT say; ends in NULL. */
static struct options of_ports(const char *text, ...)
{
	struct wire_option records[OPTIONS_PORTS_MAX + 1] = {{WIRE_OPT_KIND, "nft"}};
	struct options o;
	const char *where;
	size_t count = 1;
	va_list more;

	va_start(more, text);
	for (; text; text = va_arg(more, const char *)) {
		records[count].option = WIRE_OPT_PORT;
		snprintf(records[count++].text, sizeof records->text, "%s", text);
	}
	va_end(more);
	cr_assert_eq(options_parse(&o, &where, records, count), 0, "%s", where);
	return o;
}

#define NAME(...)                                                                              \
	nft_scope_name((char[NFT_SCOPE_SIZE]){0},                                              \
		       &(struct options[]){of_ports(__VA_ARGS__, NULL)}[0])

Test(scope, is_called_by_its_ports)
{
	cr_expect_str_eq(NAME("tcp 25"), "tcp25");
	cr_expect_str_eq(NAME("tcp 465", "tcp 25", "tcp 587"), "tcp25_465_587");
	cr_expect_str_eq(NAME("udp 53", "tcp 53"), "tcp53_udp53");
	cr_expect_str_eq(NAME("udp 1000-2000", "tcp 25"), "tcp25_udp1000-2000");
}

Test(scope, is_the_same_however_its_ports_are_given)
{
	cr_expect_str_eq(NAME("tcp 10-20", "tcp 15-30", "tcp 31"), "tcp10-31");
	cr_expect_str_eq(NAME("tcp 25", "tcp 25"), "tcp25");
	cr_expect_str_eq(NAME("tcp 1-65535", "tcp 80"), "tcp1-65535");
}

Test(scope, of_many_ports_has_a_short_name_of_its_own)
{
	const char *a = NAME("tcp 10001", "tcp 10003", "tcp 10005", "tcp 10007", "tcp 10009",
			     "tcp 10011", "tcp 10013");
	char first[NFT_SCOPE_SIZE];

	snprintf(first, sizeof first, "%s", a);
	cr_expect(!strncmp(first, "ports", 5), "%s", first);
	cr_expect_eq(strlen(first), 15);
	cr_expect_str_eq(NAME("tcp 10013", "tcp 10003", "tcp 10005", "tcp 10007", "tcp 10009",
			      "tcp 10011", "tcp 10001"),
			 first);
	cr_expect_str_neq(NAME("tcp 10001", "tcp 10003", "tcp 10005", "tcp 10007", "tcp 10009",
			       "tcp 10011", "tcp 10015"),
			  first);
}

static const char *const scopes[] = {"", "tcp25", "udp53", "tcp25_465_1000-2000_udp53",
				     "ports0123456789"};

Test(scope, every_length_has_a_name_and_every_name_a_length)
{
	char name[NFT_NAME_SIZE], scope[NFT_SCOPE_SIZE];
	unsigned slot, back;
	size_t i;
	bool second;

	for (i = 0; i < 2 * NFT_SLOTS * (sizeof scopes / sizeof *scopes); i++) {
		slot = i / 2 % NFT_SLOTS;
		nft_slot_name(name, scopes[i / 2 / NFT_SLOTS], slot, i % 2);
		cr_assert(nft_slot_parse(&back, &second, scope, name), "%s", name);
		cr_expect(back == slot && second == i % 2, "%s", name);
		cr_expect_str_eq(scope, scopes[i / 2 / NFT_SLOTS]);
	}
}

Test(scope, the_longest_name_fits_a_fact)
{
	char name[NFT_NAME_SIZE], scope[NFT_SCOPE_SIZE] = {0};

	memset(scope, '1', sizeof scope - 1);
	nft_slot_name(name, scope, 33 + 128, true);
	cr_expect_lt(strlen(name), sizeof((struct wire_fact *)0)->name);
}

Test(scope, names_are_what_the_manual_says)
{
	static const struct {
		const char *prefix, *scope, *name, *second;
	} table[] = {
		{"192.0.2.1", "", "ban4", "ban4b"},
		{"2001:db8::/64", "", "ban6", "ban6b"},
		{"192.0.2.0/24", "", "ban4_24", "ban4_24b"},
		{"2001:db8::1", "", "ban6_128", "ban6_128b"},
		{"2001:db8::/32", "", "ban6_32", "ban6_32b"},
		{"192.0.2.1", "tcp25", "ban4_tcp25", "ban4_tcp25b"},
		{"2001:db8::/32", "tcp25_udp53", "ban6_32_tcp25_udp53", "ban6_32_tcp25_udp53b"},
	};
	char name[NFT_NAME_SIZE];
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		struct prefix p;
		unsigned slot;

		cr_assert(prefix_parse(&p, table[i].prefix, strlen(table[i].prefix)));
		slot = nft_slot(&p);
		cr_expect_str_eq(nft_slot_name(name, table[i].scope, slot, false),
				 table[i].name);
		cr_expect_str_eq(nft_slot_name(name, table[i].scope, slot, true),
				 table[i].second);
	}
}

Test(scope, other_names_are_not_ours)
{
	static const char *const names[] = {
		"",
		"ban",
		"ban4bb",
		"ban4_32",
		"ban6_64",
		"ban4_33",
		"ban6_129",
		"ban5",
		"Ban4",
		"ban4_024",
		"ban4_",
		"ban4_tcp",
		"ban4_tcpb",
		"ban4_web25",
		"ban4_tcp25_",
		"ban4tcp25",
		"ban4__tcp25",
		"ban4_tcp25bb",
		"ban4_TCP25",
		"ban4_tcp25 ",
		"ban4_4000",
		"ban6_b",
		"ban4_24tcp25",
		"ban4_tcp2\n5",
		"ban4_32_tcp25",
		"ban4_tcp1111111111111111111111111111111111111111111"};
	char scope[NFT_SCOPE_SIZE];
	unsigned slot;
	bool second;
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		cr_expect(!nft_slot_parse(&slot, &second, scope, names[i]), "%s", names[i]);
}
