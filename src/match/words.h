/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small set of words, one of which a line must have. */
#ifndef BANISH_MATCH_WORDS_H
#define BANISH_MATCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/common.h"

#define WORDS_MAX 24
#define WORD_MIN 2
#define WORD_BYTES 32

/* ASCII in lower case, to be compared without regard to case. */
struct word {
	uint8_t len;
	char at[WORD_BYTES];
};

struct words {
	unsigned count;
	struct word word[WORDS_MAX];
};

/* The set of this word alone. */
void words_one(struct words *set, const char *word, size_t len);
/* False, and nothing changed, when there is no room. */
bool words_add(struct words *set, const struct word *word);
/* False when there is not room for all. */
bool words_join(struct words *set, const struct words *more);
/* Each word of `set` followed by each of `next`; false, and nothing changed, when that is too
 * much. */
bool words_cross(struct words *set, const struct words *next);
/* Where the date of a line stands, which is cut out before expressions see the line. */
enum words_cut {
	WORDS_CUT_START, /* after at most two characters that are no word characters */
	WORDS_CUT_WITHIN /* anywhere, but not within a run of word characters */
};

/* What the words are to be looked for in. */
struct words_use {
	enum words_cut cut;
	struct common common;
};

/*
 * Of `best` and `set` keep in `best` what is likely to be in fewer lines. `set` is made fit to
 * look for: where an expression sees a word, the line may have the date in the middle of it.
 * So words lose up to two characters at their start that are no word characters or, with the
 * date anywhere, are reduced to a run of word characters. A word that contains another is left
 * out.
 */
void words_keep_better(struct words *best, const struct words *set,
		       const struct words_use *use);
/* How good a set is to look for: 0 for none and when a word is shorter than WORD_MIN. */
unsigned words_score(const struct words *set, const struct words_use *use);
/* As good as need be. */
bool words_are_rare(const struct words *set, const struct words_use *use);
bool words_equal(const struct words *a, const struct words *b);
/* Leave out words that contain another. */
void words_reduce(struct words *set);

#endif
