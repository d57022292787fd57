/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what a date says to when that was. */
#ifndef BANISH_MATCH_CALENDAR_H
#define BANISH_MATCH_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum date_kind {
	DATE_CALENDAR,
	DATE_STAMP, /* `stamp` says it all */
	DATE_TAI,   /* `stamp` counts leap seconds or not, see date_time */
	DATE_BAD,   /* it has a value that cannot be */
};

struct date {
	enum date_kind kind;
	int64_t stamp;	      /* ms from 1970 */
	int year, month, day; /* 0, and so for the next three: not written */
	int yearday;
	int weekday; /* 1: Monday */
	int week;    /* from 1, which is the part of a week at the start of the year */
	bool sunday; /* weeks begin with one */
	int hour, minute, second, ms;
	bool zoned;
	int offset; /* minutes east of UTC, if zoned */
};

/* What local time was worked out last: the time zone is asked once an hour of log. */
struct date_cache {
	int64_t now, local_now; /* ms; the second as if the clock showed UTC */
	int year, month, day;	/* of local_now */
	int64_t from, to;	/* s, as if UTC: in between, UTC is so much later */
	int64_t later;
	bool known_now;
};

/* The zone of dates that name none. */
struct date_zone {
	bool fixed; /* false: local time */
	int offset; /* minutes east of UTC, if fixed */
};

/*
 * When that was, in ms, or TIME_NONE for a date there is not (Feb 30, 25:00, a leap second).
 * As in fail2ban: without a year it is this year, or last year when that is more than a day
 * ahead of `now`, so Feb 29 is known in leap years only. A time alone is today's, or
 * yesterday's when it is yet to come.
 *
 * DATE_TAI: multilog's labels are 10 s ahead of UTC, those of s6-log by TAI's 37 s, and nothing
 * in a label says whose it is. One that is at most that far ahead of `now` was written just
 * now, which tells them apart. All others are taken as they are, as in fail2ban.
 */
int64_t date_time(const struct date *date, struct date_zone zone, struct date_cache *cache,
		  int64_t now);

#endif
