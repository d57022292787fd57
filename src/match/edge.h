/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in a match group 1 of a date pattern lies, as far as the pattern tells. */
#ifndef BANISH_MATCH_EDGE_H
#define BANISH_MATCH_EDGE_H

#include <stdbool.h>

/* What holds where the pattern begins: */
enum edge_bound {
	EDGE_ANY,
	EDGE_WORD,  /* not within a word */
	EDGE_START, /* the line, after at most two characters that are of no word */
};

struct edge {
	bool at_start;	 /* it begins where the line does, or after what EDGE_START allows */
	bool cuts_words; /* characters of words may stand on both sides of it */
};

/*
 * `regex` is in Python's syntax, without what `begin` stands for; `end`: it does not end within
 * a word. What is not understood is taken for the worst.
 */
struct edge edge_of(const char *regex, enum edge_bound begin, bool end);

#endif
