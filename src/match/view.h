/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the filters whose date patterns are equal see the line at hand: its date is found and cut
 * out at most once, and only when one of them looks.
 */
#ifndef BANISH_MATCH_VIEW_H
#define BANISH_MATCH_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/rules.h"
#include "match/dates.h"
#include "match/subject.h"
#include "match/walk.h"

struct view {
	struct dates *dates;
	char *written; /* the patterns, as text */
	size_t written_len;
	struct date_cache cache;
	struct subject subject;
	bool made;	/* of the line at hand */
	uint64_t steps; /* that looking for its date may still take */
	struct subject earlier;
};

/* As dates_compile(). */
int view_new(struct view **out, const struct rules *rules, struct diag *diag);
void view_free(struct view *view); /* takes NULL */
/* The rules have the dates of this view, word for word. */
bool view_is_of(const struct view *view, const struct rules *rules);
/* The subject of the line at hand. Not `dated`: the text has no date to look for. */
struct text view_make(struct view *view, const struct walk *line, bool dated);
/* What its date says; TIME_NONE: it has none, or there is no such date. */
int64_t view_time(struct view *view, int64_t now);
/* The line has a place for its date, and nothing in it. */
bool view_is_empty(const struct view *view);
/*
 * The last date there is in `text`, which lies before the line at hand; TIME_NONE: none in the
 * last *lines of it. *lines is how many more may be looked at. What that costs is the line's at
 * hand.
 */
int64_t view_last_time(struct view *view, struct text text, size_t *lines, int64_t now);
/* With no line at hand. */
int64_t view_end_time(struct view *view, struct text text, size_t lines, int64_t now);

#endif
