/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "match/filter.h"
#include "match/literal.h"
#include "tests/match/room.h"

/* Looking only at lines with the words that a filter needs loses none. */

static uint64_t state = 88172645463325252ULL;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

struct hits {
	const char *block;
	size_t lines[4096]; /* a bit for each owner */
};

static void hit(void *arg, const char *at, size_t owner)
{
	struct hits *hits = arg;
	size_t line = 0;

	for (const char *p = hits->block; p < at; p++)
		line += *p == '\n';
	hits->lines[line] |= (size_t)1 << owner;
}

static bool has_word(struct text line, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= line.len; i++)
		if (!strncasecmp(line.at + i, word, len))
			return true;
	return false;
}

Test(literals, are_found_where_they_are_and_nowhere_else)
{
	static struct hits hits;
	static char block[8192];
	static const char letters[] = "abcABC \n";

	for (int round = 0; round < 300; round++) {
		struct literals *literals = literals_new();
		char words[20][12];
		size_t count = 1 + any(20), least = 2 + any(5);
		struct text rest, line;

		cr_assert_not_null(literals);
		for (size_t i = 0; i < count; i++) {
			size_t len = least + any(5);

			for (size_t k = 0; k < len; k++)
				words[i][k] = "abc "[any(4)];
			words[i][len] = 0;
			cr_assert_eq(literals_add(literals, text_of(words[i]), i), 0);
		}
		cr_assert_eq(literals_build(literals), 0);
		for (size_t i = 0; i < sizeof(block); i++)
			block[i] = letters[any(sizeof(letters) - (i % 100 ? 2 : 1))];
		memset(&hits, 0, sizeof(hits));
		hits.block = block;
		rest = (struct text){block, any(sizeof(block))};
		literals_scan(literals, rest, hit, &hits);
		for (size_t n = 0; text_line(&rest, &line); n++)
			for (size_t i = 0; i < count; i++)
				cr_assert_eq(hits.lines[n] >> i & 1, has_word(line, words[i]),
					     "\"%s\" in \"%.*s\"", words[i], (int)line.len,
					     line.at);
		literals_free(literals);
	}
}

static const struct pattern patterns[] = {
	{.fail = {"^ ?\\S+ sshd\\[\\d+\\]: Failed \\S+ for (?:invalid user )?.* from <HOST>"}},
	{.pref = "^ \\S+ postfix/\\w+\\[\\d+\\]: (?:warning:|NOQUEUE: (?:milter-)?reject:) "
		 "<F-CONTENT>.+</F-CONTENT>$",
	 .fail = {"^\\S+\\[<HOST>\\]: SASL ((?i)login|plain|cram-md5) authentication failed",
		  "^RCPT from \\S+\\[<HOST>\\]: [45][50][04] "}},
	{.fail = {"(?i)ask <HOST>", "(?i)from\\s+<HOST>"}},
	{.fail = {"^\\[\\] <HOST>", "^[([]\\] x <HOST>"}},
	{.fail = {"^<HOST> ", "fro(?:m|n){1,2} <HOST>$"}},
	{.fail = {"user (?P<n>\\w+) (?(n)from|for) <HOST>"}},
};

static const char *const pieces[] = {
	"Nov 20 01:02:03",
	"2026-11-20T01:02:03Z",
	"[",
	"]",
	" ",
	" ",
	"vm",
	"sshd[12]: ",
	"postfix/smtpd[3]: ",
	"warning:",
	"NOQUEUE: reject:",
	"Failed password for ",
	"invalid user ",
	"root",
	"from ",
	"FROM ",
	"ASK ",
	"a\xc5\xbf\xe2\x84\xaa ",
	"RCPT from x[",
	"192.0.2.1",
	"2001:db8::1",
	"]: ",
	"SASL LOGIN authentication failed",
	"554 5.7.1",
	"user ",
	"for ",
	"\xff",
	"x",
	"] x ",
};

static size_t make_line(char *out)
{
	size_t len = 0;

	if (any(2))
		len += (size_t)sprintf(out, "%s",
				       any(2) ? "Nov 20 01:02:03" : "[Nov 20 01:02:03]");
	for (uint32_t n = any(9); n; n--)
		len += (size_t)sprintf(out + len, "%s",
				       pieces[any(sizeof(pieces) / sizeof(*pieces))]);
	return len;
}

static struct filter *compile(const struct pattern *p)
{
	struct rule fail[8];
	struct rules rules = {
		.name = "x", .prefregex = {.regex = (char *)p->pref}, .fail = fail};
	struct diag diag = {0};
	struct filter *filter = NULL;

	for (; p->fail[rules.fails]; rules.fails++)
		fail[rules.fails] = (struct rule){.regex = (char *)p->fail[rules.fails]};
	cr_assert_eq(filter_compile(&filter, &rules, &diag), 0);
	return filter;
}

/* Genuine lines, or pieces of them in any order. */
Test(prefilter, loses_no_match)
{
	static struct scratch scratch;
	static struct subject subject;
	const size_t count = sizeof(patterns) / sizeof(*patterns);
	struct filter *filters[8];
	struct session *sessions[8];
	struct rules none = {.maxlines = 1};
	struct diag diag = {0};
	struct dates *dates;
	struct match *match = match_new();
	size_t found = 0;

	cr_assert_not_null(match);
	cr_assert_eq(scratch_init(&scratch), 0);
	cr_assert_eq(dates_compile(&dates, &none, &diag), 0);
	for (size_t i = 0; i < count; i++) {
		filters[i] = compile(&patterns[i]);
		sessions[i] = session_new();
		cr_assert_not_null(sessions[i]);
		cr_assert_eq(room_add(match, &patterns[i]), (int)i);
	}
	for (int round = 0; round < 60000; round++) {
		char line[512];
		size_t len = make_line(line), expected = 0;
		uint64_t before = match_counts(match).found;

		line[len] = '\n';
		subject_make(&subject, (struct text){line, len}, true, dates);
		for (size_t i = 0; i < count; i++) {
			struct finding finding;

			expected += filter_find(filters[i], FILTER_ALL, &scratch, sessions[i],
						subject.text, NOW, &finding) == OUTCOME_FOUND;
		}
		room_scan(match, (struct text){line, len + 1}, TIME_NONE);
		cr_assert_eq(match_counts(match).found - before, expected, "%.*s", (int)len,
			     line);
		found += expected;
	}
	cr_expect_gt(found, 1000);
	for (size_t i = 0; i < count; i++)
		filter_free(filters[i]);
	scratch_clear(&scratch);
	for (size_t i = 0; i < count; i++)
		session_free(sessions[i]);
	dates_free(dates);
	match_free(match);
}
