/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the two forms of time that syslog has. */
#include <string.h>
#include <time.h>

#include "base/moment.h"
#include "source/clock.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)
#define NO_YEAR (-1)

struct written {
	int year; /* or NO_YEAR */
	int month, day, hour, minute, second, ms;
	bool zoned;
	int offset; /* minutes east of UTC */
};

/* ---- shape ---- */

static bool take_char(struct text *t, char c)
{
	if (!t->len || *t->at != c)
		return false;
	t->at++;
	t->len--;
	return true;
}

static bool is_digit(const struct text *t, size_t i)
{
	return i < t->len && t->at[i] >= '0' && t->at[i] <= '9';
}

/* Exactly `count` digits. */
static bool take_digits(struct text *t, size_t count, int *out)
{
	int number = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_digit(t, i))
			return false;
		number = 10 * number + (t->at[i] - '0');
	}
	t->at += count;
	t->len -= count;
	*out = number;
	return true;
}

/* Any number of digits, of which three count. */
static bool take_fraction(struct text *t, int *ms)
{
	int unit = 100;

	if (!is_digit(t, 1) || (*t->at != '.' && *t->at != ','))
		return true;
	*ms = 0;
	for (t->at++, t->len--; is_digit(t, 0); t->at++, t->len--) {
		*ms += unit * (*t->at - '0');
		unit /= 10;
	}
	return true;
}

static bool take_hours(struct text *t, struct written *w)
{
	return take_digits(t, 2, &w->hour) && take_char(t, ':') &&
	       take_digits(t, 2, &w->minute) && take_char(t, ':') &&
	       take_digits(t, 2, &w->second) && take_fraction(t, &w->ms);
}

static bool take_month(struct text *t, int *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (t->len < 3)
		return false;
	for (int i = 0; i < 12; i++) {
		if (memcmp(t->at, names + (size_t)3 * (size_t)i, 3) != 0)
			continue;
		t->at += 3;
		t->len -= 3;
		*month = i + 1;
		return true;
	}
	return false;
}

/* "Nov  1", "Nov 1" and "Nov 01". */
static bool take_day(struct text *t, int *day)
{
	if (!take_char(t, ' '))
		return false;
	take_char(t, ' ');
	return take_digits(t, is_digit(t, 1) ? 2 : 1, day) && take_char(t, ' ');
}

static bool take_end(struct text *t)
{
	return !t->len || take_char(t, ' ');
}

static bool take_traditional(struct text *t, struct written *w)
{
	w->year = NO_YEAR;
	if (!take_month(t, &w->month) || !take_day(t, &w->day))
		return false;
	/* The hour has a colon there. */
	if (is_digit(t, 2) && (!take_digits(t, 4, &w->year) || !take_char(t, ' ')))
		return false;
	if (!take_hours(t, w))
		return false;
	take_char(t, ':');
	return take_end(t);
}

static bool take_zone(struct text *t, struct written *w)
{
	int sign = t->len && *t->at == '-' ? -1 : 1, hours = 0, minutes = 0;

	if (take_char(t, 'Z')) {
		w->zoned = true;
		return true;
	}
	if (!take_char(t, '+') && !take_char(t, '-'))
		return true;
	if (!take_digits(t, 2, &hours))
		return false;
	take_char(t, ':');
	if (!take_digits(t, 2, &minutes))
		return false;
	w->zoned = true;
	w->offset = sign * (60 * hours + minutes);
	return true;
}

static bool take_iso(struct text *t, struct written *w)
{
	return take_digits(t, 4, &w->year) && take_char(t, '-') &&
	       take_digits(t, 2, &w->month) && take_char(t, '-') &&
	       take_digits(t, 2, &w->day) && take_char(t, 'T') && take_hours(t, w) &&
	       take_zone(t, w) && take_end(t);
}

/* ---- meaning ---- */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* A leap second is the first of the next minute. */
static bool is_date(const struct written *w, int year)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return year >= 1970 && w->month >= 1 && w->month <= 12 && w->day >= 1 &&
	       w->day <= days[w->month - 1] + (w->month == 2 && is_leap(year)) &&
	       w->hour <= 23 && w->minute <= 59 && w->second <= 60 && w->offset > -24 * 60 &&
	       w->offset < 24 * 60;
}

static int64_t utc_minute(const struct written *w, int year)
{
	struct tm tm = {
		.tm_year = year - 1900,
		.tm_mon = w->month - 1,
		.tm_mday = w->day,
		.tm_hour = w->hour,
		.tm_min = w->minute,
	};

	return timegm(&tm) * SECOND - w->offset * MINUTE;
}

static int64_t local_minute(struct clock *clock, const struct written *w, int year)
{
	int64_t packed = ((((int64_t)year * 16 + w->month) * 32 + w->day) * 24 + w->hour) * 60 +
			 w->minute;
	struct tm tm = {
		.tm_year = year - 1900,
		.tm_mon = w->month - 1,
		.tm_mday = w->day,
		.tm_hour = w->hour,
		.tm_min = w->minute,
		.tm_isdst = -1,
	};

	if (clock->known_minute && clock->minute == packed)
		return clock->utc;
	clock->utc = mktime(&tm) * SECOND;
	clock->minute = packed;
	clock->known_minute = true;
	return clock->utc;
}

static int64_t time_in(struct clock *clock, const struct written *w, int year)
{
	int64_t minute;

	if (!is_date(w, year))
		return TIME_NONE;
	minute = w->zoned ? utc_minute(w, year) : local_minute(clock, w, year);
	return minute + w->second * SECOND + w->ms;
}

static int year_of(struct clock *clock, int64_t now)
{
	time_t seconds = now / SECOND;
	struct tm tm = {0};

	if (clock->known_year && clock->year_at == now / MINUTE)
		return clock->year;
	localtime_r(&seconds, &tm);
	clock->year_at = now / MINUTE;
	clock->year = tm.tm_year + 1900;
	clock->known_year = true;
	return clock->year;
}

static int64_t time_of(struct clock *clock, const struct written *w, int64_t now)
{
	int year = w->year == NO_YEAR ? year_of(clock, now) : w->year;
	int64_t time = time_in(clock, w, year);

	if (w->year == NO_YEAR && (time == TIME_NONE || time > now + DAY))
		time = time_in(clock, w, year - 1);
	return time < 0 || time > now + DAY ? now : time;
}

bool clock_take_iso(struct clock *clock, int64_t *out, struct text *rest, int64_t now)
{
	struct written written = {0};
	struct text t = *rest;

	if (!take_iso(&t, &written))
		return false;
	*rest = t;
	*out = time_of(clock, &written, now);
	return true;
}

bool clock_take(struct clock *clock, int64_t *out, struct text *rest, int64_t now)
{
	struct written written = {0};
	struct text t = *rest;

	if (!take_traditional(&t, &written))
		return clock_take_iso(clock, out, rest, now);
	*rest = t;
	*out = time_of(clock, &written, now);
	return true;
}
