/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a match consists of: for match.c, which makes it, scan.c, and explain.c, which tells
 * about it. */
#ifndef BANISH_MATCH_PARTS_H
#define BANISH_MATCH_PARTS_H

#include "match/filter.h"
#include "match/literal.h"
#include "match/match.h"
#include "match/view.h"

struct jail {
	struct filter *filter;
	struct view *view; /* shared by all whose dates are equal */
	struct selection selection;
	uint64_t ends; /* filter_ends(), where lines are whole behind their date */
	uint64_t set;  /* which failregex may match the line at hand */
};

struct match {
	struct jail *jails;
	size_t count;
	struct view **views;
	size_t view_count;
	struct literals *literals;
	bool ready; /* to look for them */
	struct words_use use;
	size_t *always; /* jails that see every line */
	size_t always_count;
	size_t *due; /* jails that see the line at hand */
	size_t due_count;
	struct scratch scratch;
	struct match_counts counts;
};

#define EARLIER_BYTES 4096

struct match_memory {
	struct session **sessions; /* one a jail */
	size_t count;
	uint64_t lines;	    /* in the runs so far */
	size_t earlier_len; /* the end of the runs so far */
	char earlier[EARLIER_BYTES];
};

/* So much of the end of a run as undated lines at the start of the next may need. */
void match_remember(struct match_memory *memory, struct text run);

#define EVERY_JAIL SIZE_MAX

/* As match_scan(), of one jail and every line, whatever words it has. */
void match_scan_one(struct match *match, struct match_memory *memory, size_t index,
		    const struct lines *lines, int64_t now, match_found *found, void *arg);

#endif
