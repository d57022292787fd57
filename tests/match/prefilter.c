/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "match/filter.h"
#include "match/literal.h"
#include "match/slide.h"
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

#define BLOCK 65536
#define WORDS 20

static char block[BLOCK];
static uint32_t line_of[BLOCK];	 /* its number */
static uint32_t seen[BLOCK + 1]; /* of a line: a bit for each word */
static char words[WORDS][12];
static size_t count;

/* Many words in few letters, so that they overlap, and lines of any length. */
static struct text make_block(size_t least, uint32_t length)
{
	static const char letters[] = "abcABC ";
	uint32_t line = 0;

	count = 1 + any(WORDS);
	for (size_t i = 0; i < count; i++) {
		size_t len = least + any(5);

		for (size_t k = 0; k < len; k++)
			words[i][k] = "abc "[any(4)];
		words[i][len] = 0;
	}
	for (size_t i = 0; i < BLOCK; i++) {
		block[i] = any(length) ? letters[any(sizeof(letters) - 1)] : '\n';
		line_of[i] = line;
		line += block[i] == '\n';
	}
	memset(seen, 0, sizeof(seen));
	return (struct text){block, any(BLOCK)};
}

static bool has_word(struct text line, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= line.len; i++)
		if (!strncasecmp(line.at + i, word, len))
			return true;
	return false;
}

static void expect_all_seen(struct text rest)
{
	struct text line;

	for (size_t n = 0; text_line(&rest, &line); n++)
		for (size_t i = 0; i < count; i++)
			cr_assert_eq(seen[n] >> i & 1, has_word(line, words[i]),
				     "\"%s\" in \"%.*s\"", words[i], (int)line.len, line.at);
}

static uint32_t last_line;

static void found(void *arg, const char *at, size_t owner, uint64_t bits)
{
	uint32_t line = line_of[at - block];

	(void)arg;
	cr_assert_geq(line, last_line);
	cr_assert_eq(bits, UINT64_C(1) << owner);
	last_line = line;
	seen[line] |= (uint32_t)bits;
}

Test(literals, are_found_where_they_are_and_nowhere_else)
{
	static const uint32_t lengths[] = {3, 30, 300, BLOCK};

	for (uint32_t round = 0; round < 60; round++) {
		struct text rest = make_block(2 + any(5), lengths[round % 4]);
		struct literals *literals = literals_new();

		cr_assert_not_null(literals);
		for (size_t i = 0; i < count; i++)
			cr_assert_eq(
				literals_add(literals, text_of(words[i]), i, UINT64_C(1) << i),
				0);
		cr_assert_eq(literals_build(literals), 0);
		last_line = 0;
		literals_scan(literals, rest, found, NULL);
		expect_all_seen(rest);
		literals_free(literals);
	}
}

static void add_owner(void *arg, const char *at, size_t owner, uint64_t bits)
{
	size_t *got = arg;

	(void)at;
	*got += owner * 100 + bits;
}

/* Lines come one by one when they are written, each wherever it was read to. */
Test(literals, are_found_wherever_a_text_begins_and_ends)
{
	static char text[64 + 256];
	static const char *const few[] = {"auth=0/", " after ", "command time limit",
					  "from",    "ab",	"failed password for "};

	for (size_t n = 1; n <= sizeof(few) / sizeof(*few); n++) {
		struct literals *literals = literals_new();

		cr_assert_not_null(literals);
		for (size_t i = 0; i < n; i++)
			cr_assert_eq(literals_add(literals, text_of(few[i]), 1, 1), 0);
		cr_assert_eq(literals_build(literals), 0);
		for (int round = 0; round < 200000; round++) {
			const char *word = few[any((uint32_t)n)];
			size_t word_len = strlen(word), got = 0;
			size_t len = word_len + any(200);
			char *at = text + any(64);

			memset(text, '#', sizeof(text));
			memcpy(at + any((uint32_t)(len - word_len + 1)), word, word_len);
			literals_scan(literals, (struct text){at, len}, add_owner, &got);
			cr_assert_gt(got, 0, "of %zu: \"%.*s\"", n, (int)len, at);
		}
		literals_free(literals);
	}
}

static void maybe(void *arg, size_t index, const char *at)
{
	size_t len = strlen(words[index]);

	(void)arg;
	cr_assert_leq(at + len, block + BLOCK);
	if (!strncasecmp(at, words[index], len))
		seen[line_of[at - block]] |= UINT32_C(1) << index;
}

Test(literals, are_found_without_vector_instructions)
{
	for (int round = 0; round < 60; round++) {
		struct text rest = make_block(2 + any(5), 30), list[WORDS];
		struct slide *slide;

		for (size_t i = 0; i < count; i++)
			list[i] = text_of(words[i]);
		slide = slide_new(list, count);
		cr_assert_not_null(slide);
		slide_scan(slide, rest, maybe, NULL);
		expect_all_seen(rest);
		slide_free(slide);
	}
}

Test(literals, belong_to_all_who_added_them)
{
	struct literals *literals = literals_new();
	size_t got = 0;

	cr_assert_not_null(literals);
	cr_assert_eq(literals_add(literals, text_of("abc"), 1, 1), 0);
	cr_assert_eq(literals_add(literals, text_of("abc"), 2, 2), 0);
	cr_assert_eq(literals_add(literals, text_of("abc"), 1, 4), 0);
	cr_assert_eq(literals_build(literals), 0);
	literals_scan(literals, text_of("xx abc"), add_owner, &got);
	cr_expect_eq(got, 307, "%zu", got);
	literals_free(literals);
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
	{.fail = {"^(?=.*SASL)\\S* ?\\S+ <HOST>", "warning:(?= user).* <HOST>"}},
	/* a session is told of lines that are no failure */
	{.pref = "^<F-MLFID>\\S*</F-MLFID> ?<F-CONTENT>.+</F-CONTENT>$",
	 .fail = {"^<F-NOFAIL>Failed password</F-NOFAIL> for .*<ADDR>", "^invalid user"}},
	/* the date is cut out of the middle, and leaves what was on both sides of it together
	 */
	{.fail = {"from \\[\\] <HOST>", "^(?:fr)?om - <HOST>"},
	 .dates = {"^[^\\[]*\\[({DATE})"}},
	{.fail = {"x <HOST>", "\\[\\]user .*<HOST>"}, .dates = {"{DATE}"}},
	{.fail = {"^from <HOST>", "^user <HOST>"}, .dates = {"**%Y-%m-%dT%H:%M:%SZ**"}},
	{.fail = {"^from <HOST>", "\\nfrom <HOST>"}, .dates = {"{NONE}"}},
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
	"fr",
	"om",
	"- ",
	"[20/Nov/2025:01:02:03 +0000]",
};

static const char *const genuine[] = {
	"Nov 20 01:02:03 vm sshd[12]: Failed password for root from 192.0.2.1",
	"[Nov 20 01:02:03] vm sshd[12]: Failed none for invalid user x from 192.0.2.1",
	" vm sshd[12]: Failed password for from from 2001:db8::1",
	"Nov 20 01:02:03 vm postfix/smtpd[3]: warning: x[192.0.2.1]: SASL LOGIN "
	"authentication failed",
	"Nov 20 01:02:03 vm postfix/smtpd[3]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 x",
	"ASK 192.0.2.1",
	"from\t192.0.2.1",
	"[Nov 20 01:02:03] 192.0.2.1",
	"user x from 192.0.2.1",
	"Nov 20 01:02:03 SASL 192.0.2.1",
	"Nov 20 01:02:03 warning: user 192.0.2.1",
	"Nov 20 01:02:03 x1 Failed password for 192.0.2.1",
	"Nov 20 01:02:03 x1 invalid user",
	"from [20/Nov/2025:01:02:03 +0000] 192.0.2.1",
	"[20/Nov/2025:01:02:03 +0000]om - 192.0.2.1",
	"x [20/Nov/2025:01:02:03 +0000]user 192.0.2.1",
	"x 2025-11-20T01:02:03Z192.0.2.1",
	"fr2025-11-20T01:02:03Zom 192.0.2.1",
	"us2025-11-20T01:02:03Zer 192.0.2.1",
	"from 192.0.2.1",
};

static size_t make_line(char *out)
{
	size_t len = 0, at;
	const char *piece;

	if (any(2)) {
		len = (size_t)sprintf(out, "%s",
				      genuine[any(sizeof(genuine) / sizeof(*genuine))]);
		if (any(2))
			return len;
		/* with something in it, or in place of its end */
		piece = pieces[any(sizeof(pieces) / sizeof(*pieces))];
		at = any((uint32_t)len + 1);
		if (any(2))
			len = at;
		memmove(out + at + strlen(piece), out + at, len - at);
		memcpy(out + at, piece, strlen(piece));
		return len + strlen(piece);
	}
	if (any(2))
		len += (size_t)sprintf(out, "%s",
				       any(2) ? "Nov 20 01:02:03" : "[Nov 20 01:02:03]");
	for (uint32_t n = any(9); n; n--)
		len += (size_t)sprintf(out + len, "%s",
				       pieces[any(sizeof(pieces) / sizeof(*pieces))]);
	return len;
}

/* The same without looking for words. */
struct each {
	struct filter *filter;
	struct dates *dates;
	struct session *session;
};

static void each_make(struct each *e, const struct pattern *p)
{
	struct rule fail[8], dates[4];
	struct rules rules = {.name = "x",
			      .prefregex = {.regex = (char *)p->pref},
			      .fail = fail,
			      .dates = dates};
	struct diag diag = {0};

	for (; p->fail[rules.fails]; rules.fails++)
		fail[rules.fails] = (struct rule){.regex = (char *)p->fail[rules.fails]};
	for (; p->dates[rules.date_count]; rules.date_count++)
		dates[rules.date_count] =
			(struct rule){.regex = (char *)p->dates[rules.date_count]};
	cr_assert_eq(filter_compile(&e->filter, &rules, &diag), 0);
	cr_assert_eq(dates_compile(&e->dates, &rules, &diag), 0);
	e->session = session_new();
	cr_assert_not_null(e->session);
}

static void each_clear(struct each *e)
{
	filter_free(e->filter);
	dates_free(e->dates);
	session_free(e->session);
}

static bool each_finds(struct each *e, struct scratch *scratch, struct text line)
{
	static struct subject subject;
	struct finding finding;

	subject_make(&subject, line, true, e->dates, NULL);
	return filter_find(e->filter, FILTER_ALL, scratch, e->session, subject.text, NOW,
			   &finding) == OUTCOME_FOUND;
}

#define PATTERNS (sizeof(patterns) / sizeof(*patterns))

static void note(void *arg, size_t index, const struct finding *finding)
{
	uint32_t *bits = arg;

	(void)finding;
	*bits |= UINT32_C(1) << index;
}

Test(prefilter, loses_no_match)
{
	static struct scratch scratch;
	struct each each[PATTERNS];
	struct match *match = match_new();
	struct match_memory *memory;
	size_t findings[PATTERNS] = {0};

	cr_assert_not_null(match);
	cr_assert_eq(scratch_init(&scratch), 0);
	for (size_t i = 0; i < PATTERNS; i++) {
		each_make(&each[i], &patterns[i]);
		cr_assert_eq(room_add(match, &patterns[i]), (int)i, "%s", room_error());
	}
	memory = match_memory_new(match);
	cr_assert_not_null(memory);
	for (int round = 0; round < 60000; round++) {
		char line[512];
		size_t len = make_line(line);
		uint32_t expected = 0, got = 0;
		struct lines run = {.text = {line, len + 1}, .time = TIME_NONE};

		line[len] = '\n';
		for (size_t i = 0; i < PATTERNS; i++)
			if (each_finds(&each[i], &scratch, (struct text){line, len})) {
				expected |= UINT32_C(1) << i;
				findings[i]++;
			}
		match_scan(match, memory, &run, NOW, note, &got);
		cr_assert_eq(got, expected, "%x, not %x: %.*s", got, expected, (int)len, line);
	}
	for (size_t i = 0; i < PATTERNS; i++) {
		cr_expect_gt(findings[i], 10, "pattern %zu: %zu", i, findings[i]);
		each_clear(&each[i]);
	}
	match_memory_free(memory);
	scratch_clear(&scratch);
	match_free(match);
}
