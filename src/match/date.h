/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dates in the two ways in which most logs write them, without a regular expression. */
#ifndef BANISH_MATCH_DATE_H
#define BANISH_MATCH_DATE_H

#include <stddef.h>

#include "base/text.h"
#include "match/calendar.h"

enum date_way {
	DATE_OTHER,
	DATE_ISO,    /* 2026-11-20T23:33:42.446075+00:00 and its relatives */
	DATE_SYSLOG, /* Nov 20 23:33:42, with weekday, fraction or year */
};

/* The templates that they are. */
#define DATE_ISO_PATTERN                                                                       \
	"%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\\s*%z)?"
#define DATE_SYSLOG_PATTERN "(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?"

/* What was found. `at` and `len` are what is cut out of the line; nothing at all (len 0) says
 * that the line has no date. */
struct date_found {
	size_t at, len;
	struct date date;
};

enum date_answer {
	DATE_ABSENT,
	DATE_PRESENT,
	DATE_UNSURE, /* there are characters beyond ASCII, which are left to PCRE2 */
};

/* Whether the line begins with a date written this way, after at most two characters that are
 * no letter, digit or "_": what the template does that is anchored with {^LN-BEG}. */
enum date_answer date_find(struct date_found *out, enum date_way way, struct text line);

#endif
