/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "match/date.h"

/*
 * It takes exactly what fail2ban's two expressions take, backtracking included, so that exactly
 * the same text is cut: "42.1234567" is cut after "42" because a fraction has six digits and a
 * date must end where a word ends.
 */

struct cursor {
	const unsigned char *at, *end;
	bool *foreign; /* a byte beyond ASCII was looked at */
};

static int peek(const struct cursor *c, size_t ahead)
{
	if (c->at + ahead >= c->end)
		return -1;
	*c->foreign |= c->at[ahead] >= 0x80;
	return c->at[ahead];
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(int c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool skip(struct cursor *c, char what)
{
	if (peek(c, 0) != what)
		return false;
	c->at++;
	return true;
}

/* A number of one or two digits. */
static bool number(struct cursor *c, int low, int high, int *out)
{
	int n;

	if (!is_digit(peek(c, 0)))
		return false;
	n = *c->at++ - '0';
	if (is_digit(peek(c, 0)))
		n = n * 10 + (*c->at++ - '0');
	if (n < low || n > high)
		return false;
	*out = n;
	return true;
}

/* Four digits, as %ExY: other years are those of a clock that was not set. */
static bool year(struct cursor *c, int *out)
{
	for (size_t i = 0; i < 4; i++)
		if (!is_digit(peek(c, i)))
			return false;
	if (c->at[0] != '2' || c->at[1] != '0' || c->at[2] > '3')
		return false;
	*out = 2000 + (c->at[2] - '0') * 10 + (c->at[3] - '0');
	c->at += 4;
	return true;
}

/* "07", "7", " 7" and "17", but not " 07". */
static bool day(struct cursor *c, int *out)
{
	if (skip(c, ' ') && is_digit(peek(c, 1)))
		return false;
	return number(c, 1, 31, out);
}

static bool clock_time(struct cursor *c, struct date *d, int hour_max)
{
	return number(c, 0, hour_max, &d->hour) && skip(c, ':') &&
	       number(c, 0, 59, &d->minute) && skip(c, ':') && number(c, 0, 61, &d->second);
}

/* Up to six digits. */
static bool fraction(struct cursor *c, int *ms)
{
	int n = 0;
	size_t digits = 0;

	for (; digits < 6 && is_digit(peek(c, digits)); digits++)
		if (digits < 3)
			n = n * 10 + (c->at[digits] - '0');
	for (size_t i = digits; i < 3; i++)
		n *= 10;
	if (!digits)
		return false;
	c->at += digits;
	*ms = n;
	return true;
}

static bool ends(const struct cursor *c)
{
	return !is_word(peek(c, 0));
}

/* Three letters out of `names`: its index, or -1. */
static int name(struct cursor *c, const char *names)
{
	char low[3];

	for (size_t i = 0; i < 3; i++) {
		int ch = peek(c, i);

		if (ch < 'A' || !is_word(ch))
			return -1;
		low[i] = (char)(ch | 0x20);
	}
	for (const char *at = names; *at; at += sizeof(low)) {
		if (low[0] != at[0] || low[1] != at[1] || low[2] != at[2])
			continue;
		c->at += sizeof(low);
		return (int)(at - names) / (int)sizeof(low);
	}
	return -1;
}

/* ---- 2026-11-20T23:33:42.446075+00:00 ---- */

/* "+hh", then ":mm" or "mm" unless that would not end where a word does. */
static bool numeric_zone(struct cursor *c, struct date *d)
{
	struct cursor minutes = {c->at + 3, c->end, c->foreign};
	int sign = *c->at == '-' ? -1 : 1;

	if ((peek(c, 1) != '0' && peek(c, 1) != '1') || !is_digit(peek(c, 2)))
		return false;
	d->offset = sign * 60 * ((c->at[1] - '0') * 10 + (c->at[2] - '0'));
	c->at += 3;
	skip(&minutes, ':');
	if (is_digit(peek(&minutes, 0)) && is_digit(peek(&minutes, 1)) &&
	    !is_word(peek(&minutes, 2))) {
		d->offset += sign * ((minutes.at[0] - '0') * 10 + (minutes.at[1] - '0'));
		c->at = minutes.at + 2;
	}
	return ends(c);
}

static bool zone(struct cursor *c, struct date *d)
{
	static const char *const zero[] = {"Z", "UTC", "GMT"};

	while (peek(c, 0) == ' ' || (peek(c, 0) >= 0x09 && peek(c, 0) <= 0x0d) ||
	       (peek(c, 0) >= 0x1c && peek(c, 0) <= 0x1f))
		c->at++;
	if (peek(c, 0) == '+' || peek(c, 0) == '-')
		return numeric_zone(c, d);
	for (size_t i = 0; i < sizeof(zero) / sizeof(*zero); i++) {
		size_t len = strlen(zero[i]);

		if ((size_t)(c->end - c->at) < len || memcmp(c->at, zero[i], len) != 0)
			continue;
		c->at += len;
		d->offset = 0;
		return ends(c);
	}
	return false;
}

/* The longest of: fraction and zone, fraction, zone, neither, that ends where a word does. */
static bool iso_tail(struct cursor *c, struct date *d)
{
	struct cursor from = *c, after;

	if ((skip(c, '.') || skip(c, ',')) && fraction(c, &d->ms)) {
		after = *c;
		d->zoned = zone(&after, d);
		if (d->zoned)
			*c = after;
		if (ends(c))
			return true;
	}
	d->ms = 0;
	*c = after = from;
	d->zoned = zone(&after, d);
	if (d->zoned)
		*c = after;
	return ends(c);
}

static bool iso(struct cursor *c, struct date *d)
{
	int sep;

	if (!year(c, &d->year))
		return false;
	sep = peek(c, 0);
	if (sep != '-' && sep != '/' && sep != '.')
		return false;
	c->at++;
	if (!number(c, 1, 12, &d->month) || !skip(c, (char)sep) || !day(c, &d->day))
		return false;
	if (!skip(c, 'T')) {
		if (!skip(c, ' '))
			return false;
		skip(c, ' ');
	}
	return clock_time(c, d, 23) && iso_tail(c, d);
}

/* ---- Fri Nov 20 23:33:42.446 2026 ---- */

static bool syslog_year(struct cursor *c, struct date *d)
{
	struct cursor after = *c;
	int n;

	if (!skip(&after, ' ') || !year(&after, &n) || !ends(&after))
		return false;
	d->year = n;
	*c = after;
	return true;
}

static bool syslog_tail(struct cursor *c, struct date *d)
{
	struct cursor from = *c;

	if (skip(c, '.') && fraction(c, &d->ms) && (syslog_year(c, d) || ends(c)))
		return true;
	d->ms = 0;
	*c = from;
	return syslog_year(c, d) || ends(c);
}

static bool syslog(struct cursor *c, struct date *d)
{
	struct cursor from = *c;

	d->weekday = name(c, "montuewedthufrisatsun") + 1;
	if (!d->weekday || !skip(c, ' ')) {
		d->weekday = 0;
		*c = from;
	}
	d->month = name(c, "janfebmaraprmayjunjulaugsepoctnovdec") + 1;
	if (!d->month || !skip(c, ' ') || !day(c, &d->day) || !skip(c, ' '))
		return false;
	skip(c, ' ');
	return clock_time(c, d, 29) && syslog_tail(c, d);
}

enum date_answer date_find(struct date_found *out, enum date_way way, struct text line)
{
	bool foreign = false, found;
	struct cursor c = {(const unsigned char *)line.at,
			   (const unsigned char *)line.at + line.len, &foreign};
	const unsigned char *begin = c.at, *date;
	struct date d = {.kind = DATE_CALENDAR};

	for (int i = 0; i < 2 && peek(&c, 0) >= 0 && !is_word(peek(&c, 0)); i++)
		c.at++;
	date = c.at;
	found = way == DATE_ISO ? iso(&c, &d) : syslog(&c, &d);
	if (foreign)
		return DATE_UNSURE;
	if (!found)
		return DATE_ABSENT;
	*out = (struct date_found){(size_t)(date - begin), (size_t)(c.at - date), d};
	return DATE_PRESENT;
}
