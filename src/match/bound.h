/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the regular expression of a date pattern begins and ends, and what of it is cut. */
#ifndef BANISH_MATCH_BOUND_H
#define BANISH_MATCH_BOUND_H

#include <stdbool.h>

#include "match/edge.h"

struct bound {
	char *regex;   /* in Python's syntax; its group 1 is what is cut */
	bool anchored; /* to the start or the end of the line */
	struct edge edge;
};

/*
 * `begin` and `end` are what is asked for; an expression that bounds itself there, or says by
 * "**" that it is not to be bound, is left alone. One without groups becomes one. 0 or -ENOMEM;
 * the caller frees out->regex.
 */
int bound_make(struct bound *out, const char *regex, enum edge_bound begin, bool end);

#endif
