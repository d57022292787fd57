/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a line has its date, and when that was: the templates of one filter's datepattern, in
 * fail2ban's words (jail.conf(5), "datepattern").
 *
 * They are tried in order. The first that matches is used if it is anchored to the line's start
 * or end, or matches at the first or second character, or is the last of them; of the others
 * the one that matches nearest to the start. No line has an influence on the next one.
 */
#ifndef BANISH_MATCH_DATES_H
#define BANISH_MATCH_DATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/rules.h"
#include "base/text.h"
#include "match/calendar.h"
#include "match/date.h"

struct dates;

/* Reads datepattern and logtimezone. 0, -ENOMEM, or -EINVAL after a diag_error for each pattern
 * that is wrong. */
int dates_compile(struct dates **out, const struct rules *rules, struct diag *diag);
void dates_free(struct dates *dates); /* takes NULL */
/* Both find the same and mean the same by it. */
bool dates_equal(const struct dates *a, const struct dates *b);
/* Whatever is cut out stands at the start of the line, after at most two characters that are
 * no letter, digit or "_". */
bool dates_at_start(const struct dates *dates);
/*
 * Letters, digits or "_" may stand on both sides of what is cut out, so that what is left has
 * words that are nowhere in the line. False: each run of them that is left is part of one
 * in the line. In either case all other text may be put together by the cut, as
 * "[] " out of "[date] " is.
 */
bool dates_cuts_words(const struct dates *dates);
/* `line` is valid UTF-8, without its newline. What it costs is taken off *steps, which may be
 * NULL, by search_run(); when none are left, there are no more searches. */
bool dates_find(struct dates *dates, struct date_found *out, struct text line, uint64_t *steps);
/* In ms, or TIME_NONE for a date that there is not, and for one with nothing in it, which says
 * that it is the last one known, or now. */
int64_t dates_time(const struct dates *dates, const struct date_found *found,
		   struct date_cache *cache, int64_t now);
/* Searches that were given up, or not tried for want of steps. */
uint64_t dates_limited(const struct dates *dates);

#endif
