/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "match/lint.h"
#include "match/match.h"

struct row {
	enum lint lint;
	const char *part; /* that is too wide; NULL: any */
	const char *pref, *fail;
};

static void check(const struct row *row)
{
	struct text part;
	enum lint lint = lint_regex(&part, row->pref, row->fail);

	cr_expect_eq(lint, row->lint, "%s: %d", row->fail, lint);
	if (row->part)
		cr_expect(text_equal(part, row->part), "%s: found %.*s", row->fail,
			  (int)part.len, part.at ? part.at : "");
}

static void check_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(&rows[i]);
}

#define CHECK(rows) check_all(rows, sizeof(rows) / sizeof(*(rows)))

Test(lint, names_a_greedy_part_in_front_of_the_address)
{
	static const struct row rows[] = {
		{LINT_GREEDY, ".*", NULL, "^login failed for .* from <HOST>"},
		{LINT_GREEDY, ".*?", NULL, "^login failed for .*? from <HOST>:"},
		{LINT_GREEDY, ".+", NULL, "^login failed for .+ from <ADDR> "},
		{LINT_GREEDY, ".{3,}", NULL, "^login failed for .{3,} from <HOST> "},
		{LINT_GREEDY, ".{,500}", NULL, "^login failed for .{,500} from <HOST> "},
		{LINT_GREEDY, "[^\\n]*", NULL, "^login failed for [^\\n]* from <HOST> "},
		{LINT_GREEDY, "[\\s\\S]*", NULL, "^login failed for [\\s\\S]* from <IP4> "},
		{LINT_GREEDY, "(?:.|x)*", NULL, "^login failed for (?:.|x)* from <HOST> "},
		{LINT_GREEDY, ".*", NULL, "^user <F-USER>.*</F-USER> from <HOST> "},
		{LINT_GREEDY, ".*", NULL, "^.*failed from <HOST>: "},
		{LINT_GREEDY, "\\S+", NULL, "^user \\S+ from <HOST> "},
		{LINT_GREEDY, "[^']*", NULL, "^call from '[^']*' \\(peer <HOST>\\) to "},
		{LINT_GREEDY, "[^:]*", NULL, "^user [^:]* from (?P<ip4>[\\d.]+) "},
		{LINT_GREEDY, "(?:(?! from ).)*", NULL, "^user (?:(?! from ).)* from <HOST> "},
		{LINT_GREEDY, "[^,]*", NULL, "^failed, (?:user=[^,]*, )*ip=\\[<HOST>\\]"},
		{LINT_GREEDY, ".*?", NULL, "^user (?:[^\"]+|.*?): <HOST>, "},
	};

	CHECK(rows);
}

Test(lint, takes_the_last_address_of_a_line_for_the_servers)
{
	static const struct row rows[] = {
		{LINT_GOOD, NULL, NULL, "^login failed for .* from <HOST>$"},
		{LINT_GOOD, NULL, NULL, "^login failed for .* from <HOST>\\s*$"},
		{LINT_GOOD, NULL, NULL, "^login failed for .* from <HOST>(?: port \\d+)?\\Z"},
		{LINT_GOOD, NULL, NULL, "^login for .* from <HOST>(?: via \\S+)?$"},
		{LINT_GOOD, NULL, NULL, "^login for .* from <HOST>(?:, (?:a|bc){1,2})*$"},
		{LINT_GOOD, NULL, NULL, "failed for .* from <HOST>$"},
		{LINT_GOOD, NULL, NULL, "^user <F-USER>.*</F-USER> rip=<HOST>(?:(?!rip=).)*$"},
	};

	CHECK(rows);
}

Test(lint, knows_what_may_follow_that_address)
{
	static const struct row rows[] = {
		{LINT_GREEDY, ".*", NULL, "^login failed for .* from <HOST>.*$"},
		{LINT_GREEDY, ".*", NULL, "^login failed for .* from <HOST>(?: .+)?$"},
		{LINT_GREEDY, ".*", NULL, "^login failed for .* from <HOST>(?:\\s*$|,)"},
		{LINT_GREEDY, ".*", NULL, "^login failed for .* from <HOST>(?: x$)?"},
		{LINT_GREEDY, ".*", NULL, "^user \".*\" at <HOST>, agent \"[^\"]*\"$"},
		{LINT_GREEDY, ".*", NULL, "^user \".*\" at <HOST>, agent \"\\S+\"$"},
		/* Text that ends at a character is followed by what cannot be all of that. */
		{LINT_GOOD, NULL, NULL, "^user \"[^\"]*\" at <HOST>, agent \"[^\"]*\"$"},
		/* A name that cannot have what free text starts with. */
		{LINT_GOOD, NULL, NULL, "^user [^:]* from <HOST>(?:: .*)?$"},
		{LINT_GREEDY, "[^;]*", NULL, "^user [^;]* from <HOST>(?:: .*)?$"},
		{LINT_GREEDY, "[^:]*", NULL, "^user [^:]* from <HOST>(?:: .*)?"},
	};

	CHECK(rows);
}

Test(lint, wants_an_address_tied_to_one_end)
{
	static const struct row rows[] = {
		{LINT_LOOSE, NULL, NULL, "login failed from <HOST>"},
		{LINT_LOOSE, NULL, NULL, "<HOST> failed"},
		{LINT_LOOSE, NULL, NULL, "(?:^|x)failed from <HOST> "},
		{LINT_LOOSE, NULL, NULL, "(?:^x)?failed from <HOST> "},
		{LINT_LOOSE, NULL, NULL, "^a from <HOST> |failed from <HOST> "},
		{LINT_LOOSE, NULL, NULL, "x^ <HOST> "},
		{LINT_GOOD, NULL, NULL, "^login failed from <HOST>"},
		{LINT_GOOD, NULL, NULL, "\\Alogin failed from <HOST>"},
		{LINT_GOOD, NULL, NULL, "(?:^a|^b) failed from <HOST> "},
		{LINT_GOOD, NULL, NULL, "(?i)^login failed from <HOST> "},
		{LINT_GOOD, NULL, NULL, "(?=x)\\b^login failed from <HOST> "},
		{LINT_GOOD, NULL, NULL, "^<HOST> .* failed"},
	};

	CHECK(rows);
}

Test(lint, leaves_alone_what_the_server_writes_in_front)
{
	static const struct row rows[] = {
		/* The host and the process of a syslog line. */
		{LINT_GOOD, NULL, NULL,
		 "^\\s*(?:\\S+\\s+)?(?:sshd(?:\\(\\S+\\))?:\\s+)?from <HOST> "},
		{LINT_GOOD, NULL, NULL, "^\\s*\\S+ [^:]+: from <HOST> "},
		/* NAME[ADDRESS], and a word that may be missing. */
		{LINT_GOOD, NULL, NULL, "^reject: RCPT from [^[]*\\[<HOST>\\]: 5"},
		{LINT_GOOD, NULL, NULL, "^refused connect from \\S+ \\(<HOST>\\)"},
		{LINT_GOOD, NULL, NULL, "^client(?: @\\S*)? <HOST>#"},
		/* Numbers, words, a few characters. */
		{LINT_GOOD, NULL, NULL, "^failed \\w+ [\\w.-]+ \\d+ .{0,20}\\s* from <HOST> "},
		{LINT_GOOD, NULL, NULL, "^failed{2 x.y from <HOST> "},
		/* Strings that have their quotes escaped. */
		{LINT_GOOD, NULL, NULL,
		 "^failed, \"[^\"\\\\]*(?:\\\\.[^\"\\\\]*)*\", \"a\":\"<HOST>\","},
		{LINT_GOOD, NULL, NULL, "^failed, \"(?:[^\"\\\\]|\\\\.)*\", \"a\":\"<HOST>\","},
		/* Alternatives without the address, and what takes no text. */
		{LINT_GOOD, NULL, NULL, "^failed (?:for .*|from <HOST>) "},
		{LINT_GOOD, NULL, NULL, "^failed (?!.* x)(?=.*y)(?#.*)from <HOST> "},
		/* Lines that are matched together. */
		{LINT_GOOD, NULL, NULL, "^failed .*\\nfrom <HOST> "},
		{LINT_GOOD, NULL, NULL, "^failed .*<SKIPLINES>from <HOST> "},
		{LINT_GOOD, NULL, NULL, "^nothing .* here"},
	};

	CHECK(rows);
}

Test(lint, reads_a_failregex_in_the_place_of_the_content)
{
	static const char pref[] = "^host: <F-CONTENT>.+</F-CONTENT>$";
	static const char wide[] = "^note [^:]+: <F-CONTENT>.+</F-CONTENT>$";
	static const char host[] = "^user \\d+ [a-z]\\[<HOST>\\] <F-CONTENT>.+</F-CONTENT>$";
	static const char late[] = "^note <F-CONTENT>.+</F-CONTENT> of <HOST>$";
	static const char tail[] = "^note <F-CONTENT>.+</F-CONTENT> of <HOST> ";
	static const struct row rows[] = {
		{LINT_GOOD, NULL, pref, "^failed from <HOST> "},
		{LINT_GOOD, NULL, pref, "^failed for .* from <HOST>$"},
		{LINT_GREEDY, ".*", pref, "^failed for .* from <HOST>"},
		{LINT_GREEDY, NULL, pref, "failed from <HOST>"},
		{LINT_GOOD, NULL, pref, "failed from <HOST>$"},
		{LINT_GREEDY, "[^:]+", wide, "^failed from <HOST>"},
		{LINT_GOOD, NULL, wide, "^failed from <HOST>$"},
		{LINT_GOOD, NULL, host, "failed"},
		{LINT_GOOD, NULL, late, "failed"},
		{LINT_GREEDY, NULL, tail, "failed"},
		{LINT_GREEDY, NULL, tail, "^failed .*"},
	};

	CHECK(rows);
}

Test(lint, survives_what_is_no_expression)
{
	static const char *const texts[] = {
		"",
		"(",
		"((((",
		")",
		"[",
		"[^",
		"[]",
		"\\",
		"(?",
		"(?P<",
		"(?P<a",
		"{",
		"a{",
		"a{1",
		"a{1,",
		"<",
		"<HOST",
		"<>",
		"<F-",
		"<F-A>",
		"</F-A>",
		"<F-A></F-",
		"^(<HOST>",
		"[<HOST>",
		"(?(a)b|c)<HOST>",
		"a|*|<HOST>",
		"^.*<F-CONTENT>",
		"(?#",
		"(<F-A>)</F-A>",
		"\\n<",
	};
	static const char deep[] = "^((((((((((((((((((((((((((((((((((((((((((((((((((((.*"
				   "))))))))))))))))))))))))))))))))))))))))))))))))))))<HOST>";
	struct text part;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (size_t j = 0; j < sizeof(texts) / sizeof(*texts); j++) {
			char *copy = strdup(texts[i]);

			lint_regex(&part, NULL, copy);
			lint_regex(&part, copy, texts[j]);
			free(copy);
		}
	cr_expect_eq(lint_regex(&part, NULL, deep), LINT_GOOD);
}

/* ---- whole filters ---- */

struct heard {
	char text[2000];
	unsigned lines[8];
	unsigned count;
};

static void hear(void *arg, bool error, struct place place, const char *text)
{
	struct heard *heard = arg;

	cr_expect(!error);
	heard->lines[heard->count++ % 8] = place.line;
	strncat(heard->text, text, sizeof(heard->text) - strlen(heard->text) - 1);
}

Test(lint, says_the_line_of_each_expression_and_of_a_prefix_once)
{
	char *good = "^from <HOST>$", *bad = "^x .* from <HOST>", *open = "^from <HOST>";
	struct rule fails[] = {
		{good, {"f", 3}}, {bad, {"f", 4}}, {bad, {"f", 5}}, {open, {"f", 6}}};
	struct rules rules = {.fail = fails, .fails = 4};
	struct heard heard = {0};
	struct diag diag = {.say = hear, .arg = &heard};

	match_lint(&rules, &diag);
	cr_assert_eq(heard.count, 2);
	cr_expect_eq(heard.lines[0], 4);
	cr_expect_eq(heard.lines[1], 5);
	cr_expect(strstr(heard.text, ".*"));

	heard = (struct heard){0};
	rules.prefregex = (struct rule){"^note [^:]+: <F-CONTENT>.+</F-CONTENT>$", {"f", 2}};
	fails[1].regex = fails[2].regex = open;
	match_lint(&rules, &diag);
	cr_assert_eq(heard.count, 1);
	cr_expect_eq(heard.lines[0], 2);
	cr_expect(strstr(heard.text, "[^:]+"));
}
