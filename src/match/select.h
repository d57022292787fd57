/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which lines a filter has to see, and which of its failregex: by the words they cannot match
 * without. */
#ifndef BANISH_MATCH_SELECT_H
#define BANISH_MATCH_SELECT_H

#include <stddef.h>
#include <stdint.h>

#include "match/literal.h"
#include "match/regex.h"
#include "match/words.h"

/* A set of failregex: bit i is for the one with index i, the last bit for all from there on. */
#define FILTER_BITS 64
#define FILTER_ALL UINT64_MAX

static inline uint64_t filter_bit(size_t fail)
{
	return UINT64_C(1) << (fail < FILTER_BITS ? fail : FILTER_BITS - 1);
}

/*
 * Words that are looked for in a line once it is looked at: those of prefregex where the rarer
 * ones of a failregex made it interesting, or the other way round.
 */
struct also {
	uint64_t bits; /* the failregex */
	struct words words;
};

struct selection {
	struct also *list;
	size_t count;
};

/*
 * Have lines that may match looked for: a word of `owner` in a line, with a set of failregex,
 * says that these may match it. `pref` may be NULL. 0, -ENOENT: any line may match, or -ENOMEM.
 * *out is filled in any case, and to be cleared.
 */
int select_words(struct selection *out, struct literals *literals, size_t owner,
		 const struct words_use *use, const struct regex *pref,
		 struct regex *const *fail, size_t fails);
/* Of a set of failregex those that may match the line, as it was logged. */
uint64_t select_check(const struct selection *selection, uint64_t set, struct text line);
void select_clear(struct selection *selection);

#endif
