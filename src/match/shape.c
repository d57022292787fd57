/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "match/shape.h"
#include "match/token.h"

/*
 * An expression is read once, from left to right, for how much text its parts take in front of
 * the address and behind it, and for ^ and $. What cannot be told is taken for good: a warning
 * that is wrong costs more than one that is missing.
 */
#define DEPTH_MAX 40
/* What takes no more characters than that leaves no room for the rest of an expression. */
#define SHORT 63

struct reader {
	const char *at, *end;
	unsigned depth;
	bool said;	     /* a word stands in front that the server wrote for sure */
	unsigned letters;    /* of a word, right in front */
	unsigned maybe;	     /* open groups that may be left out: no word in them is for sure */
	const char *content; /* the failregex that stands for <F-CONTENT>, or NULL */
	char last;	     /* the character right in front, as text; 0: something else */
	const char *run;     /* where the text right in front starts */
};

static struct shape read_alternatives(struct reader *r);

static bool follows(const struct reader *r, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(r->end - r->at) >= len && !memcmp(r->at, word, len);
}

static struct repeat read_repeat(struct reader *r)
{
	struct repeat repeat;

	r->at = token_repeat(&repeat, r->at, r->end);
	return repeat;
}

/* ---- putting shapes together ---- */

static enum breadth wider(enum breadth a, enum breadth b)
{
	return a > b ? a : b;
}

static void widen(struct shape *s, enum breadth breadth, struct text part, struct text lead)
{
	if (breadth <= s->before)
		return;
	s->before = breadth;
	s->part = part;
	s->lead = lead;
}

static void widen_behind(struct shape *s, enum breadth breadth, struct text lead)
{
	if (breadth <= s->behind)
		return;
	s->behind = breadth;
	s->lead_behind = lead;
}

/* What comes behind what was read so far. */
static void append(struct shape *s, const struct shape *next)
{
	if (s->host) {
		if (!s->ends)
			widen_behind(s, next->before, next->lead);
		s->ends |= next->ends;
		return;
	}
	widen(s, next->before, next->part, next->lead);
	s->one = wider(s->one, next->one);
	s->ones += next->ones;
	s->tempered |= next->tempered;
	s->ends = next->host ? next->ends : s->ends || next->ends;
	s->behind = next->behind;
	s->lead_behind = next->lead_behind;
	s->host = next->host;
}

/* Of alternatives those count that have an address, if any has. */
static void join(struct shape *s, const struct shape *other)
{
	if (s->host != other->host) {
		if (other->host)
			*s = *other;
		return;
	}
	widen(s, other->before, other->part, other->lead);
	widen_behind(s, other->behind, other->lead_behind);
	s->one = wider(s->one, other->one);
	s->ones = s->ones > other->ones ? s->ones : other->ones;
	s->tempered |= other->tempered;
	s->begins &= other->begins;
	s->ends &= other->ends;
}

/* A dot that alternates with something else, as in (?:\\.)*, is not any text. */
static enum breadth repeated(const struct shape *s)
{
	if (s->one != BREADTH_ANY)
		return s->one;
	if (s->ones > 1)
		return BREADTH_WIDE;
	return s->tempered ? BREADTH_TEXT : BREADTH_ANY;
}

static void repeat_shape(struct shape *s, struct repeat repeat, struct text part,
			 struct text lead)
{
	if (repeat.min == 0) {
		s->begins = false;
		s->ends &= s->host;
	}
	if (repeat.max <= SHORT || s->host)
		return;
	widen(s, repeated(s), part, lead);
	s->one = BREADTH_NARROW;
}

/* ---- reading ---- */

/* NAME[ADDRESS], NAME (ADDRESS): a name from the DNS, which has no brackets in it. */
static bool is_named(const struct reader *r)
{
	const char *p = r->at + (r->at < r->end && *r->at == ' ');

	return r->end - p > 2 && p[0] == '\\' && (p[1] == '[' || p[1] == '(') && p[2] == '<';
}

static void hear(struct reader *r, char c)
{
	r->last = c;
	if (!c)
		r->run = r->at;
	r->letters = isalpha((unsigned char)c) ? r->letters + 1 : 0;
	r->said |= r->letters >= 2 && !r->maybe;
}

/* The character that an atom of the length `len` is, 0 if it is a set of them. */
static char plain(const char *at, size_t len)
{
	if (len == 1 && *at != '.')
		return *at;
	return len == 2 && *at == '\\' && !isalnum((unsigned char)at[1]) ? at[1] : 0;
}

static bool is_quote(char c)
{
	return c && strchr("\"'`", c);
}

/*
 * What an atom takes of a peer's text. What stands in front of the server's first word is the
 * server's: its host, its process. So is a word that may be missing: a peer can leave out a
 * name, but not what the server writes around it. A dot behind a backslash is the character
 * that it escapes.
 */
static enum breadth atom_breadth(const struct reader *r, enum breadth breadth, bool spaced)
{
	if (breadth == BREADTH_ANY)
		return r->last == '\\' ? BREADTH_NARROW : BREADTH_ANY;
	if (breadth == BREADTH_NARROW || !r->said || is_named(r))
		return BREADTH_NARROW;
	if (spaced || is_quote(r->last))
		return BREADTH_WIDE;
	return r->maybe ? BREADTH_NARROW : BREADTH_WORD;
}

static struct shape read_atom(struct reader *r)
{
	struct shape s = {.ones = 1};
	struct text part = {r->at, (size_t)(r->end - r->at)};
	struct text lead = {r->run, r->run ? (size_t)(r->at - r->run) : 0};
	struct repeat repeat;
	bool spaced;

	s.one = span_of(part, &part.len, &spaced);
	r->at += part.len;
	repeat = read_repeat(r);
	s.one = atom_breadth(r, s.one, spaced);
	hear(r, repeat.min ? plain(part.at, part.len) : 0);
	part.len = (size_t)(r->at - part.at);
	repeat_shape(&s, repeat, part, lead);
	return s;
}

static bool is_look(const struct reader *r)
{
	return follows(r, "(?=") || follows(r, "(?!") || follows(r, "(?<=") ||
	       follows(r, "(?<!") || follows(r, "(?#");
}

/* Behind what makes a parenthesis a group. */
static void group_open(struct reader *r)
{
	r->at++;
	if (!follows(r, "?"))
		return;
	if (follows(r, "?(") || follows(r, "?P<") || follows(r, "?P=")) {
		while (r->at < r->end && !strchr(")>=", *r->at))
			r->at++;
		r->at += r->at < r->end;
		return;
	}
	while (r->at < r->end && *r->at != ':' && *r->at != ')')
		r->at++;
	r->at += follows(r, ":");
}

/* What is nested too deep is taken for nothing. */
static struct shape read_inside(struct reader *r)
{
	struct shape s = {0};

	if (++r->depth <= DEPTH_MAX)
		s = read_alternatives(r);
	r->depth--;
	return s;
}

static struct shape read_group(struct reader *r)
{
	struct shape s = {0};
	const char *from = r->at, *end = token_group(r->at, r->end), *whole = r->end;
	bool optional, host = follows(r, "(?P<ip") || follows(r, "(?P<host>");
	struct repeat repeat;

	token_repeat(&repeat, end, whole);
	optional = repeat.min == 0;
	if (is_look(r)) {
		s.tempered = follows(r, "(?!");
		r->at = end;
		return s;
	}
	group_open(r);
	r->run = r->at;
	r->end = end > r->at && end[-1] == ')' ? end - 1 : end;
	r->maybe += optional;
	s = read_inside(r);
	r->maybe -= optional;
	r->end = whole;
	r->at = end;
	r->run = end;
	s.host |= host;
	r->letters = 0;
	r->at = token_repeat(&repeat, end, whole);
	repeat_shape(&s, repeat, (struct text){from, (size_t)(r->at - from)}, (struct text){0});
	return s;
}

/* What a failregex is to a prefregex: as much of the content as it is tied to. */
static struct shape read_content(struct reader *r)
{
	struct reader inner = {
		.at = r->content,
		.end = r->content + strlen(r->content),
		.depth = r->depth + 1,
		.said = r->said,
	};
	struct shape s = read_alternatives(&inner);
	struct text any = {r->content, 0};

	if (!s.begins)
		widen(&s, BREADTH_ANY, any, any);
	if (!s.ends)
		widen_behind(&s, BREADTH_ANY, any);
	if (!s.ends && !s.host)
		widen(&s, BREADTH_ANY, any, any);
	s.begins = false;
	s.ends = false;
	return s;
}

static struct shape read_tag(struct reader *r, struct text tag)
{
	struct shape s = {.host = token_is_host(tag)};
	const char *whole = r->end, *end = token_tag_end(tag, r->end);

	r->at += tag.len;
	r->run = r->at;
	r->letters = 0;
	if (!end)
		return s;
	r->end = end;
	if (text_equal(tag, "<F-CONTENT>") && r->content)
		s = read_content(r);
	else
		s = read_inside(r);
	s.host |= token_is_host(tag);
	r->at = end + tag.len + 1;
	r->end = whole;
	return s;
}

static struct shape read_piece(struct reader *r)
{
	struct text tag = {NULL, 0};

	if (*r->at == '<')
		tag = token_tag(r->at, r->end);
	if (tag.len > 0)
		return read_tag(r, tag);
	if (*r->at == '(')
		return read_group(r);
	return read_atom(r);
}

/* ^, $ and what else takes no text. */
static bool read_anchor(struct shape *s, struct reader *r)
{
	if (*r->at == '^' || follows(r, "\\A")) {
		s->begins = true;
	} else if (*r->at == '$' || follows(r, "\\Z") || follows(r, "\\z")) {
		s->ends = true;
	} else if (!follows(r, "\\b") && !follows(r, "\\B")) {
		return false;
	}
	r->at += *r->at == '\\' ? 2 : 1;
	return true;
}

/* A new line starts: no dot reaches over its start. */
static bool read_newline(struct shape *s, struct reader *r)
{
	const char *text = follows(r, "\\n") ? "\\n" : "<SKIPLINES>";

	if (s->host || !follows(r, text))
		return false;
	s->before = BREADTH_NARROW;
	s->begins = true;
	r->at += strlen(text);
	return true;
}

static struct shape read_sequence(struct reader *r)
{
	struct shape s = {0};
	bool started = false;

	while (r->at < r->end && *r->at != '|') {
		struct shape anchor = {0}, piece;
		bool look = is_look(r);

		if (read_newline(&s, r))
			continue;
		if (read_anchor(&anchor, r)) {
			s.begins |= anchor.begins && !started;
			s.ends |= anchor.ends;
			continue;
		}
		piece = read_piece(r);
		s.begins |= piece.begins && !started;
		started |= !look && (piece.ones || piece.host); /* (?i) takes nothing */
		append(&s, &piece);
	}
	return s;
}

static struct shape read_alternatives(struct reader *r)
{
	bool said = r->said, all;
	struct shape s = read_sequence(r);

	all = r->said;
	while (r->at < r->end && *r->at == '|') {
		struct shape other;

		r->at++;
		r->said = said;
		r->letters = 0;
		other = read_sequence(r);
		all &= r->said;
		join(&s, &other);
	}
	r->said = all;
	return s;
}

struct shape shape_of(const char *pref, const char *fail)
{
	const char *whole = pref ? pref : fail;
	struct reader r = {
		.at = whole,
		.end = whole + strlen(whole),
		.content = pref ? fail : NULL,
	};

	return read_alternatives(&r);
}
