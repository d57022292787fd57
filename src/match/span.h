/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many different characters an atom of a regular expression takes. */
#ifndef BANISH_MATCH_SPAN_H
#define BANISH_MATCH_SPAN_H

#include "base/text.h"

enum breadth {
	BREADTH_NARROW, /* digits, words, a few */
	BREADTH_WORD,	/* all but blanks, in no quotes */
	BREADTH_TEXT,	/* text without certain words: (?:(?! from ).)* */
	BREADTH_WIDE,	/* most characters: [^"], or \S in quotes */
	BREADTH_ANY,	/* all that can stand in a line */
};

/*
 * Of the atom at the start of `t`: a class in brackets, an escape, or one character. *len is
 * how long it is. `spaced`, when not NULL, says whether it takes a blank.
 */
enum breadth span_of(struct text t, size_t *len, bool *spaced);
/* Whether the atom in `t`, with or without a quantifier, takes `c`, of ASCII. */
bool span_takes(struct text t, char c);

#endif
