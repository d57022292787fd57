/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "match/bound.h"

/*
 * What a date pattern becomes is read off fail2ban: where it must begin and end, and which part
 * of it is cut. Its rules are about the text of a pattern, so they are here, too: a "\(" within
 * brackets is a group to them, for example.
 */

/*
 * Not within a word. As fail2ban's (?=^|\b|\W), which lets PCRE2 not see which characters
 * a match may begin with: behind this it knows, and long lines are passed over fast.
 */
#define NOT_IN_WORD "(?!(?<=\\w)\\w|(?<=\\W)\\Z)"
#define WORD_END "(?=\\b|\\W|$)"
#define LINE_START "^(?:\\W{0,2})?"

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(s + len - n, end, n);
}

static bool takes_prefix(const char **at, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*at, prefix, len) != 0)
		return false;
	*at += len;
	return true;
}

/* Python's "(?i)", which counts for the whole expression wherever it stands, is moved to
 * `flags`, or "" is. */
static void take_flags(char *flags, size_t size, char *regex)
{
	*flags = 0;
	for (char *at = strstr(regex, "(?"); at; at = strstr(at + 1, "(?")) {
		char *end = at + 2;

		while (*end >= 'a' && *end <= 'z')
			end++;
		if (end == at + 2 || *end != ')' || (size_t)(end - at) + 2 > size)
			continue;
		end++;
		memcpy(flags, at, (size_t)(end - at));
		flags[end - at] = 0;
		memmove(at, end, strlen(end) + 1);
		return;
	}
}

static bool bounds_its_begin(const char *regex)
{
	size_t open = strspn(regex, "(");

	if (regex[open] == '^' || !strncmp(regex + open, "**", 2))
		return true;
	return open && !strncmp(regex + open, "?:^", 3);
}

/* "**", perhaps within groups that end there; how many characters from its first to the end. */
static size_t stars_at_end(const char *regex)
{
	size_t len = strlen(regex), n = len;

	while (n && regex[n - 1] == ')')
		n--;
	if (!ends_with(regex, n, "**") || (n > 2 && regex[n - 3] == '\\'))
		return 0;
	return len - (n - 2);
}

static bool bounds_its_end(const char *regex)
{
	static const char *const ends[] = {"$", "$)", "\\b", "\\s"};
	size_t len = strlen(regex);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t n = strlen(ends[i]);

		if (ends_with(regex, len, ends[i]) && (len == n || regex[len - n - 1] != '\\'))
			return true;
	}
	return stars_at_end(regex) > 0;
}

static bool has_group(const char *regex)
{
	for (const char *at = strchr(regex, '('); at; at = strchr(at + 1, '(')) {
		bool escaped = at > regex && at[-1] == '\\';
		bool condition = at > regex + 1 && at[-1] == '?' && at[-2] == '(';

		if (!escaped && !condition && at[1] != '?')
			return true;
	}
	return false;
}

static bool begins_line(const char *regex)
{
	const char *at = regex;

	if (*at == '^')
		return true;
	if (!takes_prefix(&at, "("))
		return false;
	takes_prefix(&at, "?:");
	return *at == '^' && at[1] != '|';
}

static bool ends_line(const char *regex)
{
	size_t n = strlen(regex);

	n -= ends_with(regex, n, "$)");
	return n && regex[n - 1] == '$' && (n < 2 || !strchr("\\|", regex[n - 2]));
}

/* Without a group what stands between ^ and $ is one. */
static char *with_group(const char *regex)
{
	size_t len = strlen(regex), begin = *regex == '^', dollar;
	char *out = NULL;

	if (has_group(regex))
		return strdup(regex);
	dollar = len > begin && regex[len - 1] == '$';
	if (asprintf(&out, "%.*s(%.*s)%s", (int)begin, regex, (int)(len - dollar - begin),
		     regex + begin, dollar ? "$" : "") < 0)
		return NULL;
	return out;
}

/* Stars at the ends were for bounds_its_begin and bounds_its_end. */
static void remove_stars(char *regex)
{
	size_t open = strspn(regex, "("), tail;

	if (!strncmp(regex + open, "**", 2))
		memmove(regex + open, regex + open + 2, strlen(regex + open + 2) + 1);
	tail = stars_at_end(regex);
	if (tail) {
		char *at = regex + strlen(regex) - tail;

		memmove(at, at + 2, strlen(at + 2) + 1);
	}
}

int bound_make(struct bound *out, const char *regex, enum edge_bound begin, bool end)
{
	static const char *const begins[] = {"", NOT_IN_WORD, LINE_START};
	char flags[16], *plain = text_dup(text_trim(text_of(regex))), *body, *whole;
	int n;

	if (!plain)
		return -ENOMEM;
	take_flags(flags, sizeof(flags), plain);
	if (bounds_its_begin(plain))
		begin = EDGE_ANY;
	end = end && !bounds_its_end(plain);
	body = with_group(plain);
	free(plain);
	if (!body)
		return -ENOMEM;
	out->anchored = begin == EDGE_START || (begin == EDGE_ANY && begins_line(body)) ||
			(!end && ends_line(body));
	remove_stars(body);
	out->edge = edge_of(body, begin, end);
	n = asprintf(&whole, "%s%s%s%s", flags, begins[begin], body, end ? WORD_END : "");
	free(body);
	if (n < 0)
		return -ENOMEM;
	out->regex = whole;
	return 0;
}
