/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a block of lines do words occur? The one place that decides which lines are looked
 * at closely. Vectorscan does it where it is built in and knows the CPU (match/vector.h),
 * elsewhere match/slide.h.
 */
#ifndef BANISH_MATCH_LITERAL_H
#define BANISH_MATCH_LITERAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct literals;

/* `at` lies within an occurrence of a word that the owner added with these bits. */
typedef void literal_hit(void *arg, const char *at, size_t owner, uint64_t bits);

struct literals *literals_new(void); /* NULL: out of memory */
void literals_free(struct literals *literals);
/* Also look for this word, in ASCII lower case, without newline, of two bytes or more.
 * 0 or -ENOMEM. */
int literals_add(struct literals *literals, struct text word, size_t owner, uint64_t bits);
/* Make it ready after adding. 0 or -ENOMEM. */
int literals_build(struct literals *literals);
/*
 * Every line that contains a word, in any mixture of ASCII case, is reported at least once
 * for each owner and its bits, in order of lines. No allocation.
 */
void literals_scan(struct literals *literals, struct text block, literal_hit *hit, void *arg);

#endif
