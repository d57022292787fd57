/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pieces of words to search for, instead of the words: few, since many words have a piece
 * in common, and such as logs are not full of.
 */
#ifndef BANISH_MATCH_PIECES_H
#define BANISH_MATCH_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define PIECE_MAX 8

/* A word that has the piece. */
struct piece_word {
	uint32_t word, end; /* where in it the piece ends */
	uint32_t behind;    /* so much of it comes after the piece */
	char left, right;   /* what is beside the piece; 0: nothing of the word */
};

struct piece {
	const char *at; /* in one of the words */
	size_t len;
	const struct piece_word *words;
	size_t word_count;
};

struct pieces {
	struct piece *list;
	size_t count;
	struct piece_word *words;
};

/* Each word, in ASCII lower case and of two bytes or more, has one of the pieces. 0 or -ENOMEM.
 */
int pieces_choose(struct pieces *out, const struct text *words, size_t count);
void pieces_clear(struct pieces *pieces);

#endif
