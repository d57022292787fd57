/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The date at the start of a line. */
#ifndef BANISH_MATCH_DATE_H
#define BANISH_MATCH_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * The first two of fail2ban's date templates, anchored as by its {^LN-BEG}: at most two
 * characters that are no letter, digit or "_" come before the date.
 *
 *	Nov 20 23:33:42, Nov  1 ..., with a weekday, a fraction, a year after
 *	2026-11-20T23:33:42.446075+00:00, with "-", "/" or ".", "T" or one or two blanks,
 *	a fraction after "." or ",", a zone (Z, UTC, GMT, +hh, +hhmm, +hh:mm)
 */
struct date {
	size_t at, len; /* its text in the line */
	int year;	/* 0: not written */
	int month, day, hour, minute, second, ms;
	bool zoned;
	int offset; /* minutes east of UTC, if zoned */
};

/* What local time was worked out last: the time zone is asked once a minute of log. */
struct date_cache {
	int64_t now, local_now; /* ms; the second as if the clock showed UTC */
	int year;		/* of local_now */
	int64_t minute;		/* as if UTC */
	int64_t utc;		/* when that was */
	bool known_now, known_minute;
};

bool date_find(struct date *out, struct text line);
/*
 * When that was, in ms, or TIME_NONE for a date there is not (Feb 30, 25:00, a leap second).
 * Without a zone it is local time. Without a year it is this year, or last year when that is
 * more than a day ahead of `now`; as in fail2ban, Feb 29 is known in leap years only.
 */
int64_t date_time(const struct date *date, struct date_cache *cache, int64_t now);

#endif
