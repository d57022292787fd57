/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small set of words, one of which a line must have. */
#ifndef BANISH_MATCH_WORDS_H
#define BANISH_MATCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
/*
 * Of `best` and `set` keep in `best` what is likely to be in fewer lines. `set` is made fit to
 * look for: the date is cut out of a line after at most two characters that are no word
 * characters, so a match may begin with such characters where the line has the date in between.
 * Words lose up to two of those at their start; a word that contains another is left out.
 */
void words_keep_better(struct words *best, const struct words *set);
/* How good a set is to look for: 0 for none and when a word is shorter than WORD_MIN. */
unsigned words_score(const struct words *set);

#endif
