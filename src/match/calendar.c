/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <time.h>

#include "base/moment.h"
#include "match/calendar.h"

#define DAY INT64_C(86400)
#define HOUR INT64_C(3600)
#define YEAR_MAX 9999
#define YEARDAY_MAX 999

/* How far ahead of the clock a TAI label may be that was written just now. They allow for a
 * clock that was read before the line was. */
#define TAI_SLACK INT64_C(2000)
#define TAI_MULTILOG INT64_C(10000)
#define TAI_TRUE INT64_C(37000)

static bool is_leap(int y)
{
	return (y % 4 == 0 && y % 100) || y % 400 == 0;
}

static int month_days(int y, int m)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[m - 1] + (m == 2 && is_leap(y));
}

static bool is_day(int y, int m, int d)
{
	return y >= 1 && y <= YEAR_MAX && m >= 1 && m <= 12 && d >= 1 && d <= month_days(y, m);
}

/* Days from 1970. */
static int64_t day_number(int y, int m, int d)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t past = y - 1; /* years complete */
	int64_t days = past * 365 + past / 4 - past / 100 + past / 400 - 719162;

	return days + before[m - 1] + (m > 2 && is_leap(y)) + d - 1;
}

/* Of a Monday 0. */
static int weekday(int64_t day)
{
	return (int)(((day + 3) % 7 + 7) % 7);
}

static void know_now(struct date_cache *cache, int64_t now)
{
	int64_t ms = ((now % 1000) + 1000) % 1000;
	time_t t = (time_t)((now - ms) / 1000);
	struct tm tm;

	if (cache->known_now && cache->now == now)
		return;
	if (!localtime_r(&t, &tm))
		gmtime_r(&t, &tm);
	cache->year = tm.tm_year + 1900;
	cache->month = tm.tm_mon + 1;
	cache->day = tm.tm_mday;
	cache->local_now = day_number(cache->year, cache->month, cache->day) * DAY +
			   tm.tm_hour * INT64_C(3600) + tm.tm_min * INT64_C(60) + tm.tm_sec;
	cache->local_now = cache->local_now * 1000 + ms;
	cache->now = now;
	cache->known_now = true;
}

/* ---- which day ---- */

/* Of which day of the year the week and the weekday speak; weeks are counted from the first
 * Monday or Sunday. */
static int yearday_of_week(int year, const struct date *d)
{
	int first = (weekday(day_number(year, 1, 1)) + d->sunday) % 7;
	int day = (d->weekday - 1 + d->sunday) % 7, week = d->week - 1;

	return week ? 1 + (7 - first) % 7 + 7 * (week - 1) + day : 1 + day - first;
}

/* The day of the year may lie in the years beside it. */
static void by_yearday(struct date *d, int yearday)
{
	while (yearday < 1)
		yearday += 365 + is_leap(--d->year);
	while (yearday > 365 + is_leap(d->year))
		yearday -= 365 + is_leap(d->year++);
	for (d->month = 1; yearday > month_days(d->year, d->month); d->month++)
		yearday -= month_days(d->year, d->month);
	d->day = yearday;
}

/* Whether the date says which day it is in other words than month and day. */
static bool has_yearday(const struct date *d)
{
	return d->yearday || (d->week && d->weekday);
}

/* Fill in the year, month and day that are not written. */
static bool complete(struct date *d, const struct date_cache *cache)
{
	if (!d->year)
		d->year = cache->year;
	if (d->month && d->day)
		return true;
	if (has_yearday(d)) {
		if (d->year > YEAR_MAX || d->yearday > YEARDAY_MAX)
			return false;
		by_yearday(d, d->yearday ? d->yearday : yearday_of_week(d->year, d));
		return true;
	}
	if (d->month || d->day)
		return false;
	d->month = cache->month;
	d->day = cache->day;
	return true;
}

/* ---- which second ---- */

/* How much later UTC is than what the clock shows at `at`. */
static bool ask(int64_t *later, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return false;
	tm.tm_isdst = -1;
	errno = 0;
	t = mktime(&tm);
	if (t == (time_t)-1 && errno)
		return false;
	*later = (int64_t)t - at;
	return true;
}

/* mktime(3) looks at /etc/localtime each time it is called: once for an hour is enough, and
 * once for a minute in the hours around a change of the clocks. Of a time that there is twice
 * it takes the one that is as late as what it was asked before, so that is asked first. */
static int64_t local(int64_t at, struct date_cache *cache)
{
	int64_t hour = at - ((at % HOUR) + HOUR) % HOUR, minute = at - ((at % 60) + 60) % 60;
	int64_t later, before, end;

	if (at >= cache->from && at < cache->to)
		return at + cache->later;
	if (ask(&before, hour - HOUR) && ask(&end, hour + HOUR) && before == end &&
	    ask(&later, hour) && later == end) {
		cache->from = hour;
		cache->to = hour + HOUR;
	} else if (ask(&before, hour - HOUR) && ask(&later, minute)) {
		cache->from = minute;
		cache->to = minute + 60;
	} else {
		return TIME_NONE;
	}
	cache->later = later;
	return at + later;
}

/* Seconds as if what the clock showed were UTC, or TIME_NONE. `seconds` is the time of day. */
static int64_t flat(int y, int m, int d, int64_t seconds)
{
	return is_day(y, m, d) ? day_number(y, m, d) * DAY + seconds : TIME_NONE;
}

/*
 * What is shown is compared with what the clock shows here, whatever zone it is of, and last
 * year's date is the day as it was written: so does fail2ban, and the day of a date of another
 * zone may be one off then.
 */
static int64_t assume(const struct date *written, const struct date *d, int64_t at,
		      const struct date_cache *cache)
{
	if (!written->month && !written->day && !has_yearday(written) &&
	    at * 1000 > cache->local_now)
		at -= DAY;
	if (!written->year && at * 1000 > cache->local_now + DAY * 1000)
		at = flat(d->year - 1, d->month, d->day, ((at % DAY) + DAY) % DAY);
	return at;
}

static int64_t calendar_time(const struct date *written, struct date_zone zone,
			     struct date_cache *cache, int64_t now)
{
	struct date d = *written;
	bool fixed = d.zoned || zone.fixed;
	int64_t at;

	if (!d.year || !d.month || !d.day)
		know_now(cache, now);
	if (d.hour > 23 || d.minute > 59 || d.second > 59 || !complete(&d, cache))
		return TIME_NONE;
	at = flat(d.year, d.month, d.day,
		  d.hour * INT64_C(3600) + d.minute * INT64_C(60) + d.second);
	if (at == TIME_NONE)
		return TIME_NONE;
	if (fixed)
		at -= INT64_C(60) * (d.zoned ? d.offset : zone.offset);
	if (!written->year || !written->month || !written->day)
		at = assume(written, &d, at, cache);
	if (at != TIME_NONE && !fixed)
		at = local(at, cache);
	return at == TIME_NONE ? TIME_NONE : at * 1000 + d.ms;
}

static int64_t tai_time(int64_t stamp, int64_t now)
{
	int64_t ahead = stamp - now;

	if (ahead <= 0 || ahead > TAI_TRUE + TAI_SLACK)
		return stamp;
	return stamp - (ahead > TAI_MULTILOG + TAI_SLACK ? TAI_TRUE : TAI_MULTILOG);
}

int64_t date_time(const struct date *d, struct date_zone zone, struct date_cache *cache,
		  int64_t now)
{
	switch (d->kind) {
	case DATE_CALENDAR:
		return calendar_time(d, zone, cache, now);
	case DATE_STAMP:
		return d->stamp;
	case DATE_TAI:
		return tai_time(d->stamp, now);
	case DATE_BAD:
		break;
	}
	return TIME_NONE;
}
