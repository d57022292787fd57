/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must stand in a line for a regular expression to match it: one of a few words. Lines
 * without any need not be searched.
 */
#ifndef BANISH_MATCH_REQUIRE_H
#define BANISH_MATCH_REQUIRE_H

#include "match/words.h"

/*
 * Of the sets of words that a translated pattern (match/python.h) lets us know, the one that
 * is likely to be in the fewest lines. Whatever is not understood gives none.
 */
void require_of(struct words *out, const char *pattern, const struct words_use *use);

#endif
