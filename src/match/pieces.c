/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "match/common.h"
#include "match/pieces.h"

/*
 * A search for many words at once looks at every place where four bytes are like the last four
 * of something it searches for. So it is the faster the fewer these are, and the less often
 * they stand in what it reads.
 */
#define TAIL 4
#define PIECE_LEAST 5
#define SEEN_FEW 1

/* A piece that a word has. */
struct place {
	uint64_t key; /* its bytes and its length: equal for equal pieces */
	uint32_t word, end;
};

/* Equal pieces of different words. */
struct group {
	uint32_t first, count; /* in places */
	uint32_t open;	       /* how many of their words have no piece yet */
	uint32_t seen;	       /* how common its end is */
	uint32_t bytes;	       /* and the bytes of that */
};

struct choice {
	const struct text *words;
	size_t count;
	struct common common;
	struct place *places; /* in order of groups */
	size_t place_count;
	struct group *groups;
	size_t group_count;
	bool *covered; /* a word has its piece */
};

static size_t least_len(struct text word)
{
	return word.len < PIECE_LEAST ? word.len : PIECE_LEAST;
}

static uint64_t key_of(const char *at, size_t len)
{
	uint64_t key = 0;

	memcpy(&key, at, len);
	return key | (uint64_t)len << 56;
}

static unsigned seen(const struct choice *c, struct text word, size_t end)
{
	return word.len < TAIL ? SEEN_FEW : common_four(&c->common, word.at + end - TAIL);
}

static unsigned bytes(const struct choice *c, struct text word, size_t end)
{
	size_t len = word.len < TAIL ? word.len : TAIL;

	return common_bytes(&c->common, word.at + end - len, len);
}

/* All places of a word for its piece, but for those that logs are full of. */
static void add_places(struct choice *c, uint32_t word)
{
	struct text t = c->words[word];
	size_t len = least_len(t);
	unsigned least = UINT32_MAX;

	for (size_t end = len; end <= t.len; end++)
		if (seen(c, t, end) < least)
			least = seen(c, t, end);
	if (least < SEEN_FEW)
		least = SEEN_FEW;
	for (size_t end = len; end <= t.len; end++)
		if (seen(c, t, end) <= least)
			c->places[c->place_count++] = (struct place){
				key_of(t.at + end - len, len), word, (uint32_t)end};
}

static int by_key(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->word != y->word)
		return x->word < y->word ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* Sort the places into groups; of a piece that a word has twice the first counts. */
static void make_groups(struct choice *c)
{
	size_t kept = 0;

	qsort(c->places, c->place_count, sizeof(*c->places), by_key);
	for (size_t i = 0; i < c->place_count; i++) {
		struct place *p = &c->places[i], *last = kept ? &c->places[kept - 1] : NULL;
		struct text word = c->words[p->word];

		if (last && last->key == p->key && last->word == p->word)
			continue;
		if (!last || last->key != p->key)
			c->groups[c->group_count++] =
				(struct group){.first = (uint32_t)kept,
					       .seen = seen(c, word, p->end),
					       .bytes = bytes(c, word, p->end)};
		c->groups[c->group_count - 1].count++;
		c->groups[c->group_count - 1].open++;
		c->places[kept++] = *p;
	}
	c->place_count = kept;
}

static bool is_better(const struct group *a, const struct group *b)
{
	if (a->open != b->open)
		return a->open > b->open;
	return a->seen != b->seen ? a->seen < b->seen : a->bytes < b->bytes;
}

static struct group *best_group(struct choice *c)
{
	struct group *best = NULL;

	for (size_t i = 0; i < c->group_count; i++) {
		struct group *g = &c->groups[i];

		if (!best || is_better(g, best))
			best = g;
	}
	return best && best->open ? best : NULL;
}

/* The words of the group that have no piece yet get this one. */
static void take_group(struct choice *c, const struct group *g, struct pieces *out,
		       size_t *taken)
{
	struct piece *piece = &out->list[out->count++];
	const struct place *first = &c->places[g->first];

	*piece = (struct piece){.words = out->words + *taken, .len = first->key >> 56};
	for (uint32_t i = 0; i < g->count; i++) {
		const struct place *p = first + i;

		if (c->covered[p->word])
			continue;
		c->covered[p->word] = true;
		piece->at = c->words[p->word].at + p->end - piece->len;
		out->words[(*taken)++] = (struct piece_word){.word = p->word, .end = p->end};
		piece->word_count++;
	}
}

static void recount(struct choice *c)
{
	for (size_t i = 0; i < c->group_count; i++) {
		struct group *g = &c->groups[i];

		g->open = 0;
		for (uint32_t k = 0; k < g->count; k++)
			g->open += !c->covered[c->places[g->first + k].word];
	}
}

static void look_beside(const struct piece *piece, struct piece_word *w, struct text word)
{
	w->behind = (uint32_t)word.len - w->end;
	if (w->end > piece->len)
		w->left = word.at[w->end - piece->len - 1];
	if (w->behind)
		w->right = word.at[w->end];
}

/* As long as all of its words have the same before it, a piece may be longer. */
static void lengthen(struct piece *piece, const struct text *words)
{
	while (piece->len < PIECE_MAX) {
		char before = 0;

		for (size_t i = 0; i < piece->word_count; i++) {
			const struct piece_word *w = &piece->words[i];
			char c = w->end > piece->len
					 ? words[w->word].at[w->end - piece->len - 1]
					 : 0;

			if (!c || (i && c != before))
				return;
			before = c;
		}
		piece->at--;
		piece->len++;
	}
}

static void choose(struct choice *c, struct pieces *out)
{
	const struct group *g;
	size_t taken = 0;

	for (uint32_t i = 0; i < c->count; i++)
		add_places(c, i);
	make_groups(c);
	while ((g = best_group(c))) {
		take_group(c, g, out, &taken);
		recount(c);
	}
	for (size_t i = 0; i < out->count; i++)
		lengthen(&out->list[i], c->words);
	for (size_t i = 0, k = 0; i < out->count; i++)
		for (size_t end = k + out->list[i].word_count; k < end; k++)
			look_beside(&out->list[i], &out->words[k],
				    c->words[out->words[k].word]);
}

int pieces_choose(struct pieces *out, const struct text *words, size_t count)
{
	struct choice c = {.words = words, .count = count};
	struct pieces pieces = {0};
	size_t places = 1;
	int err = -ENOMEM;

	for (size_t i = 0; i < count; i++)
		places += words[i].len;
	c.places = calloc(places, sizeof(*c.places));
	c.groups = calloc(places, sizeof(*c.groups));
	c.covered = calloc(count + 1, sizeof(*c.covered));
	pieces.list = calloc(count + 1, sizeof(*pieces.list));
	pieces.words = calloc(count + 1, sizeof(*pieces.words));
	if (!c.places || !c.groups || !c.covered || !pieces.list || !pieces.words)
		goto done;
	common_learn(&c.common);
	choose(&c, &pieces);
	*out = pieces;
	pieces = (struct pieces){0};
	err = 0;
done:
	free(c.places);
	free(c.groups);
	free(c.covered);
	pieces_clear(&pieces);
	return err;
}

void pieces_clear(struct pieces *pieces)
{
	free(pieces->list);
	free(pieces->words);
	*pieces = (struct pieces){0};
}
