/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "match/python.h"
#include "match/search.h"

Test(python, says_the_same_in_pcre2s_words)
{
	static const struct {
		const char *python, *pcre2;
	} table[] = {
		{"a{2,3}b{4}c{5,}", "a{2,3}b{4}c{5,}"},
		{"a{,3}b{,}", "a{0,3}b{0,}"},
		{"a{}b{x}c{1,x}d{-1}{", "a\\{}b\\{x}c\\{1,x}d\\{-1}\\{"},
		{"[{,3}]", "[{,3}]"},
		{"^a\\Z", "^a\\z"},
		{"\\u20ac\\x41\\U0001F600\\v", "\\x{20ac}\\x{41}\\x{0001F600}\\x0b"},
		{"[[:alpha:]]", "[\\[:alpha:]]"},
		{"[]a]", "[]a]"},
		{"[^]a-z-]", "[^]a-z\\-]"},
		{"(?iu)a(?u:c)", "(?i)a(?:c)"},
		{"(?#x)(?i)(?mu)a|(?s:b)", "(?i)(?m)a|(?s:b)"},
		{"((?i)a|b)(?:(?iu)c)", "(?i:a|b)(?i:c)"},
		{"(?P<n>a)(?P=n)(?(n)b|c)(?(1)d)", "(?P<n>a)(?P=n)(?(<n>)b|c)(?(1)d)"},
		{"(?P<R>a)(?(R)b)", "(?P<R>a)(?(<R>)b)"},
		{"(?#what)a(?=b)(?!c)(?<=d)(?<!e)(?>f)", "a(?=b)(?!c)(?<=d)(?<!e)(?>f)"},
		{"\\d\\D\\w\\W\\b\\B\\A\\.\\/\\-", "\\d\\D\\w\\W\\b\\B\\A\\.\\/\\-"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char why[128] = "", *out = NULL;
		struct python_way way = {0};

		cr_expect_eq(python_translate(&out, &way, table[i].python, why, sizeof(why)), 0,
			     "%s: %s", table[i].python, why);
		cr_expect_str_eq(out, table[i].pcre2, "%s: %s", table[i].python, out);
		free(out);
	}
}

Test(python, refuses_what_python_refuses)
{
	static const char *const table[] = {
		"\\h",		"\\K",	       "\\Qa\\E",   "\\p{L}",  "\\N{BULLET}", "\\xg1",
		"\\u12",	"a\\",	       "[a-\\d]",   "[\\s-z]", "[a",	      "[]",
		"(?R)",		"(?&n)",       "(*ACCEPT)", "(?P>n)",  "(?|a)",	      "(?x)a b",
		"(?L)a",	"(?a)a",       "(?#a",	    "(?P<n",   "(?P=)",	      "[\\h]",
		"[\\z]",	"(?P<>a)",     "(?",	    "((?x)a)", "a(?i)b",      "a|(?i)b",
		"(?P<n>(?i)a)", "((?i)(?m)a)", "\\((?i)a",  "(?-i)a",
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char why[128] = "", *out = NULL;
		struct python_way way = {0};

		cr_expect_eq(python_translate(&out, &way, table[i], why, sizeof(why)), -EINVAL,
			     "%s", table[i]);
		cr_expect(*why, "%s", table[i]);
	}
}

/* What re.search(python, subject) says. */
Test(python, finds_what_python_finds)
{
	static const struct {
		const char *python, *subject;
		bool found;
	} table[] = {
		{"a\\sb",
		 "a\x1d"
		 "b",
		 true},
		{"a\\Sb",
		 "a\x1d"
		 "b",
		 false},
		{"a[\\s]b",
		 "a\x1f"
		 "b",
		 true},
		{"a[x\\S]b",
		 "a\x1f"
		 "b",
		 false},
		{"a[\\S]b", "axb", true},
		{"a[\\x1c\\S]b",
		 "a\x1c"
		 "b",
		 true},
		{"a[^\\S]b",
		 "a\x1c"
		 "b",
		 true},
		{"a[^\\S ]b", "a b", false},
		{"a[^\\S ]b", "a\tb", true},
		{"a\\sb",
		 "a\xc2\xa0"
		 "b",
		 true},
		{"a\\sb",
		 "a\xe2\x80\x83"
		 "b",
		 true},
		{"a\\sb",
		 "a\xe1\xa0\x8e"
		 "b",
		 false},
		{"a[\\s\\S]b", "a\nb", true},
		{"^\\w+$",
		 "gr\xc3\xbc\xc3\x9f"
		 "e",
		 true},
		{"^\\d$", "\xd9\xa3", true},
		{"a.b", "a\rb", true},
		{"a.b", "a\nb", false},
		{"a.b",
		 "a\xe2\x80\xa8"
		 "b",
		 true},
		{"a$", "a\n", true},
		{"a\\Z", "a\n", false},
		{"^x{,2}y", "xxy", true},
		{"^x{,2}y", "xxxy", false},
		{"x{,y", "x{,y", true},
		{"[[:a]", "[", true},
		{"[[:alpha:]]", "b]", false},
		{"[[:alpha:]]", ":]", true},
		{"\\v", "\x0b", true},
		{"\\v", "\n", false},
		{"(?i)STRASSE", "strasse", true},
		{"((?i)LOGIN|PLAIN) x", "plain x", true},
		{"(?P<a_group_whose_name_is_longer_than_32>a)(?P=a_group_whose_name_is_longer_"
		 "than_32)",
		 "aa", true},
		{"(?P<R>a)?(?(R)b|c)", "ab", true},
		{"(?P<n>x)?(?P=n)y", "y", false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char why[256] = "";
		struct regex *regex = NULL;
		struct search search;

		cr_assert_eq(search_init(&search), 0);
		cr_assert_eq(regex_compile(&regex, table[i].python, 0, why, sizeof(why)), 0,
			     "%s: %s", table[i].python, why);
		cr_expect_eq(search_run(&search, regex, text_of(table[i].subject), NULL),
			     table[i].found, "%s in %s", table[i].python, table[i].subject);
		regex_free(regex);
		search_clear(&search);
	}
}
