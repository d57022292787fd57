/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Search for many words at once with the vector instructions of the CPU: by Vectorscan, or by
 * Hyperscan, of which it is the portable branch. Built with HAVE_HS.
 */
#ifndef BANISH_MATCH_VECTOR_H
#define BANISH_MATCH_VECTOR_H

#include <stddef.h>

#include "base/text.h"
#include "match/slide.h"

struct vector;

/* As slide_new(). 0, -ENOMEM, or -ENOTSUP: not built in, or the CPU lacks what it needs. */
int vector_new(struct vector **out, const struct text *words, size_t count);
void vector_free(struct vector *vector); /* takes NULL */
/* As slide_scan(). */
void vector_scan(struct vector *vector, struct text block, word_hit *hit, void *arg);

#endif
