/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a person: why a filter finds something in a line or does not, and what its searches cost.
 */
#ifndef BANISH_EXPLAIN_H
#define BANISH_EXPLAIN_H

#include "match/match.h"

struct explain {
	struct match *match;
	struct match_memory *memory;
	uint64_t line; /* of the input: the last explained */
	int64_t now;
	size_t found; /* in this line */
};

/* Explain one line, ended by its newline, for every one of `count` filters. */
void explain_line(struct explain *explain, const struct lines *line, const char *const *filters,
		  size_t count);
/* What each expression of a filter took, those that took most first. */
void explain_costs(const struct match *match, size_t index, const char *filter);
int64_t explain_clock(void); /* for match_measure() */

#endif
