/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "match/literal.h"

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

struct literal {
	char *word;
	size_t len;
	size_t from; /* the window in the word */
	size_t *owners;
	size_t owner_count;
	uint16_t head, key; /* its first pair, and the one that ends the window */
	uint32_t next;	    /* in the same bucket */
};

struct literals {
	struct literal *list;
	size_t count, room;
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

static struct literal *literal_find(struct literals *l, struct text word)
{
	for (size_t i = 0; i < l->count; i++)
		if (text_equal(word, l->list[i].word))
			return &l->list[i];
	return NULL;
}

static struct literal *literal_append(struct literals *l, struct text word)
{
	struct literal *new;

	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 32;

		new = reallocarray(l->list, room, sizeof(*new));
		if (!new)
			return NULL;
		l->list = new;
		l->room = room;
	}
	new = &l->list[l->count];
	*new = (struct literal){.word = text_dup(word), .len = word.len};
	if (!new->word)
		return NULL;
	l->count++;
	return new;
}

struct literals *literals_new(void)
{
	return calloc(1, sizeof(struct literals));
}

void literals_free(struct literals *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++) {
		free(l->list[i].word);
		free(l->list[i].owners);
	}
	free(l->list);
	free(l);
}

int literals_add(struct literals *l, struct text word, size_t owner)
{
	struct literal *lit = literal_find(l, word);
	size_t *owners;

	if (!lit)
		lit = literal_append(l, word);
	if (!lit)
		return -ENOMEM;
	owners = reallocarray(lit->owners, lit->owner_count + 1, sizeof(*owners));
	if (!owners)
		return -ENOMEM;
	lit->owners = owners;
	lit->owners[lit->owner_count++] = owner;
	return 0;
}

/* How often a byte stands in a log, roughly. */
static unsigned common(char c)
{
	static const char often[] = " etaonirsdlcmp";

	if (c && strchr(often, c))
		return (unsigned)(often + sizeof(often) - strchr(often, c));
	return isdigit((unsigned char)c) || c == '.' ? 8 : 0;
}

static size_t best_window(const struct literal *lit, size_t window)
{
	size_t best = 0;
	unsigned least = UINT32_MAX;

	for (size_t from = 0; from + window <= lit->len; from++) {
		const char *pair = lit->word + from + window - 2;
		unsigned n = (common(pair[0]) + 1) * (common(pair[1]) + 1);

		if (n < least) {
			least = n;
			best = from;
		}
	}
	return best;
}

static void literal_enter(struct literals *l, uint32_t index)
{
	struct literal *lit = &l->list[index];
	const unsigned char *at;
	uint32_t *bucket;

	lit->from = best_window(lit, l->window);
	at = (const unsigned char *)lit->word + lit->from;
	for (size_t i = 0; i + 2 <= l->window; i++) {
		uint8_t *slide = &l->slide[key_at(at + i)];

		if (l->window - 2 - i < *slide)
			*slide = (uint8_t)(l->window - 2 - i);
	}
	lit->head = key_at((const unsigned char *)lit->word);
	lit->key = key_at(at + l->window - 2);
	bucket = &l->bucket[bucket_of(lit->key)];
	lit->next = *bucket;
	*bucket = index;
}

int literals_build(struct literals *l)
{
	l->window = WINDOW_MAX;
	for (size_t i = 0; i < l->count; i++)
		if (l->list[i].len < l->window)
			l->window = l->list[i].len;
	memset(l->slide, (int)l->window - 1, sizeof(l->slide));
	for (size_t i = 0; i < BUCKETS; i++)
		l->bucket[i] = NONE;
	for (size_t i = 0; i < l->count; i++)
		literal_enter(l, (uint32_t)i);
	return 0;
}

static bool same_folded(const char *at, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (c != word[i])
			return false;
	}
	return true;
}

/* The words whose window ends with the pair at `at`. */
static void check(const struct literals *l, struct text block, const char *at, literal_hit *hit,
		  void *arg)
{
	uint16_t key = key_at((const unsigned char *)at);
	uint32_t i = l->bucket[bucket_of(key)];

	for (; i != NONE; i = l->list[i].next) {
		const struct literal *lit = &l->list[i];
		size_t before = lit->from + l->window - 2, offset = (size_t)(at - block.at);

		if (lit->key != key || offset < before ||
		    block.len - (offset - before) < lit->len ||
		    lit->head != key_at((const unsigned char *)at - before) ||
		    !same_folded(at - before, lit->word, lit->len))
			continue;
		for (size_t k = 0; k < lit->owner_count; k++)
			hit(arg, at, lit->owners[k]);
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
static size_t scan_alone(const struct literals *l, struct text block, size_t i, size_t end,
			 literal_hit *hit, void *arg)
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
static size_t scan_piece(const struct literals *l, struct text block, size_t i, size_t end,
			 literal_hit *hit, void *arg)
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

void literals_scan(const struct literals *l, struct text block, literal_hit *hit, void *arg)
{
	size_t i = l->window - 2;

	if (!l->count)
		return;
	while (i + 1 < block.len) {
		size_t end = block.len - 1 - i > PIECE ? i + PIECE : block.len - 1;

		i = scan_piece(l, block, i, end, hit, arg);
	}
}
