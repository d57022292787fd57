/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "match/require.h"

/*
 * A pattern is read once, from left to right. Of each part two things are known:
 *
 *	exact: it matches these words and nothing else (then `words` are all of them)
 *	otherwise: whatever it matches contains one of `words`; none: nothing is known
 *
 * Only what is certain is claimed: whatever else a part may match, it counts as anything at
 * all. Words are compared without regard to ASCII case, so (?i) costs nothing, but for two
 * letters: in Unicode "k" is also U+212A and "s" also U+017F.
 */

#define DEPTH_MAX 40
#define REPEAT_MAX 4

struct part {
	bool exact;
	bool ahead; /* a lookahead: it takes no text, but the words are there */
	struct words words;
};

struct reader {
	const char *at;
	bool lost; /* met something not understood */
	bool nocase;
	unsigned depth;
	const struct words_use *use;
};

static void alternation(struct reader *r, struct part *out);

/* ---- one item of a pattern ---- */

static void anything(struct part *out)
{
	out->exact = false;
	out->words.count = 0;
}

static void nothing(struct part *out)
{
	out->exact = true;
	words_one(&out->words, "", 0);
}

/* Without being exact, a part has its words from words_keep_better(). */
static void loosen(const struct reader *r, struct part *p)
{
	struct words words = p->words;

	if (!p->exact)
		return;
	p->exact = false;
	p->words.count = 0;
	words_keep_better(&p->words, &words, r->use);
}

static void character(struct reader *r, struct part *out, char c)
{
	unsigned char u = (unsigned char)c;

	c = (char)tolower(u);
	if (u >= 0x7f || u < 0x20 || (r->nocase && (c == 'k' || c == 's'))) {
		anything(out);
		return;
	}
	out->exact = true;
	words_one(&out->words, &c, 1);
}

/* Past the end of an escape that begins with the backslash at r->at. */
static void escape(struct reader *r, struct part *out)
{
	char c = r->at[1];

	if (!c) {
		r->lost = true;
		return;
	}
	r->at += 2;
	if (c == 'x' && *r->at == '{')
		r->at += strcspn(r->at, "}") + 1;
	else if (c == 'x')
		while (isxdigit((unsigned char)*r->at))
			r->at++;
	else if (isdigit((unsigned char)c))
		while (isdigit((unsigned char)*r->at))
			r->at++;
	if (strchr("AzbB", c))
		nothing(out);
	else if (isalnum((unsigned char)c))
		anything(out);
	else
		character(r, out, c);
}

/* A class of few plain characters is these; any other is anything. */
static void class(struct reader *r, struct part *out)
{
	bool plain = r->at[1] != '^';
	struct part one;

	r->at += plain ? 1 : 2;
	out->exact = true;
	out->words.count = 0;
	for (bool first = true; *r->at && (first || *r->at != ']'); first = false) {
		if (*r->at == '\\') {
			escape(r, &one);
		} else {
			if (*r->at == '-')
				plain = false; /* a range: the translation escapes others */
			character(r, &one, *r->at++);
		}
		plain = plain && one.exact && one.words.word[0].len == 1 &&
			words_join(&out->words, &one.words);
	}
	if (!*r->at)
		r->lost = true;
	else
		r->at++;
	if (!plain)
		anything(out);
}

/* (?i) and (?i: and (?-i: at the letters. True: a group begins. */
static bool flags(struct reader *r)
{
	bool on = true;

	for (; *r->at && *r->at != ':' && *r->at != ')'; r->at++) {
		if (*r->at == '-')
			on = false;
		else if (*r->at == 'i')
			r->nocase = on;
		else if (!strchr("ms", *r->at))
			r->lost = true;
	}
	if (!*r->at)
		r->lost = true;
	return *r->at ? *r->at++ == ':' : true;
}

/* The condition of (?(...)yes|no); what it asks adds nothing. */
static void conditional(struct reader *r, struct part *out)
{
	struct part yes;

	r->at += strcspn(r->at, ")");
	if (!*r->at) {
		r->lost = true;
		return;
	}
	r->at++;
	alternation(r, &yes);
	anything(out);
}

/* After the opening parenthesis. Lookaround matches no text; what it asks for lies ahead, or
 * before or nowhere. */
static void group_body(struct reader *r, struct part *out)
{
	if (*r->at != '?') {
		alternation(r, out);
		return;
	}
	r->at++;
	if (*r->at == ':' || *r->at == '>') {
		r->at++;
		alternation(r, out);
	} else if (!strncmp(r->at, "P<", 2)) {
		r->at += strcspn(r->at, ">") + 1;
		alternation(r, out);
	} else if (!strncmp(r->at, "P=", 2)) {
		r->at += strcspn(r->at, ")");
		anything(out);
	} else if (*r->at == '(') {
		conditional(r, out);
	} else if (*r->at == '=') {
		r->at++;
		alternation(r, out);
		loosen(r, out);
		out->ahead = true;
	} else if (*r->at == '!' || *r->at == '<') {
		r->at += 1 + (*r->at == '<');
		alternation(r, out);
		nothing(out);
	} else {
		r->lost = true;
	}
}

static void group(struct reader *r, struct part *out)
{
	bool nocase = r->nocase;
	bool letters = r->at[1] == '?' && (islower((unsigned char)r->at[2]) || r->at[2] == '-');

	r->at++;
	if (letters) {
		r->at++;
		if (!flags(r)) {
			nothing(out); /* for the rest of the enclosing group */
			return;
		}
		alternation(r, out);
	} else {
		group_body(r, out);
	}
	r->nocase = nocase;
	if (*r->at == ')')
		r->at++;
	else
		r->lost = true;
}

static void item(struct reader *r, struct part *out)
{
	switch (*r->at) {
	case '(':
		group(r, out);
		break;
	case '[':
		class(r, out);
		break;
	case '\\':
		escape(r, out);
		break;
	case '^':
	case '$':
		r->at++;
		nothing(out);
		break;
	case '.':
		r->at++;
		anything(out);
		break;
	default:
		character(r, out, *r->at++);
	}
}

/* A quantifier, if there is one: at least *low and at most *high times; high 0 is without end.
 */
static void quantifier(struct reader *r, unsigned long *low, unsigned long *high)
{
	char *end;

	*low = *high = 1;
	if (*r->at == '*' || *r->at == '?')
		*low = 0;
	if (*r->at == '*' || *r->at == '+')
		*high = 0;
	if (*r->at == '{') {
		*low = *high = strtoul(r->at + 1, &end, 10);
		if (*end == ',')
			*high = strtoul(end + 1, &end, 10);
		if (*end != '}')
			r->lost = true;
		r->at = end;
	} else if (*r->at != '*' && *r->at != '?' && *r->at != '+') {
		return;
	}
	if (*r->at)
		r->at++;
	if (*r->at == '?' || *r->at == '+')
		r->at++;
}

/* ---- sequences and alternatives ---- */

struct sequence {
	struct words open; /* what the text so far ends with, exactly one of */
	struct words best; /* the best set that is complete */
	bool broken;	   /* `open` is not all of the text so far */
};

static void sequence_break(const struct reader *r, struct sequence *s)
{
	words_keep_better(&s->best, &s->open, r->use);
	words_one(&s->open, "", 0);
	s->broken = true;
}

static void sequence_exact(const struct reader *r, struct sequence *s,
			   const struct words *words)
{
	if (words_cross(&s->open, words))
		return;
	sequence_break(r, s);
	s->open = *words;
}

/* The words of a part that is not exact are fit to look for already. */
static void sequence_offer(const struct reader *r, struct sequence *s, const struct part *part)
{
	if (words_score(&part->words, r->use) > words_score(&s->best, r->use))
		s->best = part->words;
}

/* `part`, `low` to `high` times. */
static void sequence_add(const struct reader *r, struct sequence *s, struct part *part,
			 unsigned long low, unsigned long high)
{
	static const struct word empty;

	if (part->ahead) {
		if (low > 0)
			sequence_offer(r, s, part);
		return;
	}
	if (part->exact && low == 0 && high == 1 && words_add(&part->words, &empty)) {
		sequence_exact(r, s, &part->words);
		return;
	}
	if (!part->exact || low == 0) {
		sequence_break(r, s);
		if (low > 0)
			sequence_offer(r, s, part);
		return;
	}
	for (unsigned long i = 0; i < low && i < REPEAT_MAX; i++)
		sequence_exact(r, s, &part->words);
	if (low != high || low > REPEAT_MAX)
		sequence_break(r, s);
}

static void sequence(struct reader *r, struct part *out)
{
	struct sequence s = {0};

	words_one(&s.open, "", 0);
	while (*r->at && *r->at != '|' && *r->at != ')' && !r->lost) {
		struct part part = {0};
		unsigned long low, high;

		item(r, &part);
		quantifier(r, &low, &high);
		sequence_add(r, &s, &part, low, high);
	}
	/* What lies ahead of the text may be rarer than the text. */
	if (s.broken || s.best.count)
		sequence_break(r, &s);
	out->exact = !s.broken;
	out->words = s.broken ? s.best : s.open;
}

static void join(const struct reader *r, struct part *out, struct part *next)
{
	struct part both = *out;

	if (both.exact && next->exact && words_join(&both.words, &next->words)) {
		*out = both;
		return;
	}
	loosen(r, out);
	loosen(r, next);
	if (!out->words.count || !next->words.count || !words_join(&out->words, &next->words))
		anything(out);
	words_reduce(&out->words);
}

static void alternation(struct reader *r, struct part *out)
{
	struct part next;

	if (++r->depth > DEPTH_MAX) {
		r->lost = true;
		anything(out);
		return;
	}
	sequence(r, out);
	while (*r->at == '|' && !r->lost) {
		r->at++;
		sequence(r, &next);
		join(r, out, &next);
	}
	r->depth--;
}

void require_of(struct words *out, const char *pattern, const struct words_use *use)
{
	struct reader r = {.at = pattern, .use = use};
	struct part all = {0};

	alternation(&r, &all);
	loosen(&r, &all);
	out->count = 0;
	if (!r.lost && !*r.at)
		*out = all.words;
}
