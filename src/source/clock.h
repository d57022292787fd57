/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Points in time as the headers of syslog messages have them:
 *
 *	Nov  1 23:33:42			RFC 3164; also "Nov 01", a year before the hour, a
 *					fraction, and ":" behind it
 *	2026-11-20T23:33:42.446+01:00	RFC 3339; the zone may be missing
 *
 * Without a zone it is local time. Without a year it is this year, or last year when that is
 * over a day ahead.
 */
#ifndef BANISH_SOURCE_CLOCK_H
#define BANISH_SOURCE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* What local time was worked out last, since asking for it takes longer than reading a
 * message. All zero at first. */
struct clock {
	int64_t year_at; /* the minute of `now` for which year is known */
	int year;
	int64_t minute; /* as it was written, packed */
	int64_t utc;	/* ms: when that was */
	bool known_year, known_minute;
};

/*
 * Take the time at the start of *rest and the blank behind it. False, with all untouched: there
 * is none. *out is in ms, and `now` for one that there is not (Feb 30), that is before 1970
 * or over a day ahead of `now`.
 */
bool clock_take(struct clock *clock, int64_t *out, struct text *rest, int64_t now);
/* The same for RFC 3339 alone. */
bool clock_take_iso(struct clock *clock, int64_t *out, struct text *rest, int64_t now);

#endif
