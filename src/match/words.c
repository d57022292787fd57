/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "match/words.h"

/* Of sets that are rarer than this the one with fewer words is better. */
#define RARE_ENOUGH 32

void words_one(struct words *set, const char *word, size_t len)
{
	set->count = 1;
	set->word[0].len = (uint8_t)len;
	memcpy(set->word[0].at, word, len);
}

static bool word_equal(const struct word *a, const struct word *b)
{
	return a->len == b->len && !memcmp(a->at, b->at, a->len);
}

bool words_equal(const struct words *a, const struct words *b)
{
	for (unsigned i = 0; i < a->count && i < b->count; i++)
		if (!word_equal(&a->word[i], &b->word[i]))
			return false;
	return a->count == b->count;
}

static bool has_word(const struct word *in, const struct word *w)
{
	return memmem(in->at, in->len, w->at, w->len) != NULL;
}

bool words_add(struct words *set, const struct word *w)
{
	for (unsigned i = 0; i < set->count; i++)
		if (word_equal(&set->word[i], w))
			return true;
	if (set->count == WORDS_MAX)
		return false;
	set->word[set->count++] = *w;
	return true;
}

bool words_join(struct words *set, const struct words *more)
{
	for (unsigned i = 0; i < more->count; i++)
		if (!words_add(set, &more->word[i]))
			return false;
	return true;
}

bool words_cross(struct words *set, const struct words *next)
{
	struct words product = {0};

	for (unsigned i = 0; i < set->count; i++) {
		for (unsigned j = 0; j < next->count; j++) {
			struct word w = set->word[i];

			if (w.len + next->word[j].len > WORD_BYTES)
				return false;
			memcpy(w.at + w.len, next->word[j].at, next->word[j].len);
			w.len = (uint8_t)(w.len + next->word[j].len);
			if (!words_add(&product, &w))
				return false;
		}
	}
	*set = product;
	return true;
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* At its start a word loses what may stand before the date. */
static void cut_start(struct word *w)
{
	size_t n = 0;

	while (n < 2 && n < w->len && !is_word_char(w->at[n]))
		n++;
	w->len = (uint8_t)(w->len - n);
	memmove(w->at, w->at + n, w->len);
}

/* The rarest run of word characters is left of it. */
static void cut_within(struct word *w, const struct common *common)
{
	size_t from = 0, len = 0;
	unsigned rarest = 0;

	for (size_t i = 0, n; i < w->len; i += n + 1) {
		for (n = 0; i + n < w->len && is_word_char(w->at[i + n]);)
			n++;
		if (common_rarity(common, w->at + i, n) <= rarest)
			continue;
		rarest = common_rarity(common, w->at + i, n);
		from = i;
		len = n;
	}
	w->len = (uint8_t)len;
	memmove(w->at, w->at + from, len);
}

void words_reduce(struct words *set)
{
	struct words all = *set;

	set->count = 0;
	for (unsigned i = 0; i < all.count; i++) {
		bool needed = true;

		for (unsigned j = 0; j < all.count && needed; j++)
			needed = j == i || !has_word(&all.word[i], &all.word[j]) ||
				 (all.word[i].len == all.word[j].len && i < j);
		if (needed)
			words_add(set, &all.word[i]);
	}
}

static void make_fit(struct words *set, const struct words_use *use)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (use->cut == WORDS_CUT_START)
			cut_start(&set->word[i]);
		else
			cut_within(&set->word[i], &use->common);
	}
	words_reduce(set);
}

unsigned words_score(const struct words *r, const struct words_use *use)
{
	unsigned worst = RARE_ENOUGH;

	for (unsigned i = 0; i < r->count; i++) {
		unsigned rarity = common_rarity(&use->common, r->word[i].at, r->word[i].len);

		if (r->word[i].len < WORD_MIN)
			return 0;
		if (rarity < worst)
			worst = rarity;
	}
	return r->count ? worst * 2 * WORDS_MAX - r->count : 0;
}

bool words_are_rare(const struct words *set, const struct words_use *use)
{
	return words_score(set, use) >= RARE_ENOUGH * 2 * WORDS_MAX - WORDS_MAX;
}

void words_keep_better(struct words *best, const struct words *set, const struct words_use *use)
{
	struct words search = *set;

	make_fit(&search, use);
	if (words_score(&search, use) > words_score(best, use))
		*best = search;
}
