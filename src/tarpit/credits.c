/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "base/moment.h"
#include "tarpit/credits.h"

#define FIRST_CAPACITY 64u

static bool same_prefix(const void *array, uint32_t slot, const void *key)
{
	const struct credits_slot *slots = array;

	return prefix_equal(&slots[slot].credit.prefix, key);
}

static uint32_t hash_of(const struct credits *credits, const struct prefix *prefix)
{
	return (uint32_t)hash_bytes(credits->key, prefix, sizeof *prefix);
}

void credits_init(struct credits *credits)
{
	*credits = (struct credits){.key = hash_key_random(),
				    .free = CREDITS_NONE,
				    .quiet = CREDITS_NONE,
				    .busy = CREDITS_NONE};
}

void credits_clear(struct credits *credits)
{
	hash_index_free(&credits->index);
	free(credits->slots);
	credits->slots = NULL;
}

uint32_t credits_find(const struct credits *credits, const struct prefix *prefix)
{
	return hash_index_find(&credits->index, hash_of(credits, prefix), same_prefix,
			       credits->slots, prefix);
}

/* ---- the row ---- */

static void row_del(struct credits *credits, uint32_t slot)
{
	const struct credits_slot *it = &credits->slots[slot];

	if (it->before == CREDITS_NONE)
		credits->quiet = it->after;
	else
		credits->slots[it->before].after = it->after;
	if (it->after == CREDITS_NONE)
		credits->busy = it->before;
	else
		credits->slots[it->after].before = it->before;
}

static void row_add(struct credits *credits, uint32_t slot)
{
	credits->slots[slot].before = credits->busy;
	credits->slots[slot].after = CREDITS_NONE;
	if (credits->busy == CREDITS_NONE)
		credits->quiet = slot;
	else
		credits->slots[credits->busy].after = slot;
	credits->busy = slot;
}

void credits_touch(struct credits *credits, uint32_t slot)
{
	row_del(credits, slot);
	row_add(credits, slot);
}

struct moment_slot {
	int64_t last;
	uint32_t slot;
};

static int compare(const void *left, const void *right)
{
	const struct moment_slot *a = left, *b = right;

	if (a->last != b->last)
		return a->last < b->last ? -1 : 1;
	return (a->slot > b->slot) - (a->slot < b->slot);
}

void credits_sort(struct credits *credits)
{
	struct moment_slot *order = calloc((size_t)credits->live + 1, sizeof *order);
	size_t count = 0;

	if (!order)
		return;
	for (uint32_t slot = credits->quiet; slot != CREDITS_NONE;
	     slot = credits->slots[slot].after)
		order[count++] = (struct moment_slot){credits->slots[slot].credit.last, slot};
	qsort(order, count, sizeof *order, compare);
	credits->quiet = credits->busy = CREDITS_NONE;
	for (size_t i = 0; i < count; i++)
		row_add(credits, order[i].slot);
	free(order);
}

/* ---- slots ---- */

static uint32_t slot_take(struct credits *credits)
{
	uint32_t slot = credits->free, capacity;
	struct credits_slot *grown;

	if (slot != CREDITS_NONE) {
		credits->free = credits->slots[slot].after;
		return slot;
	}
	if (credits->used == credits->capacity) {
		capacity = credits->capacity ? credits->capacity * 2 : FIRST_CAPACITY;
		grown = realloc(credits->slots, capacity * sizeof *grown);
		if (!grown)
			return CREDITS_NONE;
		credits->slots = grown;
		credits->capacity = capacity;
	}
	return credits->used++;
}

static void slot_give(struct credits *credits, uint32_t slot)
{
	credits->slots[slot] = (struct credits_slot){.after = credits->free};
	credits->free = slot;
}

uint32_t credits_add(struct credits *credits, const struct prefix *prefix)
{
	uint32_t slot = slot_take(credits);

	if (slot == CREDITS_NONE)
		return slot;
	credits->slots[slot] =
		(struct credits_slot){.credit.prefix = *prefix, .written = TIME_NONE};
	if (hash_index_add(&credits->index, hash_of(credits, prefix), slot)) {
		slot_give(credits, slot);
		return CREDITS_NONE;
	}
	row_add(credits, slot);
	credits->live++;
	return slot;
}

void credits_del(struct credits *credits, uint32_t slot)
{
	hash_index_del(&credits->index, hash_of(credits, &credits->slots[slot].credit.prefix),
		       slot);
	row_del(credits, slot);
	slot_give(credits, slot);
	credits->live--;
}
