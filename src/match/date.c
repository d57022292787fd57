/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/moment.h"
#include "match/date.h"

/*
 * This file alone knows how dates are written. It takes exactly what fail2ban's two expressions
 * take, backtracking included, so that exactly the same text is cut: "42.1234567" is cut after
 * "42" because a fraction has six digits and a date must end where a word ends.
 */

#define MINUTE INT64_C(60000)
#define DAY (1440 * MINUTE)

struct cursor {
	const unsigned char *at, *end;
};

static int peek(const struct cursor *c, size_t ahead)
{
	return c->at + ahead < c->end ? c->at[ahead] : -1;
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

/* Four digits, of this century: earlier years are those of a clock that was not set. */
static bool year(struct cursor *c, int *out)
{
	for (size_t i = 0; i < 4; i++)
		if (!is_digit(peek(c, i)))
			return false;
	if (c->at[0] != '2' || c->at[1] != '0')
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
		if (memcmp(low, at, sizeof(low)) != 0)
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
	struct cursor minutes = {c->at + 3, c->end};
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

	if (name(c, "montuewedthufrisatsun") < 0 || !skip(c, ' '))
		*c = from;
	d->month = name(c, "janfebmaraprmayjunjulaugsepoctnovdec") + 1;
	if (!d->month || !skip(c, ' ') || !day(c, &d->day) || !skip(c, ' '))
		return false;
	skip(c, ' ');
	return clock_time(c, d, 29) && syslog_tail(c, d);
}

/* The length of a character that is no part of a word, or 0. Of those beyond ASCII only the
 * byte order mark, what is no UTF-8 and the mark for it stand before a date. */
static size_t non_word(const struct cursor *c)
{
	int ch = peek(c, 0), next = peek(c, 1);

	if (ch < 0 || is_word(ch))
		return 0;
	if (ch == 0xef &&
	    ((next == 0xbb && peek(c, 2) == 0xbf) || (next == 0xbf && peek(c, 2) == 0xbd)))
		return 3;
	if (ch < 0xc2 || ch > 0xf4 || next < 0x80 || next > 0xbf)
		return 1;
	return 0;
}

bool date_find(struct date *out, struct text line)
{
	struct cursor c = {(const unsigned char *)line.at,
			   (const unsigned char *)line.at + line.len};
	const unsigned char *begin = c.at;
	struct date d = {0};
	bool found;

	for (int i = 0; i < 2; i++)
		c.at += non_word(&c);
	d.at = (size_t)(c.at - begin);
	found = is_digit(peek(&c, 0)) ? iso(&c, &d) : syslog(&c, &d);
	if (!found)
		return false;
	d.len = (size_t)(c.at - begin) - d.at;
	*out = d;
	return true;
}

/* ---- from the calendar to the clock ---- */

static bool is_leap(int y)
{
	return (y % 4 == 0 && y % 100) || y % 400 == 0;
}

static bool is_date(int y, const struct date *d)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int last = days[d->month - 1] + (d->month == 2 && is_leap(y));

	return d->day <= last && d->hour < 24 && d->second < 60;
}

/* ms from 1970, as if the date were UTC. */
static int64_t flat(int y, const struct date *d)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t past = y - 1; /* years complete */
	int64_t days = past * 365 + past / 4 - past / 100 + past / 400 - 719162;

	days += before[d->month - 1] + (d->month > 2 && is_leap(y)) + d->day - 1;
	return days * DAY + d->hour * (60 * MINUTE) + d->minute * MINUTE +
	       d->second * INT64_C(1000) + d->ms;
}

static void know_now(struct date_cache *cache, int64_t now)
{
	int64_t second = now >= 0 ? now / 1000 : -((999 - now) / 1000);
	time_t t = (time_t)second;
	struct tm tm;

	if (cache->known_now && cache->now == now)
		return;
	if (!localtime_r(&t, &tm))
		gmtime_r(&t, &tm);
	cache->year = tm.tm_year + 1900;
	cache->local_now = flat(cache->year, &(struct date){.month = tm.tm_mon + 1,
							    .day = tm.tm_mday,
							    .hour = tm.tm_hour,
							    .minute = tm.tm_min,
							    .second = tm.tm_sec,
							    .ms = (int)(now - second * 1000)});
	cache->now = now;
	cache->known_now = true;
}

/* mktime(3) looks at /etc/localtime each time it is called. */
static int64_t local(int y, const struct date *d, struct date_cache *cache)
{
	int64_t at = flat(y, d), minute = at - at % MINUTE;
	struct tm tm = {.tm_year = y - 1900,
			.tm_mon = d->month - 1,
			.tm_mday = d->day,
			.tm_hour = d->hour,
			.tm_min = d->minute,
			.tm_isdst = -1};
	time_t t;

	if (!cache->known_minute || cache->minute != minute) {
		errno = 0;
		t = mktime(&tm);
		if (t == (time_t)-1 && errno)
			return TIME_NONE;
		cache->minute = minute;
		cache->utc = (int64_t)t * 1000;
		cache->known_minute = true;
	}
	return cache->utc + at % MINUTE;
}

int64_t date_time(const struct date *d, struct date_cache *cache, int64_t now)
{
	int y = d->year;

	if (!y) {
		know_now(cache, now);
		y = cache->year;
		if (!is_date(y, d))
			return TIME_NONE;
		if (flat(y, d) > cache->local_now + DAY)
			y--;
	}
	if (!is_date(y, d))
		return TIME_NONE;
	return d->zoned ? flat(y, d) - d->offset * MINUTE : local(y, d, cache);
}
