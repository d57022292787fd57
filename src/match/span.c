/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "match/span.h"

/* What of ASCII an atom takes, of which only what can be seen is counted. */
struct span {
	bool takes[128];
};

/* As many of the 95 printable characters, and it is no set of a few. */
#define WIDE 71

static bool in_escape(char kind, int c)
{
	switch (tolower((unsigned char)kind)) {
	case 'd':
		return isdigit(c);
	case 'w':
		return isalnum(c) || c == '_';
	default:
		return isspace(c);
	}
}

static void add_range(struct span *s, unsigned char from, unsigned char to)
{
	for (unsigned c = from; c <= to && c < 128; c++)
		s->takes[c] = true;
}

/* The escape, without its backslash. */
static void add_escape(struct span *s, char kind)
{
	bool inverse = isupper((unsigned char)kind);

	if (!kind || !strchr("dDwWsS", kind)) {
		add_range(s, (unsigned char)kind, (unsigned char)kind);
		return;
	}
	for (int c = 0; c < 128; c++)
		if (in_escape(kind, c) != inverse)
			s->takes[c] = true;
}

/* One member of a class; returns how long it is. */
static size_t add_member(struct span *s, const char *p, const char *end)
{
	if (*p == '\\' && end - p >= 2) {
		add_escape(s, p[1]);
		return 2;
	}
	if (end - p >= 3 && p[1] == '-' && p[2] != ']' && p[2] != '\\') {
		add_range(s, (unsigned char)p[0], (unsigned char)p[2]);
		return 3;
	}
	add_range(s, (unsigned char)*p, (unsigned char)*p);
	return 1;
}

static size_t add_class(struct span *s, struct text t)
{
	const char *p = t.at + 1, *end = t.at + t.len, *first;
	bool inverse = p < end && *p == '^';

	p += inverse;
	for (first = p; p < end && (*p != ']' || p == first);)
		p += add_member(s, p, end);
	for (int c = 0; c < 128 && inverse; c++)
		s->takes[c] = !s->takes[c];
	return (size_t)(p - t.at) + (p < end);
}

static enum breadth breadth_of(const struct span *s)
{
	unsigned count = 0;

	for (int c = ' '; c <= '~'; c++)
		count += s->takes[c];
	/* [^"\\] is the text of a string that has its quotes escaped, and ends where that does.
	 */
	if (count >= WIDE && !s->takes['\\'] && (!s->takes['"'] || !s->takes['\'']))
		return BREADTH_NARROW;
	if (count == '~' - ' ' + 1)
		return BREADTH_ANY;
	return count >= WIDE ? BREADTH_WIDE : BREADTH_NARROW;
}

static size_t read_span(struct span *s, struct text t)
{
	if (t.at[0] == '[')
		return add_class(s, t);
	if (t.at[0] == '\\' && t.len >= 2) {
		add_escape(s, t.at[1]);
		return 2;
	}
	if (t.at[0] == '.')
		memset(s->takes, true, sizeof(s->takes));
	else
		add_range(s, (unsigned char)t.at[0], (unsigned char)t.at[0]);
	return 1;
}

enum breadth span_of(struct text t, size_t *len, bool *spaced)
{
	struct span s = {0};

	*len = read_span(&s, t);
	if (spaced)
		*spaced = s.takes[' '];
	return breadth_of(&s);
}

bool span_takes(struct text t, char c)
{
	struct span s = {0};

	read_span(&s, t);
	return s.takes[c & 0x7f];
}
