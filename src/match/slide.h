/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Search for many words at once, on any CPU. */
#ifndef BANISH_MATCH_SLIDE_H
#define BANISH_MATCH_SLIDE_H

#include <stddef.h>

#include "base/text.h"

struct slide;

/* The word with this index, in any mixture of ASCII case, may stand at `at`: what is there must
 * be compared, and lies whole in the block. */
typedef void word_hit(void *arg, size_t index, const char *at);

/* Words are in ASCII lower case, of two bytes or more, and must outlive the search. NULL: out
 * of memory. */
struct slide *slide_new(const struct text *words, size_t count);
void slide_free(struct slide *slide); /* takes NULL */
/* Every occurrence is reported, in order of lines. */
void slide_scan(const struct slide *slide, struct text block, word_hit *hit, void *arg);

#endif
