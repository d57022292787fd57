/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "conf/ini.h"

/* "[section]key=value@line" and so on; a line of a value after the first is "/text@line". */
static void print(const struct ini *ini, char *out, size_t size)
{
	size_t used = 0;

	*out = 0;
	for (size_t i = 0; i < ini->count; i++) {
		used += (size_t)snprintf(out + used, size - used, "[%s]",
					 ini->sections[i].name);
		for (size_t k = 0; k < ini->sections[i].count; k++) {
			const struct ini_entry *e = &ini->sections[i].entries[k];
			struct value_cursor c = {0};

			while (value_next(&e->value, &c))
				used += (size_t)snprintf(
					out + used, size - used, "%s%s%.*s@%u",
					c.line == 1 ? e->key : "/", c.line == 1 ? "=" : "",
					(int)c.text.len, c.text.at, c.place.line);
		}
	}
}

static void say(void *arg, bool error, struct place place, const char *text)
{
	char *out = arg;
	size_t used = strlen(out);

	(void)error;
	snprintf(out + used, 512 - used, "%u: %s\n", place.line, text);
}

/* What each text is to Python 3.11's ConfigParser(inline_comment_prefixes=";"), with lines. */
static const struct {
	const char *text, *parsed;
} good[] = {
	{"", ""},
	{"# nothing\n; at all\n\n", ""},
	{"[a]\nk = v\n", "[a]k=v@2"},
	{"[a]\nk = v", "[a]k=v@2"},
	{"[a]\r\nk = v\r\nl: w\r\n", "[a]k=v@2l=w@3"},
	{"[a]\rk = v\rl = w", "[a]k=v@2l=w@3"},
	{"\xef\xbb\xbf[a]\nk = v\n", "[a]k=v@2"},
	{"[a]\nk: v = w\nl = x : y\nm=:n\n", "[a]k=v = w@2l=x : y@3m=:n@4"},
	{"[a]\nKeY = VaLue\nTwo words  = x\n", "[a]key=VaLue@2two words=x@3"},
	{"[a]\nk =\n", "[a]k=@2"},
	{"[a]\nk = 1\n 2\n\t3\nl = 4\n", "[a]k=1@2/2@3/3@4l=4@5"},
	{"[a]\nk =\n 2\n", "[a]k=@2/2@3"},
	{"[a]\nk = 1\n\n 2\n\n\nl = 3\n", "[a]k=1@2/@3/2@4l=3@7"},
	{"[a]\nk = 1\n# no part of it\n 2\n ; nor this\n 3\n", "[a]k=1@2/2@4/3@6"},
	{"[a]\nk = 1\n 2\n  3\n 4\n", "[a]k=1@2/2@3/3@4/4@5"},
	{"[a]\n  k = 1\n  l = 2\n   3\n m = 4\n", "[a]k=1@2l=2@3/3@4m=4@5"},
	{"[a]\nk = v ; comment\nl = v; none\nm = v# none\nn = v # none\n",
	 "[a]k=v@2l=v; none@3m=v# none@4n=v # none@5"},
	{"[a]\nk = 1\n x ;y\n ;z\n w\n", "[a]k=1@2/x@3/w@5"},
	{"[a]\nk = 1\n [b]\n l = 2\n", "[a]k=1@2/[b]@3/l = 2@4"},
	{"[a] ; comment\nk = 1\n", "[a]k=1@2"},
	{"[a b/c]\nk = 1\n[d]]\nk = 2\n", "[a b/c]k=1@2[d]]k=2@4"},
	{"[DEFAULT]\nk = 1\n[a]\nk = 2\n[DEFAULT]\nl = 3\n", "[DEFAULT]k=1@2l=3@6[a]k=2@4"},
	{"[a]\nk = %(x)s %% <y>\n", "[a]k=%(x)s %% <y>@2"},
	{"[a]\nk = \x1c v \x1f\n", "[a]k=v@2"},
};

Test(dialect, is_that_of_python)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct ini ini = {0};
		struct diag diag = {0};
		char out[512];

		cr_expect_eq(ini_parse(&ini, text_of(good[i].text), "f", &diag), 0);
		print(&ini, out, sizeof out);
		cr_expect_str_eq(out, good[i].parsed, "row %zu", i);
		ini_clear(&ini);
	}
}

static const struct {
	const char *text, *said, *kept;
} bad[] = {
	{"k = v\nl = w\n[a]\nm = x\n", "1: expected a [section] first, not \"k = v\"\n",
	 "[a]m=x@4"},
	{"[a]\nword\n more\nk = v\n", "2: expected \"key = value\", not \"word\"\n",
	 "[a]k=v@4"},
	{"[a]\n= v\n", "2: a key is missing in \"= v\"\n", "[a]"},
	{"[a\nk = v\n", "1: expected a [section] first, not \"[a\"\n", ""},
	{"[a]\n[]\n", "2: expected \"key = value\", not \"[]\"\n", "[a]"},
	{"[a]\nk = 1\nK : 2\n 3\nl = 4\n", "3: key \"K\" is repeated; first at line 2\n",
	 "[a]k=1@2l=4@5"},
	{"[DEFAULT]\nk = 1\n[DEFAULT]\nk = 2\n", "4: key \"k\" is repeated; first at line 2\n",
	 "[DEFAULT]k=1@2"},
	{"[a]\nk = 1\n[b]\n[a]\nk = 2\nword\n[c]\nl = 3\n",
	 "4: section [a] is repeated; first at line 1\n", "[a]k=1@2[b][c]l=3@8"},
	{"[a]\n\x1b[31m\n", "2: expected \"key = value\", not \"\\x1b[31m\"\n", "[a]"},
};

Test(dialect, each_mistake_has_its_line_and_the_rest_is_read)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ini ini = {0};
		char said[512] = "", kept[512];
		struct diag diag = {.say = say, .arg = said};

		cr_expect_eq(ini_parse(&ini, text_of(bad[i].text), "f", &diag), -EINVAL);
		print(&ini, kept, sizeof kept);
		cr_expect_str_eq(said, bad[i].said, "row %zu", i);
		cr_expect_str_eq(kept, bad[i].kept, "row %zu", i);
		ini_clear(&ini);
	}
}

Test(dialect, a_nul_byte_ends_the_reading)
{
	struct ini ini = {0};
	char said[512] = "";
	struct diag diag = {.say = say, .arg = said};
	struct text text = {"[a]\nk = \0v\nl = w\n", 17};

	cr_expect_eq(ini_parse(&ini, text, "f", &diag), -EINVAL);
	cr_expect_str_eq(said, "2: this is not text: \"k = \\x00v\"\n");
	ini_clear(&ini);
}

Test(dialect, a_later_file_wins_and_the_earlier_value_stays_known)
{
	struct ini ini = {0}, more = {0};
	struct diag diag = {0};
	char out[512];

	cr_assert_eq(ini_parse(&ini, text_of("[a]\nk = 1\nl = 2\n"), "f", &diag), 0);
	cr_assert_eq(ini_parse(&more, text_of("[a]\n\nl = 3\nm = 4\n[b]\nk = 5\n"), "g", &diag),
		     0);
	cr_assert_eq(ini_merge(&ini, &more), 0);
	print(&ini, out, sizeof out);
	cr_expect_str_eq(out, "[a]k=1@2l=3@3m=4@4[KNOWN/a]l=2@3[b]k=5@6");
	cr_expect_eq(more.count, 0);
	ini_clear(&ini);
}

Test(dialect, tables_are_bounded)
{
	static char text[200000];
	struct ini ini = {0};
	char said[512] = "";
	struct diag diag = {.say = say, .arg = said};
	size_t used = 0;

	for (int i = 0; i < 5000; i++)
		used += (size_t)sprintf(text + used, "[s%d]\n", i);
	cr_expect_eq(ini_parse(&ini, (struct text){text, used}, "f", &diag), -EINVAL);
	cr_expect_eq(ini.count, 4096);
	ini_clear(&ini);
	used = (size_t)sprintf(text, "[s]\n");
	for (int i = 0; i < 2000; i++)
		used += (size_t)sprintf(text + used, "k%d=\n", i);
	*said = 0;
	cr_expect_eq(ini_parse(&ini, (struct text){text, used}, "f", &diag), -EINVAL);
	cr_expect_eq(ini.sections[0].count, 1000);
	cr_expect(!strncmp(said, "1002: too many keys in a section at \"k1000\"\n", 44), "%s",
		  said);
	ini_clear(&ini);
}
