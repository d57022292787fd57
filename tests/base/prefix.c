/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

#include "base/prefix.h"

struct parsed {
	const char *text;
	const char *strict, *masked, *loose; /* printed; NULL: refused */
};

static const struct parsed table[] = {
	{"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"},
	{"192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/24"},
	{"192.0.2.1/24", NULL, "192.0.2.0/24", "192.0.2.0/24"},
	{"192.0.2.1/32", "192.0.2.1", "192.0.2.1", "192.0.2.1"},
	{"0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0"},
	{"2001:db8::1", "2001:db8::1", "2001:db8::1", "2001:db8::1"},
	{"2001:DB8::/32", "2001:db8::/32", "2001:db8::/32", "2001:db8::/32"},
	{"2001:db8::1/64", NULL, "2001:db8::/64", "2001:db8::/64"},
	{"::ffff:192.0.2.9", "192.0.2.9", "192.0.2.9", "192.0.2.9"},
	{"::ffff:192.0.2.0/120", "192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/24"},
	{"10.", NULL, NULL, "10.0.0.0/8"},
	{"192.168.", NULL, NULL, "192.168.0.0/16"},
	{"10.0.0.0/255.0.0.0", NULL, NULL, "10.0.0.0/8"},
	{"10.0.0.0/255.0.255.0", NULL, NULL, NULL},
	{"192.0.2.09", NULL, NULL, NULL},
	{"192.0.2", NULL, NULL, NULL},
	{"192.0.2.256", NULL, NULL, NULL},
	{"192.0.2.1/33", NULL, NULL, NULL},
	{"192.0.2.1/", NULL, NULL, NULL},
	{"192.0.2.1/024", NULL, NULL, NULL},
	{"2001:db8::/129", NULL, NULL, NULL},
	{"fe80::1%eth0", NULL, NULL, NULL},
	{"1.2.3.4.", NULL, NULL, NULL},
	{".", NULL, NULL, NULL},
	{"", NULL, NULL, NULL},
	{"host", NULL, NULL, NULL},
	{" 192.0.2.1", NULL, NULL, NULL},
};

typedef bool parser(struct prefix *out, const char *at, size_t len);

static void expect(parser *parse, const char *text, const char *want)
{
	char got[PREFIX_TEXT_MAX];
	struct prefix p;

	if (!parse(&p, text, strlen(text))) {
		cr_expect_null(want, "\"%s\" is refused", text);
		return;
	}
	cr_expect(prefix_valid(&p), "\"%s\" is not valid", text);
	cr_expect(want && !strcmp(prefix_print(&p, got), want), "\"%s\": %s", text,
		  prefix_print(&p, got));
}

Test(prefix, text_is_read_as_the_table_says)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		expect(prefix_parse, table[i].text, table[i].strict);
		expect(prefix_parse_masked, table[i].text, table[i].masked);
		expect(prefix_parse_loose, table[i].text, table[i].loose);
	}
}

static struct prefix of(const char *text)
{
	struct prefix p;

	cr_assert(prefix_parse_masked(&p, text, strlen(text)), "%s", text);
	return p;
}

Test(prefix, covers_what_is_inside_and_itself)
{
	static const struct {
		const char *wide, *narrow;
		bool covers;
	} cases[] = {
		{"10.0.0.0/8", "10.1.2.3", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"10.0.0.0/8", "10.0.0.0/8", true},
		{"10.0.0.0/16", "10.0.0.0/8", false},
		{"0.0.0.0/0", "9.9.9.9", true},
		{"::/0", "9.9.9.9", false},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct prefix wide = of(cases[i].wide), narrow = of(cases[i].narrow);

		cr_expect_eq(prefix_covers(&wide, &narrow), cases[i].covers, "%s %s",
			     cases[i].wide, cases[i].narrow);
	}
}

Test(prefix, bytes_with_host_bits_or_mapped_ipv4_are_not_valid)
{
	struct prefix p = of("10.0.0.0/8"), six = of("2001:db8::1");
	unsigned char mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 1};

	p.addr[3] = 1;
	cr_expect_not(prefix_valid(&p));
	memcpy(six.addr, mapped, 16);
	cr_expect_not(prefix_valid(&six));
	cr_expect(prefix_from_bytes(&six, AF_INET6, mapped, 128));
	cr_expect_eq(six.family, 4);
	cr_expect_not(prefix_from_bytes(&six, AF_INET, mapped, 33));
	cr_expect_not(prefix_from_bytes(&six, AF_UNIX, mapped, 8));
}
