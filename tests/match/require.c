/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "match/regex.h"
#include "match/require.h"

static int by_text(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return strncmp(x->at, y->at, WORD_BYTES);
}

/* The words in order of the alphabet, each in <>. */
static const char *required(const char *python, enum words_cut cut)
{
	static char out[WORDS_MAX * (WORD_BYTES + 2) + 1];
	struct words_use use = {.cut = cut};
	struct words r;
	struct regex *regex;
	char why[256];
	size_t n = 0;

	cr_assert_eq(regex_compile(&regex, python, 0, why, sizeof(why)), 0, "%s: %s", python,
		     why);
	common_learn(&use.common);
	require_of(&r, regex->pattern, &use);
	regex_free(regex);
	for (unsigned i = 0; i < r.count; i++)
		memset(r.word[i].at + r.word[i].len, 0, (size_t)(WORD_BYTES - r.word[i].len));
	qsort(r.word, r.count, sizeof(*r.word), by_text);
	*out = 0;
	for (unsigned i = 0; i < r.count; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "<%.*s>", r.word[i].len,
				      r.word[i].at);
	return out;
}

static void expect(const char *regex, enum words_cut cut, const char *words)
{
	const char *got = required(regex, cut);

	cr_expect_str_eq(got, words, "%s: %s, not %s", regex, got, words);
}

Test(require, words_that_must_be_there)
{
	static const struct {
		const char *regex, *words;
	} table[] = {
		{"Failed password", "<failed password>"},
		{"^Failed \\S+ for .* from <HOST>$", "<failed >"},
		{"[iI](?:llegal|nvalid) user", "<illegal user><invalid user>"},
		{"(?:abc|xabcy)", "<abc>"},
		{"(?:milter-)?reject:", "<reject:>"},
		{"abc+def", "<abc>"},
		{"ab{2}c", "<abbc>"},
		{"ab{2,}cdefg", "<cdefg>"},
		{"ab*cdef", "<cdef>"},
		{"xyab*?", "<xya>"},
		{"(abc){0}defg", "<defg>"},
		{"(abc)*de", "<de>"},
		{"(abc)+de", "<abc>"},
		{"(?:abc|de.?)x", "<abc><de>"},
		{"(?:abc|.)xy", "<xy>"},
		{"(?:abc|)xy", "<xy>"},
		{"abc(?=no)(?!thing)(?<=abc)def", "<abcdef>"},
		{"\\bab\\.c\\b", "<ab.c>"},
		{"a\\dbcd", "<bcd>"},
		{"ab[0-9]cde", "<cde>"},
		{"ab[^c]cde", "<cde>"},
		{"(?i)ABC", "<abc>"},
		{"(?i)disk", "<di>"},
		{"((?i)a)sk", "<ask>"},
		{"((?i)de)kl", "<dekl>"},
		{"(?P<n>abc)(?P=n)(?(n)longer than that)", "<abc>"},
		{"ab\\x63defgh", "<defgh>"},
		{"gr\xc3\xbc\xc3\x9f e dich", "<e dich>"},
		{"(?:a|b|c|d)(?:e|f|g|h)(?:i|j|k|l)xyz", "<ixyz><jxyz><kxyz><lxyz>"},
		{"a{b", "<a{b>"},
		{"a\nbcd", "<bcd>"},
		/* a match may begin before the date that is cut out, so these may be apart
		   there */
		{"\\[\\] error", "< error>"},
		{"^\\[\\]", ""},
		{" abc", "<abc>"},
		{"::::abc", "<::abc>"},
		{"_ab", "<_ab>"},
		/* nothing certain, or hardly anything */
		{"<HOST>", ""},
		{"<HOST> x", ""},
		{"(?i:ask)s", ""},
		{".*", ""},
		{"(?:abc)?", ""},
		{"abc|.*", ""},
		{"\\d+", ""},
		{"(?s).", ""},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		expect(table[i].regex, WORDS_CUT_START, table[i].words);
}

Test(require, runs_of_letters_where_the_date_may_be_anywhere)
{
	static const struct {
		const char *regex, *words;
	} table[] = {
		{"Failed password", "<password>"},
		{"a-bcd", "<bcd>"},
		{"user_name=x", "<user_name>"},
		{"(?:abc|- def-)", "<abc><def>"},
		{"- - \\[\\]", ""},
		{"(?:abc|::)", ""},
		{"^<HOST> - x", ""},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		expect(table[i].regex, WORDS_CUT_WITHIN, table[i].words);
}

Test(require, words_that_are_rare_in_logs)
{
	/* of a line what says what went wrong, not what all lines say */
	expect("^connect from \\S+ <HOST>: too odd", WORDS_CUT_START, "<too odd>");
	expect("sshd\\[\\d+\\]: Qwxz <HOST>", WORDS_CUT_START, "< qwxz >");
	/* what lies ahead has to be there as well */
	expect("disconnect(?= from .* zzz/)", WORDS_CUT_START, "<zzz/>");
	expect("(?:abc(?=.*uvwxyz)|def) x", WORDS_CUT_START, "<def><uvwxyz>");
	expect("abc(?=defghi)?", WORDS_CUT_START, "<abc>");
	expect("abc(?!.*uvwxyz)", WORDS_CUT_START, "<abc>");
}

Test(require, gives_up_on_what_is_nested_too_deeply)
{
	char pattern[512] = "";

	for (int i = 0; i < 60; i++)
		strcat(pattern, "(a");
	for (int i = 0; i < 60; i++)
		strcat(pattern, ")");
	expect(pattern, WORDS_CUT_START, "");
}
