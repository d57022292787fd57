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
static const char *required(const char *python)
{
	static char out[WORDS_MAX * (WORD_BYTES + 2) + 1];
	struct words r;
	struct regex *regex;
	char why[256];
	size_t n = 0;

	cr_assert_eq(regex_compile(&regex, python, why, sizeof(why)), 0, "%s: %s", python, why);
	require_of(&r, regex->pattern);
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
		{"abc(?=nothing)(?!of)(?<=abc)def", "<abcdef>"},
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
		cr_expect_str_eq(required(table[i].regex), table[i].words, "%s: %s, not %s",
				 table[i].regex, required(table[i].regex), table[i].words);
}

Test(require, gives_up_on_what_is_nested_too_deeply)
{
	char pattern[512] = "";

	for (int i = 0; i < 60; i++)
		strcat(pattern, "(a");
	for (int i = 0; i < 60; i++)
		strcat(pattern, ")");
	cr_expect_str_eq(required(pattern), "");
}
