/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "match/certain.h"

Test(certain, a_group_that_takes_part_in_every_match)
{
	static const struct {
		const char *pattern;
		bool part, filled;
	} table[] = {
		{"^(?P<g>from=)", true, true},
		{"^(?P<x>(?P<g>from=))x|y", false, false},
		{"^(?P<x>(?P<g>from=)|y)", false, false},
		{"^(?P<g>Connection (?:closed|reset) by|Disconnected from) x", true, true},
		{"^(?P<g>.*)$", true, false},
		{"^(?P<g>a?[bc]*)", true, false},
		{"^(?P<g>a|)", true, false},
		{"^(?P<g>a|b?|c)", true, false},
		{"^(?P<g>|a)", true, false},
		{"^(?P<g>(?:a|b)?)", true, false},
		{"^(?P<g>(?:a|b){0,2})", true, false},
		{"^(?P<g>(?:a|b){1,2})", true, true},
		{"^(?P<g>(?=a))", true, false},
		{"^(?P<g>\\|)", true, false},
		{"^(?P<g>x)?", false, false},
		{"^(?P<g>x)*y", false, false},
		{"^(?P<g>x)+y", true, true},
		{"^(?P<g>x){0}y", false, false},
		{"^(?P<g>x){,2}y", false, false},
		{"^(?P<g>x){2}y", true, true},
		{"^(?:a(?P<g>x))?b", false, false},
		{"^(?=(?P<g>x))", true, true},
		{"^(?!(?P<g>x))", false, false},
		{"(?<=(?P<g>x))y", false, false},
		{"^(?i:(?P<g>x))", false, false},
		{"^(?P<h>x)", false, false},
		{"^(?P<gg>x)", false, false},
		{"\\(?P<g>x)?", false, false},
		{"[(?P<g>x)]", false, false},
		{"a[|](?P<g>x)", true, true},
		{"a\\|(?P<g>x)", true, true},
		{"(?P<g>x)|(?P<g2>y)", false, false},
		{"(?(1)(?P<g>x)|y)", false, false},
		{"", false, false},
		{"()(?P<g>x)", true, true},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		cr_expect_eq(certain_group(table[i].pattern, "g", false), table[i].part, "%s",
			     table[i].pattern);
		cr_expect_eq(certain_group(table[i].pattern, "g", true), table[i].filled,
			     "filled: %s", table[i].pattern);
	}
}
