/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "match/words.h"

#define SCORE_LEN_MAX 16

void words_one(struct words *set, const char *word, size_t len)
{
	set->count = 1;
	set->word[0].len = (uint8_t)len;
	memcpy(set->word[0].at, word, len);
}

static bool has_word(const struct word *in, const struct word *w)
{
	return memmem(in->at, in->len, w->at, w->len) != NULL;
}

bool words_add(struct words *set, const struct word *w)
{
	for (unsigned i = 0; i < set->count; i++)
		if (set->word[i].len == w->len && !memcmp(set->word[i].at, w->at, w->len))
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

static void for_search(struct words *out, const struct words *set)
{
	struct words cut = *set;

	for (unsigned i = 0; i < cut.count; i++) {
		struct word *w = &cut.word[i];
		size_t n = 0;

		while (n < 2 && n < w->len && !is_word_char(w->at[n]))
			n++;
		w->len = (uint8_t)(w->len - n);
		memmove(w->at, w->at + n, w->len);
	}
	out->count = 0;
	for (unsigned i = 0; i < cut.count; i++) {
		bool needed = true;

		for (unsigned j = 0; j < cut.count && needed; j++)
			needed = j == i || !has_word(&cut.word[i], &cut.word[j]) ||
				 (cut.word[i].len == cut.word[j].len && i < j);
		if (needed)
			words_add(out, &cut.word[i]);
	}
}

/* Long words are rare; and of two equally long the name of a program is in more lines than a
 * piece of what it says, which has a blank or a colon. */
static unsigned word_score(const struct word *w)
{
	unsigned len = w->len < SCORE_LEN_MAX ? w->len : SCORE_LEN_MAX;

	if (len < WORD_MIN)
		return 0;
	return len + (memchr(w->at, ' ', w->len) || memchr(w->at, ':', w->len) ? len / 2 : 0);
}

unsigned words_score(const struct words *r)
{
	unsigned worst = UINT_MAX;

	for (unsigned i = 0; i < r->count; i++)
		if (word_score(&r->word[i]) < worst)
			worst = word_score(&r->word[i]);
	return r->count && worst ? worst * 2 * WORDS_MAX - r->count : 0;
}

void words_keep_better(struct words *best, const struct words *set)
{
	struct words search;

	for_search(&search, set);
	if (words_score(&search) > words_score(best))
		*best = search;
}
