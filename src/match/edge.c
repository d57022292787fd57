/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "match/edge.h"

/*
 * A pattern is read once, from left to right. Of each part is known with which kinds of
 * characters the text that it matches may begin and end, and whether it may be none at all.
 * Assertions match no text, and only make matches fewer.
 */

#define DEPTH_MAX 40

enum kind {
	KIND_WORD = 1,
	KIND_OTHER = 2,
	KIND_ANY = 3,
};

struct ends {
	unsigned first, last; /* of enum kind */
	bool empty;
};

struct reader {
	const char *at;
	bool lost;	   /* met something not understood */
	unsigned captures; /* groups with a number so far */
	unsigned depth;
};

static const struct ends nothing = {0, 0, true}, anything = {KIND_ANY, KIND_ANY, true};

static struct ends alternation(struct reader *r);

static unsigned kind_of(char c)
{
	if ((unsigned char)c >= 0x80)
		return KIND_ANY;
	return isalnum((unsigned char)c) || c == '_' ? KIND_WORD : KIND_OTHER;
}

static struct ends one(unsigned kind)
{
	return (struct ends){kind, kind, false};
}

static struct ends after(struct ends a, struct ends b)
{
	return (struct ends){
		a.first | (a.empty ? b.first : 0),
		b.last | (b.empty ? a.last : 0),
		a.empty && b.empty,
	};
}

static struct ends either(struct ends a, struct ends b)
{
	return (struct ends){a.first | b.first, a.last | b.last, a.empty || b.empty};
}

/* ---- one item ---- */

/* Past an escape of one character, or of a kind of characters. */
static unsigned escaped(struct reader *r)
{
	char c = r->at[1];

	if (!c) {
		r->lost = true;
		return KIND_ANY;
	}
	r->at += 2;
	if (c == 'd' || c == 'w')
		return KIND_WORD;
	if (strchr("Wsafnrtv", c))
		return KIND_OTHER;
	/* \D and \S, a code point, a reference: anything. */
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 ? KIND_ANY : KIND_OTHER;
}

static struct ends escape(struct reader *r)
{
	char c = r->at[1];

	if (c && strchr("AbBZ", c)) {
		r->at += 2;
		return nothing;
	}
	if (isdigit((unsigned char)c) || (c && strchr("xuU", c)))
		r->lost = true;
	return one(escaped(r));
}

/* A range is of one kind only within the digits, or the letters of one case. */
static unsigned range(char from, char to)
{
	bool same = (isdigit((unsigned char)from) && isdigit((unsigned char)to)) ||
		    (islower((unsigned char)from) && islower((unsigned char)to)) ||
		    (isupper((unsigned char)from) && isupper((unsigned char)to));

	return same ? KIND_WORD : KIND_ANY;
}

static struct ends class(struct reader *r)
{
	unsigned kinds = 0;

	if (*++r->at == '^') {
		kinds = KIND_ANY;
		r->at++;
	}
	for (bool first = true; first || *r->at != ']'; first = false) {
		r->lost |= !*r->at;
		if (r->lost)
			return anything;
		if (*r->at == '\\') {
			kinds |= escaped(r);
			if (*r->at == '-')
				kinds = KIND_ANY;
		} else if (r->at[1] == '-' && r->at[2] && r->at[2] != ']') {
			kinds |= range(r->at[0], r->at[2]);
			r->at += r->at[2] == '\\' ? 2 : 3;
		} else {
			kinds |= kind_of(*r->at++);
		}
	}
	r->at++;
	return one(kinds);
}

static bool take(struct reader *r, const char *what)
{
	size_t len = strlen(what);

	if (strncmp(r->at, what, len) != 0)
		return false;
	r->at += len;
	return true;
}

/* Past a name and what ends it. */
static void take_name(struct reader *r, char end)
{
	r->at += strcspn(r->at, "<>()'");
	if (*r->at == end)
		r->at++;
	else
		r->lost = true;
}

static struct ends group(struct reader *r)
{
	bool assertion;
	struct ends span;

	r->at++;
	if (take(r, "?P=")) {
		take_name(r, ')');
		return anything;
	}
	assertion = take(r, "?=") || take(r, "?!") || take(r, "?<=") || take(r, "?<!");
	if (!assertion && !take(r, "?:")) {
		r->captures++;
		if (take(r, "?P<"))
			take_name(r, '>');
		else if (*r->at == '?')
			r->lost = true; /* conditions, flags, comments */
	}
	span = alternation(r);
	if (*r->at == ')')
		r->at++;
	else
		r->lost = true;
	return assertion ? nothing : span;
}

static struct ends item(struct reader *r)
{
	switch (*r->at) {
	case '\\':
		return escape(r);
	case '[':
		return class(r);
	case '(':
		return group(r);
	case '^':
	case '$':
		r->at++;
		return nothing;
	case '.':
		r->at++;
		return one(KIND_ANY);
	default:
		return one(kind_of(*r->at++));
	}
}

/* ---- items together ---- */

/* The length of a quantifier, or 0. A brace that is none is a character. */
static size_t quantifier(const char *at)
{
	size_t len;

	if (*at && strchr("*+?", *at))
		return 1;
	if (*at != '{')
		return 0;
	len = 1 + strspn(at + 1, "0123456789,");
	return len > 1 && at[len] == '}' ? len + 1 : 0;
}

/* Whether the item need not be there. */
static bool is_optional(const char *quantifier)
{
	return *quantifier == '{' ? !strchr("123456789", quantifier[1]) : *quantifier != '+';
}

static struct ends quantified(struct reader *r)
{
	struct ends span = item(r);

	for (size_t len = quantifier(r->at); len; len = quantifier(r->at)) {
		span.empty |= is_optional(r->at);
		r->at += len;
	}
	return span;
}

static struct ends sequence(struct reader *r)
{
	struct ends span = nothing;

	while (*r->at && *r->at != '|' && *r->at != ')' && !r->lost)
		span = after(span, quantified(r));
	return span;
}

static struct ends alternation(struct reader *r)
{
	struct ends span;

	if (++r->depth > DEPTH_MAX)
		r->lost = true;
	span = sequence(r);
	while (*r->at == '|' && !r->lost) {
		r->at++;
		span = either(span, sequence(r));
	}
	r->depth--;
	return span;
}

/* ---- the whole ---- */

static bool is_capture(const char *at)
{
	return *at == '(' && (at[1] != '?' || !strncmp(at, "(?P<", 4));
}

struct parts {
	struct ends before, cut, behind; /* group 1 is `cut` */
	bool nothing;			 /* it is "()" */
};

/* They must come one after the other. */
static bool parts_read(struct parts *out, const char *regex)
{
	struct reader r = {.at = regex};

	out->before = nothing;
	while (*r.at && *r.at != '|' && !is_capture(r.at) && !r.lost)
		out->before = after(out->before, quantified(&r));
	if (!is_capture(r.at) || r.captures || r.lost)
		return false;
	out->nothing = r.at[1] == ')';
	out->cut = group(&r);
	if (r.lost || quantifier(r.at))
		return false;
	out->behind = sequence(&r);
	return !r.lost && !*r.at;
}

struct edge edge_of(const char *regex, enum edge_bound begin, bool end)
{
	bool line = *regex == '^' && !quantifier(regex + 1);
	bool start = begin == EDGE_START || line, word_before, word_behind;
	struct parts p;

	if (!parts_read(&p, regex))
		return (struct edge){.at_start = false, .cuts_words = true};
	if (p.nothing)
		return (struct edge){.at_start = true, .cuts_words = false};
	word_before = (p.before.last & KIND_WORD) ||
		      (p.before.empty && !start &&
		       (begin != EDGE_WORD || p.cut.empty || (p.cut.first & KIND_OTHER)));
	word_behind = (p.behind.first & KIND_WORD) ||
		      (p.behind.empty && (!end || p.cut.empty || (p.cut.last & KIND_OTHER)));
	return (struct edge){
		.at_start = start && is_capture(regex + line),
		.cuts_words = word_before && word_behind,
	};
}
