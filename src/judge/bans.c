/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/moment.h"
#include "judge/bans.h"

#define FIRST_CAPACITY 64u
/* Four children a node: half the levels of a binary heap, and the four are looked at side by
 * side, which counts when a million bans do not fit the processor's caches. */
#define WAYS 4u

/* ---- the heap of ends ---- */

static int64_t end_at(const struct bans *bans, uint32_t place)
{
	return bans->slots[bans->ends[place]].ban.until;
}

static void end_set(struct bans *bans, uint32_t place, uint32_t slot)
{
	bans->ends[place] = slot;
	bans->slots[slot].place = place;
}

static void end_rise(struct bans *bans, uint32_t place, uint32_t slot)
{
	int64_t until = bans->slots[slot].ban.until;

	while (place && until < end_at(bans, (place - 1) / WAYS)) {
		end_set(bans, place, bans->ends[(place - 1) / WAYS]);
		place = (place - 1) / WAYS;
	}
	end_set(bans, place, slot);
}

/* The child that ends first, or `place` itself when it has none. */
static uint32_t first_child(const struct bans *bans, uint32_t place)
{
	uint32_t best = place * WAYS + 1, last = best + WAYS;

	if (best >= bans->ending)
		return place;
	if (last > bans->ending)
		last = bans->ending;
	for (uint32_t child = best + 1; child < last; child++)
		if (end_at(bans, child) < end_at(bans, best))
			best = child;
	return best;
}

static void end_sink(struct bans *bans, uint32_t place, uint32_t slot)
{
	int64_t until = bans->slots[slot].ban.until;
	uint32_t child = first_child(bans, place);

	while (child != place && end_at(bans, child) < until) {
		end_set(bans, place, bans->ends[child]);
		place = child;
		child = first_child(bans, place);
	}
	end_set(bans, place, slot);
}

static void end_add(struct bans *bans, uint32_t slot)
{
	if (bans->slots[slot].ban.until == TIME_FOREVER)
		bans->slots[slot].place = BANS_NONE;
	else
		end_rise(bans, bans->ending++, slot);
}

static void end_del(struct bans *bans, uint32_t slot)
{
	uint32_t place = bans->slots[slot].place, last;

	if (place == BANS_NONE)
		return;
	last = bans->ends[--bans->ending];
	if (last == slot)
		return;
	if (bans->slots[last].ban.until < bans->slots[slot].ban.until)
		end_rise(bans, place, last);
	else
		end_sink(bans, place, last);
}

/* ---- chains of one prefix ---- */

static bool same_prefix(const void *array, uint32_t slot, const void *key)
{
	const struct bans_slot *slots = array;

	return prefix_equal(&slots[slot].ban.prefix, key);
}

static uint32_t hash_of(const struct bans *bans, const struct prefix *prefix)
{
	return (uint32_t)hash_bytes(bans->key, prefix, sizeof(*prefix));
}

static uint32_t first_of(const struct bans *bans, uint32_t hash, const struct prefix *prefix)
{
	return hash_index_find(&bans->index, hash, same_prefix, bans->slots, prefix);
}

/* A newcomer goes behind the first, so that the index changes only with the first. */
static int chain_add(struct bans *bans, uint32_t hash, uint32_t first, uint32_t slot)
{
	uint32_t *next = &bans->slots[slot].next;

	if (first == HASH_NONE) {
		*next = BANS_NONE;
		return hash_index_add(&bans->index, hash, slot);
	}
	*next = bans->slots[first].next;
	if (*next == BANS_NONE)
		*next = BANS_LAST;
	bans->slots[first].next = slot;
	return 0;
}

static void chain_alone(struct bans *bans, uint32_t first)
{
	if (bans->slots[first].next == BANS_LAST)
		bans->slots[first].next = BANS_NONE;
}

static void chain_del(struct bans *bans, uint32_t slot)
{
	const struct bans_slot *old = &bans->slots[slot];
	uint32_t hash = hash_of(bans, &old->ban.prefix);
	uint32_t at = first_of(bans, hash, &old->ban.prefix), first;

	if (at == slot) {
		hash_index_del(&bans->index, hash, slot);
		/* The cell just freed is there for the successor: this cannot fail. */
		if (old->next == BANS_NONE)
			return;
		(void)hash_index_add(&bans->index, hash, old->next);
		chain_alone(bans, old->next);
		return;
	}
	first = at;
	while (bans->slots[at].next != slot)
		at = bans->slots[at].next;
	bans->slots[at].next = old->next;
	chain_alone(bans, first);
}

/* ---- slots ---- */

/* Blocks this large are mapped by malloc and moved by mremap(2), without a copy: doubling at a
 * million bans takes no longer than at a thousand. */
static int grow(struct bans *bans)
{
	uint32_t want = bans->capacity ? bans->capacity : FIRST_CAPACITY / 2;
	struct bans_slot *slots;
	uint32_t *ends;

	if (bans->capacity >= bans->limit)
		return -ENOSPC;
	want = want < bans->limit / 2 ? want * 2 : bans->limit;
	slots = reallocarray(bans->slots, want, sizeof(*slots));
	if (!slots)
		return -ENOSPC;
	bans->slots = slots;
	ends = reallocarray(bans->ends, want, sizeof(*ends));
	if (!ends)
		return -ENOSPC;
	bans->ends = ends;
	bans->capacity = want;
	return 0;
}

static void slot_free(struct bans *bans, uint32_t slot)
{
	bans->slots[slot].ban.prefix.family = 0;
	bans->slots[slot].next = bans->free;
	bans->free = slot;
}

static int slot_take(struct bans *bans, uint32_t *slot)
{
	if (bans->free != BANS_NONE) {
		*slot = bans->free;
		bans->free = bans->slots[*slot].next;
		return 0;
	}
	if (bans->used == bans->capacity && grow(bans) < 0)
		return -ENOSPC;
	*slot = bans->used++;
	return 0;
}

static uint32_t *length_of(struct bans *bans, const struct prefix *prefix)
{
	return &bans->lengths[prefix->family == 6][prefix->len];
}

static int add_new(struct bans *bans, const struct ban *ban, uint32_t hash, uint32_t first)
{
	uint32_t slot;

	if (bans->live >= bans->limit || slot_take(bans, &slot) < 0)
		return -ENOSPC;
	bans->slots[slot].ban = *ban;
	if (chain_add(bans, hash, first, slot) < 0) {
		slot_free(bans, slot);
		return -ENOSPC;
	}
	end_add(bans, slot);
	++*length_of(bans, &ban->prefix);
	bans->live++;
	return 0;
}

void bans_init(struct bans *bans, uint32_t limit, struct hash_key key)
{
	*bans = (struct bans){.key = key, .free = BANS_NONE};
	bans_set_limit(bans, limit);
}

void bans_set_limit(struct bans *bans, uint32_t limit)
{
	/* The highest numbers say something else. */
	bans->limit = limit < BANS_LAST ? limit : BANS_LAST - 1;
}

void bans_clear(struct bans *bans)
{
	hash_index_free(&bans->index);
	free(bans->slots);
	free(bans->ends);
	bans_init(bans, bans->limit, bans->key);
}

static uint32_t next_of(const struct bans *bans, uint32_t slot)
{
	uint32_t next = bans->slots[slot].next;

	return next == BANS_LAST ? BANS_NONE : next;
}

static uint32_t find_from(const struct bans *bans, uint32_t slot, uint32_t jail)
{
	while (slot != BANS_NONE && bans->slots[slot].ban.jail != jail)
		slot = next_of(bans, slot);
	return slot;
}

uint32_t bans_find(const struct bans *bans, uint32_t jail, const struct prefix *prefix)
{
	return find_from(bans, bans_first(bans, prefix), jail);
}

int bans_put(struct bans *bans, const struct ban *ban)
{
	uint32_t hash = hash_of(bans, &ban->prefix);
	uint32_t first = first_of(bans, hash, &ban->prefix);
	uint32_t slot = find_from(bans, first, ban->jail);

	if (slot == BANS_NONE)
		return add_new(bans, ban, hash, first);
	end_del(bans, slot);
	bans->slots[slot].ban = *ban;
	end_add(bans, slot);
	return 1;
}

void bans_del(struct bans *bans, uint32_t slot)
{
	end_del(bans, slot);
	chain_del(bans, slot);
	--*length_of(bans, &bans->slots[slot].ban.prefix);
	bans->live--;
	slot_free(bans, slot);
}

/* The order of the ends stays. */
void bans_shift(struct bans *bans, int64_t by)
{
	for (uint32_t slot = 0; by && slot < bans->used; slot++) {
		struct ban *ban = &bans->slots[slot].ban;

		if (!ban->prefix.family)
			continue;
		ban->since = moment_shift(ban->since, by);
		ban->until = moment_shift(ban->until, by);
	}
}

const struct ban *bans_at(const struct bans *bans, uint32_t slot)
{
	if (slot >= bans->used || !bans->slots[slot].ban.prefix.family)
		return NULL;
	return &bans->slots[slot].ban;
}

uint32_t bans_first(const struct bans *bans, const struct prefix *prefix)
{
	if (!bans->live)
		return BANS_NONE;
	return first_of(bans, hash_of(bans, prefix), prefix);
}

uint32_t bans_next(const struct bans *bans, uint32_t slot)
{
	return bans_at(bans, slot) ? next_of(bans, slot) : BANS_NONE;
}

bool bans_alone(const struct bans *bans, uint32_t slot)
{
	return bans_at(bans, slot) && bans->slots[slot].next == BANS_NONE;
}

bool bans_has_length(const struct bans *bans, unsigned family, unsigned len)
{
	return len <= 128 && bans->lengths[family == 6][len];
}

uint32_t bans_ending(const struct bans *bans)
{
	return bans->ending ? bans->ends[0] : BANS_NONE;
}
