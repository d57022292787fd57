/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "removals.h"

void removals_init(struct removals *removals)
{
	*removals = (struct removals){.key = hash_key_random()};
}

void removals_clear(struct removals *removals)
{
	free(removals->list);
	hash_index_free(&removals->index);
	removals->list = NULL;
	removals->count = removals->room = 0;
}

static bool is_same(const void *array, uint32_t slot, const void *key)
{
	const struct removal *a = (const struct removal *)array + slot, *b = key;

	return a->target == b->target && prefix_equal(&a->prefix, &b->prefix);
}

static uint32_t hash_of(const struct removals *removals, const struct removal *removal)
{
	return (uint32_t)hash_bytes(removals->key, &removal->prefix, sizeof removal->prefix) ^
	       removal->target * UINT32_C(2654435761);
}

static bool add(struct removals *removals, const struct removal *removal)
{
	uint32_t room = removals->room ? 2 * removals->room : 64;
	struct removal *grown;

	if (removals->count == removals->room) {
		grown = room > REMOVALS_MAX ? NULL
					    : realloc(removals->list, room * sizeof *grown);
		if (!grown)
			goto fail;
		removals->list = grown;
		removals->room = room;
	}
	if (hash_index_add(&removals->index, hash_of(removals, removal), removals->count))
		goto fail;
	removals->list[removals->count++] = *removal;
	return true;
fail:
	removals->forgotten++;
	return false;
}

static void take_out(struct removals *removals, uint32_t slot)
{
	struct removal *last = &removals->list[--removals->count];

	hash_index_del(&removals->index, hash_of(removals, &removals->list[slot]), slot);
	if (slot == removals->count)
		return;
	hash_index_del(&removals->index, hash_of(removals, last), removals->count);
	removals->list[slot] = *last;
	/* A cell has just become free: this cannot fail. */
	hash_index_add(&removals->index, hash_of(removals, last), slot);
}

static uint32_t find(const struct removals *removals, const struct removal *removal)
{
	if (!removals->count)
		return HASH_NONE;
	return hash_index_find(&removals->index, hash_of(removals, removal), is_same,
			       removals->list, removal);
}

const struct removal *removals_find(const struct removals *removals, uint32_t target,
				    const struct prefix *prefix)
{
	const struct removal wanted = {.target = target, .prefix = *prefix};
	uint32_t slot = find(removals, &wanted);

	return slot == HASH_NONE ? NULL : &removals->list[slot];
}

bool removals_set(struct removals *removals, const struct removal *removal, bool pending)
{
	uint32_t slot = find(removals, removal);

	if (pending && slot != HASH_NONE && removals->list[slot].until < removal->until)
		removals->list[slot].until = removal->until;
	if (pending == (slot != HASH_NONE))
		return false;
	if (pending)
		return add(removals, removal);
	take_out(removals, slot);
	return true;
}
