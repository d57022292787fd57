/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "full.h"

void full_clear(struct full *full)
{
	for (size_t i = 0; i < FULL_LISTS; i++)
		free(full->lists[i].at);
	free(full->out);
	hash_index_free(&full->index);
	*full = (struct full){0};
}

/* ---- what is left out ---- */

static bool is_same(const void *array, uint32_t slot, const void *key)
{
	const struct full_end *out = array;

	return prefix_equal(&out[slot].prefix, key);
}

static uint32_t hash_of(const struct full *full, const struct prefix *prefix)
{
	return (uint32_t)hash_bytes(full->key, prefix, sizeof *prefix);
}

static uint32_t find(const struct full *full, const struct prefix *prefix)
{
	if (!full->count)
		return HASH_NONE;
	return hash_index_find(&full->index, hash_of(full, prefix), is_same, full->out, prefix);
}

bool full_has(const struct full *full, const struct prefix *prefix)
{
	return find(full, prefix) != HASH_NONE;
}

bool full_leaves(const struct full *full, const struct prefix *prefix)
{
	uint32_t slot = find(full, prefix);

	return slot != HASH_NONE && !full->out[slot].trying;
}

static bool grow(struct full *full)
{
	uint32_t room = full->room ? 2 * full->room : 1024;
	struct full_end *grown;

	if (full->count < full->room)
		return true;
	if (!full->room)
		full->key = hash_key_random();
	grown = realloc(full->out, room * sizeof *grown);
	if (!grown)
		return false;
	full->out = grown;
	full->room = room;
	return true;
}

int full_put(struct full *full, const struct prefix *prefix, int64_t until, bool trying)
{
	uint32_t slot = find(full, prefix);
	bool new = slot == HASH_NONE;

	if (new) {
		if (!grow(full) ||
		    hash_index_add(&full->index, hash_of(full, prefix), full->count))
			return -ENOMEM;
		slot = full->count++;
	}
	full->out[slot] = (struct full_end){until, *prefix, trying};
	return new;
}

static void drop_lists(struct full *full)
{
	for (size_t i = 0; i < FULL_LISTS; i++) {
		free(full->lists[i].at);
		full->lists[i] = (struct full_list){0};
	}
}

/* With nothing left out nobody keeps the lists right, so they go. */
bool full_take(struct full *full, const struct prefix *prefix)
{
	uint32_t slot = find(full, prefix), last;

	if (slot == HASH_NONE)
		return false;
	hash_index_del(&full->index, hash_of(full, prefix), slot);
	last = --full->count;
	if (slot != last) {
		uint32_t hash = hash_of(full, &full->out[last].prefix);

		hash_index_del(&full->index, hash, last);
		full->out[slot] = full->out[last];
		/* A cell has just become free: this cannot fail. */
		hash_index_add(&full->index, hash, slot);
	}
	if (!full->count)
		drop_lists(full);
	return true;
}

/* ---- a heap of the `max` first by some order: its root is the last of them ---- */

typedef bool before(const struct full_end *a, const struct full_end *b);

static bool sooner(const struct full_end *a, const struct full_end *b)
{
	return a->until < b->until;
}

static bool later(const struct full_end *a, const struct full_end *b)
{
	return a->until > b->until;
}

static void sift_down(struct full_end *heap, size_t count, size_t at, before *first)
{
	struct full_end moved = heap[at];

	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && first(&heap[child], &heap[child + 1]))
			child++;
		if (!first(&moved, &heap[child]))
			break;
		heap[at] = heap[child];
	}
	heap[at] = moved;
}

static void sift_up(struct full_end *heap, size_t at, before *first)
{
	struct full_end moved = heap[at];

	for (; at && first(&heap[(at - 1) / 2], &moved); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = moved;
}

static size_t offer(struct full_end *heap, size_t count, size_t max, const struct full_end *one,
		    before *first)
{
	if (count < max) {
		heap[count] = *one;
		sift_up(heap, count, first);
		return count + 1;
	}
	if (count && first(one, &heap[0])) {
		heap[0] = *one;
		sift_down(heap, count, 0, first);
	}
	return count;
}

/* ---- what makes room ---- */

static int compare_ends(const void *a, const void *b)
{
	int64_t x = ((const struct full_end *)a)->until;
	int64_t y = ((const struct full_end *)b)->until;

	return (x < y) - (x > y);
}

static int64_t end_of(const struct full_view *view, uint32_t slot)
{
	return judge_at(view->wanted->judge, slot)->until;
}

static bool collect(struct full *full, struct full_list *list, const struct full_view *view)
{
	const struct judge *judge = view->wanted->judge;

	if (!list->at)
		list->at = malloc(FULL_LIST * sizeof *list->at);
	if (!list->at)
		return false;
	list->count = 0;
	for (uint32_t slot = 0; slot < judge_slots(judge); slot++) {
		const struct ban *ban = judge_at(judge, slot);
		struct full_end end;

		/* What asks least comes first: most are neither soon enough nor of the set. */
		if (!ban || (list->count == FULL_LIST && ban->until >= list->at[0].until) ||
		    target_set_of(view->targets, view->target, &ban->prefix) != list->set ||
		    !wanted_decides(view->wanted, view->target, slot) ||
		    full_has(full, &ban->prefix))
			continue;
		end = (struct full_end){.until = ban->until, .prefix = ban->prefix};
		list->count = (uint32_t)offer(list->at, list->count, FULL_LIST, &end, sooner);
	}
	list->horizon = list->count == FULL_LIST ? list->at[0].until : TIME_FOREVER;
	qsort(list->at, list->count, sizeof *list->at, compare_ends);
	return true;
}

/* A ban that was extended, ended or left out since is not what the list says. */
static bool holds_still(const struct full *full, const struct full_end *end,
			const struct full_view *view)
{
	uint32_t slot = wanted_slot(view->wanted, view->target, &end->prefix);

	return slot != WANTED_NO_SLOT && end_of(view, slot) == end->until &&
	       !full_has(full, &end->prefix);
}

static struct full_list *list_of(struct full *full, unsigned set)
{
	struct full_list *list = &full->lists[set % FULL_LISTS];

	return list->at && list->set == set ? list : NULL;
}

const struct full_end *full_soonest(struct full *full, const struct full_view *view,
				    unsigned set)
{
	struct full_list *list = list_of(full, set);

	for (int pass = 0; pass < 2; pass++) {
		for (; list && list->count; list->count--)
			if (holds_still(full, &list->at[list->count - 1], view))
				return &list->at[list->count - 1];
		/* All that there is has been in the list. */
		if (list && list->horizon == TIME_FOREVER)
			return NULL;
		list = &full->lists[set % FULL_LISTS];
		list->set = set;
		if (!pass && !collect(full, list, view))
			return NULL;
	}
	return NULL;
}

void full_held(struct full *full, unsigned set, const struct prefix *prefix, int64_t until)
{
	struct full_list *list = list_of(full, set);
	uint32_t low = 0, high;

	if (!list || until >= list->horizon)
		return;
	if (list->count == FULL_LIST) {
		list->horizon = list->at[0].until;
		memmove(list->at, list->at + 1, --list->count * sizeof *list->at);
		if (until >= list->horizon)
			return;
	}
	for (high = list->count; low < high;) {
		uint32_t middle = low + (high - low) / 2;

		if (list->at[middle].until > until)
			low = middle + 1;
		else
			high = middle;
	}
	memmove(list->at + low + 1, list->at + low, (list->count - low) * sizeof *list->at);
	list->at[low] = (struct full_end){.until = until, .prefix = *prefix};
	list->count++;
}

/* ---- what returns ---- */

size_t full_try(struct full *full, struct prefix *out, size_t max)
{
	struct full_end *heap = malloc((max + 1) * sizeof *heap);
	size_t count = 0;

	for (uint32_t i = 0; heap && i < full->count; i++)
		if (!full->out[i].trying)
			count = offer(heap, count, max, &full->out[i], later);
	for (size_t i = 0; i < count; i++) {
		out[i] = heap[i].prefix;
		full->out[find(full, &out[i])].trying = true;
	}
	free(heap);
	return count;
}
