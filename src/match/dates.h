/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a line has its date, and when that was: the templates of one filter's datepattern, in
 * fail2ban's words (jail.conf(5), "datepattern"). The first that matches is used, in the order
 * in which they are written.
 */
#ifndef BANISH_MATCH_DATES_H
#define BANISH_MATCH_DATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/rules.h"
#include "base/text.h"
#include "match/date.h"

struct dates;

/* What was found. `at` and `len` are what is cut out of the line; an empty date (len 0) says
 * that the line has none, and its time is the last one known, or now. */
struct date_found {
	size_t at, len;
	struct date date;
};

/* Reads datepattern and logtimezone. 0, -ENOMEM, or -EINVAL after a diag_error for each pattern
 * that is wrong. */
int dates_compile(struct dates **out, const struct rules *rules, struct diag *diag);
void dates_free(struct dates *dates); /* takes NULL */
/* Both find the same and mean the same by it. */
bool dates_equal(const struct dates *a, const struct dates *b);
/* Whatever is cut out stands at the start of the line, after at most two characters that are
 * no letter, digit or "_". */
bool dates_at_start(const struct dates *dates);
/* `line` is valid UTF-8, without its newline. */
bool dates_find(struct dates *dates, struct date_found *out, struct text line);
/* In ms, or TIME_NONE for a date that there is not. */
int64_t dates_time(const struct dates *dates, const struct date_found *found,
		   struct date_cache *cache, int64_t now);

#endif
