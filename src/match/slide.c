/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "match/slide.h"

/*
 * Wu and Manber, "A fast algorithm for multi-pattern searching" (1994): a window as long as the
 * shortest word slides over the text. The pair of bytes at its end says how far it may slide
 * without missing a word; zero: a word may end its own window here. The text is read about once
 * in every four or five bytes.
 *
 * Of a longer word a part as long as the window is searched: the one that ends with the rarest
 * pair, since each occurrence of such a pair costs a comparison.
 */
#define WINDOW_MAX 16
#define KEYS 65536
#define BUCKETS 1024
#define NONE UINT32_MAX

struct slide_word {
	struct text word;
	size_t from;	    /* the window in the word */
	uint16_t head, key; /* its first pair, and the one that ends the window */
	uint32_t next;	    /* in the same bucket */
};

struct slide {
	struct slide_word *list;
	size_t count;
	size_t window;
	uint32_t bucket[BUCKETS];
	uint8_t slide[KEYS];
};

/* ASCII letters become one case; some other bytes fall together, which comparing sorts out. */
static inline uint16_t key_at(const unsigned char *at)
{
	uint16_t pair;

	memcpy(&pair, at, sizeof(pair));
	return pair & 0xdfdf;
}

static inline unsigned bucket_of(uint16_t key)
{
	return (uint32_t)key * UINT32_C(0x9e3779b1) >> 22;
}

/* How often a byte stands in a log, roughly. */
static unsigned common(char c)
{
	static const char often[] = " etaonirsdlcmp";

	if (c && strchr(often, c))
		return (unsigned)(often + sizeof(often) - strchr(often, c));
	return isdigit((unsigned char)c) || c == '.' ? 8 : 0;
}

static size_t best_window(const struct slide_word *w, size_t window)
{
	size_t best = 0;
	unsigned least = UINT32_MAX;

	for (size_t from = 0; from + window <= w->word.len; from++) {
		const char *pair = w->word.at + from + window - 2;
		unsigned n = (common(pair[0]) + 1) * (common(pair[1]) + 1);

		if (n < least) {
			least = n;
			best = from;
		}
	}
	return best;
}

static void enter(struct slide *l, uint32_t index)
{
	struct slide_word *w = &l->list[index];
	const unsigned char *at;
	uint32_t *bucket;

	w->from = best_window(w, l->window);
	at = (const unsigned char *)w->word.at + w->from;
	for (size_t i = 0; i + 2 <= l->window; i++) {
		uint8_t *slide = &l->slide[key_at(at + i)];

		if (l->window - 2 - i < *slide)
			*slide = (uint8_t)(l->window - 2 - i);
	}
	w->head = key_at((const unsigned char *)w->word.at);
	w->key = key_at(at + l->window - 2);
	bucket = &l->bucket[bucket_of(w->key)];
	w->next = *bucket;
	*bucket = index;
}

struct slide *slide_new(const struct text *words, size_t count)
{
	struct slide *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->list = calloc(count + 1, sizeof(*l->list));
	if (!l->list)
		goto fail;
	l->window = WINDOW_MAX;
	for (; l->count < count; l->count++) {
		l->list[l->count].word = words[l->count];
		if (words[l->count].len < l->window)
			l->window = words[l->count].len;
	}
	memset(l->slide, (int)l->window - 1, sizeof(l->slide));
	for (size_t i = 0; i < BUCKETS; i++)
		l->bucket[i] = NONE;
	for (size_t i = 0; i < l->count; i++)
		enter(l, (uint32_t)i);
	return l;
fail:
	slide_free(l);
	return NULL;
}

void slide_free(struct slide *l)
{
	if (!l)
		return;
	free(l->list);
	free(l);
}

/* The words whose window ends with the pair at `at`. */
static void check(const struct slide *l, struct text block, const char *at, word_hit *hit,
		  void *arg)
{
	uint16_t key = key_at((const unsigned char *)at);
	uint32_t i = l->bucket[bucket_of(key)];

	for (; i != NONE; i = l->list[i].next) {
		const struct slide_word *w = &l->list[i];
		size_t before = w->from + l->window - 2, offset = (size_t)(at - block.at);

		if (w->key == key && offset >= before &&
		    block.len - (offset - before) >= w->word.len &&
		    w->head == key_at((const unsigned char *)at - before))
			hit(arg, i, at - before);
	}
}

/* Where the windows ended that must be looked at, in the further half of a piece. */
#define PENDING 1024
#define PIECE 32768

struct pending {
	size_t count;
	uint16_t at[PENDING]; /* from the middle */
};

/* From `i` on until `end`; the pair there is still read. */
static size_t scan_alone(const struct slide *l, struct text block, size_t i, size_t end,
			 word_hit *hit, void *arg)
{
	while (i < end) {
		size_t slide = l->slide[key_at((const unsigned char *)block.at + i)];

		if (!slide) {
			check(l, block, block.at + i, hit, arg);
			slide = 1;
		}
		i += slide;
	}
	return i;
}

/*
 * Each step waits for two loads that depend on each other, and for nothing else: so two windows
 * slide at once, one in each half of a piece. What the second meets waits until the first is
 * through.
 */
static size_t scan_piece(const struct slide *l, struct text block, size_t i, size_t end,
			 word_hit *hit, void *arg)
{
	const unsigned char *at = (const unsigned char *)block.at;
	size_t half = i + (end - i) / 2, j = half;
	struct pending pending = {.count = 0};

	while (i < half && j < end && pending.count < PENDING) {
		size_t slide = l->slide[key_at(at + i)], slide2 = l->slide[key_at(at + j)];

		if (!slide) {
			check(l, block, block.at + i, hit, arg);
			slide = 1;
		}
		if (!slide2) {
			pending.at[pending.count++] = (uint16_t)(j - half);
			slide2 = 1;
		}
		i += slide;
		j += slide2;
	}
	scan_alone(l, block, i, half, hit, arg);
	for (size_t k = 0; k < pending.count; k++)
		check(l, block, block.at + half + pending.at[k], hit, arg);
	return scan_alone(l, block, j, end, hit, arg);
}

void slide_scan(const struct slide *l, struct text block, word_hit *hit, void *arg)
{
	size_t i = l->window - 2;

	if (!l->count)
		return;
	while (i + 1 < block.len) {
		size_t end = block.len - 1 - i > PIECE ? i + PIECE : block.len - 1;

		i = scan_piece(l, block, i, end, hit, arg);
	}
}
