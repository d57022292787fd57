/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "match/vector.h"

#ifdef HAVE_HS

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <hs.h>

#include "match/pieces.h"

/*
 * Of the words the library is given pieces (match/pieces.h); whoever asked compares the rest.
 *
 * It does not report in order. So hits are collected and sorted before anybody sees them; where
 * there are more than there is room for, less text is searched at once.
 *
 * Up to 64 pieces it searches for in 8 groups, from there on in 16, and the places that it has
 * to look at with care get the fewer the fewer pieces are in a group: with 40 of them it is
 * three times as fast in 16. So it is given more than that, of bytes that logs do not have, and
 * all of one kind, which fall into one group. It is also more reliable: Vectorscan 5.4.9 with
 * AVX-512 overlooks some of two to five pieces in texts of less than a hundred bytes.
 */
#define GROUPS_16 65
#define FILL_LEN 6
#define RANGE ((size_t)128 * 1024)
#define HITS 8192
#define TRIED_LENS 200

struct vector {
	hs_database_t *database;
	hs_scratch_t *scratch;
	struct pieces pieces;
	uint64_t
		hits[HITS]; /* where a piece ends in the range, and its index in the low half */
	size_t hit_count;
	bool sorted;
};

/* What is searched at once: whole lines of the block. */
struct range {
	struct vector *vector;
	struct text block;
	const char *from;
	word_hit *hit;
	void *arg;
};

/* ---- what is looked for ---- */

/* The pieces as the library takes them, and what fills them up. */
struct literal_list {
	const char **at;
	size_t *len;
	unsigned *id, *flags;
	char (*fill)[FILL_LEN];
	unsigned count;
};

static void list_clear(struct literal_list *l)
{
	free(l->at);
	free(l->len);
	free(l->id);
	free(l->flags);
	free(l->fill);
}

static void list_add(struct literal_list *l, const char *at, size_t len)
{
	l->at[l->count] = at;
	l->len[l->count] = len;
	l->id[l->count] = l->count;
	l->flags[l->count++] = HS_FLAG_CASELESS;
}

static int list_make(struct literal_list *l, const struct pieces *pieces)
{
	size_t room = pieces->count + GROUPS_16;

	l->at = calloc(room, sizeof(*l->at));
	l->len = calloc(room, sizeof(*l->len));
	l->id = calloc(room, sizeof(*l->id));
	l->flags = calloc(room, sizeof(*l->flags));
	l->fill = calloc(GROUPS_16, sizeof(*l->fill));
	if (!l->at || !l->len || !l->id || !l->flags || !l->fill)
		return -ENOMEM;
	for (size_t i = 0; i < pieces->count; i++)
		list_add(l, pieces->list[i].at, pieces->list[i].len);
	for (unsigned i = 0; l->count < GROUPS_16; i++) {
		memset(l->fill[i], 1, FILL_LEN);
		l->fill[i][0] = (char)(1 + i % 8);
		l->fill[i][1] = (char)(1 + i / 8);
		list_add(l, l->fill[i], FILL_LEN);
	}
	return 0;
}

static int compile(struct vector *v)
{
	struct literal_list l = {0};
	hs_compile_error_t *error = NULL;
	hs_error_t result = HS_NOMEM;

	if (!list_make(&l, &v->pieces)) {
		result = hs_compile_lit_multi(l.at, l.flags, l.id, l.len, l.count,
					      HS_MODE_BLOCK, NULL, &v->database, &error);
		hs_free_compile_error(error);
	}
	list_clear(&l);
	if (result == HS_SUCCESS)
		result = hs_alloc_scratch(v->database, &v->scratch);
	if (result == HS_NOMEM)
		return -ENOMEM;
	return result == HS_SUCCESS ? 0 : -ENOTSUP;
}

/* hs_valid_platform() of Vectorscan 5.4.9 takes CPUs for good enough that do not know all of
 * the instructions it uses. */
static bool is_cpu_known(void)
{
#ifdef __x86_64__
	if (!__builtin_cpu_supports("sse4.2"))
		return false;
#endif
	return hs_valid_platform() == HS_SUCCESS;
}

struct probe {
	unsigned id;
	bool seen;
};

static int see(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
	       void *arg)
{
	struct probe *probe = arg;

	(void)from;
	(void)to;
	(void)flags;
	probe->seen = probe->seen || id == probe->id;
	return 0;
}

/* The piece is found at the start, in the middle and at the end of a text of this length. */
static bool is_found(struct vector *v, unsigned id, char *at, size_t len)
{
	const struct piece *piece = &v->pieces.list[id];
	size_t room = len - piece->len;
	const size_t places[] = {0, room / 3, room * 4 / 5, room};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct probe probe = {.id = id};

		memset(at, '#', len);
		memcpy(at + places[i], piece->at, piece->len);
		hs_scan(v->database, at, (unsigned)len, 0, v->scratch, see, &probe);
		if (!probe.seen)
			return false;
	}
	return true;
}

/*
 * What the library overlooks nobody else looks for. What it overlooked so far depended on the
 * pieces, the CPU and the length of the text, and so is tried out: with few pieces in texts of
 * every length.
 */
static bool works(struct vector *v)
{
	char text[64 + PIECE_MAX + TRIED_LENS];
	size_t lens = 24 + 800 / v->pieces.count;

	for (unsigned id = 0; id < v->pieces.count; id++)
		for (unsigned i = 0; i < lens; i++)
			if (!is_found(v, id, text + i % 64,
				      PIECE_MAX + (7 * i + 31 * id) % TRIED_LENS))
				return false;
	return true;
}

int vector_new(struct vector **out, const struct text *words, size_t count)
{
	struct vector *v;
	int err;

	if (!is_cpu_known())
		return -ENOTSUP;
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	err = pieces_choose(&v->pieces, words, count);
	if (!err)
		err = compile(v);
	if (!err && !works(v))
		err = -ENOTSUP;
	if (err)
		goto fail;
	*out = v;
	return 0;
fail:
	vector_free(v);
	return err;
}

void vector_free(struct vector *v)
{
	if (!v)
		return;
	hs_free_scratch(v->scratch);
	hs_free_database(v->database);
	pieces_clear(&v->pieces);
	free(v);
}

/* ---- searching ---- */

/* Nearly in order: Shell's sort with few gaps. */
static void sort(uint64_t *hits, size_t count)
{
	static const size_t gaps[] = {1093, 364, 121, 40, 13, 4, 1};

	for (size_t g = 0; g < sizeof(gaps) / sizeof(*gaps); g++) {
		size_t gap = gaps[g];

		for (size_t i = gap; i < count; i++) {
			uint64_t hit = hits[i];
			size_t k = i;

			for (; k >= gap && hits[k - gap] > hit; k -= gap)
				hits[k] = hits[k - gap];
			hits[k] = hit;
		}
	}
}

static bool is_beside(char text, char word)
{
	return text == word || (text >= 'A' && text <= 'Z' && (text | 0x20) == word);
}

/* A piece ends at `end` in the range: its words may stand there. */
static void deliver(const struct range *r, size_t index, size_t end)
{
	size_t at = (size_t)(r->from - r->block.at) + end;
	const char *text = r->block.at + at;
	const struct piece *piece;

	if (index >= r->vector->pieces.count)
		return;
	piece = &r->vector->pieces.list[index];
	for (size_t i = 0; i < piece->word_count; i++) {
		const struct piece_word *w = &piece->words[i];

		if (at < w->end || r->block.len - at < w->behind)
			continue;
		if ((w->left && !is_beside(text[-(ptrdiff_t)piece->len - 1], w->left)) ||
		    (w->right && !is_beside(*text, w->right)))
			continue;
		r->hit(r->arg, w->word, text - w->end);
	}
}

static int collect(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		   void *arg)
{
	struct vector *v = ((struct range *)arg)->vector;
	uint64_t hit = (uint64_t)to << 32 | id;

	(void)from;
	(void)flags;
	if (v->hit_count == HITS)
		return 1; /* stops the search */
	if (v->hit_count && v->hits[v->hit_count - 1] > hit)
		v->sorted = false;
	v->hits[v->hit_count++] = hit;
	return 0;
}

static int deliver_at_once(unsigned id, unsigned long long from, unsigned long long to,
			   unsigned flags, void *arg)
{
	(void)from;
	(void)flags;
	deliver(arg, id, (size_t)to);
	return 0;
}

/* False: there are too many hits. */
static bool scan_range(struct range *r, const char *to)
{
	struct vector *v = r->vector;

	v->hit_count = 0;
	v->sorted = true;
	if (hs_scan(v->database, r->from, (unsigned)(to - r->from), 0, v->scratch, collect,
		    r) != HS_SUCCESS)
		return false;
	if (!v->sorted)
		sort(v->hits, v->hit_count);
	for (size_t i = 0; i < v->hit_count; i++)
		deliver(r, (uint32_t)v->hits[i], v->hits[i] >> 32);
	return true;
}

/* Whole lines of at most `size` bytes, but one line at least. */
static const char *range_end(const char *from, const char *end, size_t size)
{
	const char *last;

	if ((size_t)(end - from) <= size)
		return end;
	last = memrchr(from, '\n', size);
	if (!last)
		last = memchr(from + size, '\n', (size_t)(end - from) - size);
	return last ? last + 1 : end;
}

static bool is_one_line(const char *from, const char *to)
{
	const char *first = memchr(from, '\n', (size_t)(to - from));

	return !first || first + 1 == to;
}

void vector_scan(struct vector *v, struct text block, word_hit *hit, void *arg)
{
	struct range r = {v, block, block.at, hit, arg};
	const char *end = block.at + block.len;
	size_t size = RANGE;

	while (r.from < end) {
		const char *to = range_end(r.from, end, size);

		if (!scan_range(&r, to)) {
			size = (size_t)(to - r.from) / 2;
			if (!is_one_line(r.from, to))
				continue;
			hs_scan(v->database, r.from, (unsigned)(to - r.from), 0, v->scratch,
				deliver_at_once, &r);
		}
		r.from = to;
		size = 2 * size < RANGE ? 2 * size : RANGE;
	}
}

#else

int vector_new(struct vector **out, const struct text *words, size_t count)
{
	(void)out;
	(void)words;
	(void)count;
	return -ENOTSUP;
}

void vector_free(struct vector *v)
{
	(void)v;
}

void vector_scan(struct vector *v, struct text block, word_hit *hit, void *arg)
{
	(void)v;
	(void)block;
	(void)hit;
	(void)arg;
}

#endif
