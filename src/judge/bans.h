/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is banned: slots of bans, found by prefix and in the order of their ends. 60 bytes a ban
 * and the cells of the index.
 */
#ifndef BANISH_JUDGE_BANS_H
#define BANISH_JUDGE_BANS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ban.h"
#include "base/hash.h"

#define BANS_NONE UINT32_MAX
#define BANS_LAST (UINT32_MAX - 1)

struct bans_slot {
	struct ban ban; /* prefix.family 0: the slot is free */
	uint32_t next;	/* of the same prefix, BANS_LAST at the end, BANS_NONE where there is
			   only  one; of a free slot: the next free one */
	uint32_t place; /* in `ends`; BANS_NONE: it never ends */
};

struct bans {
	struct hash_key key;
	struct hash_index index; /* prefix -> the first slot of its chain */
	struct bans_slot *slots;
	uint32_t *ends; /* a heap of slots: no ban ends before its parent does */
	uint32_t limit, capacity;
	uint32_t used; /* slots ever used: all that follow are free */
	uint32_t free; /* first of the freed slots */
	uint32_t live, ending;
	uint32_t lengths[2][129]; /* live bans by family and prefix length */
};

void bans_set_limit(struct bans *bans, uint32_t limit);
void bans_init(struct bans *bans, uint32_t limit, struct hash_key key);
void bans_clear(struct bans *bans); /* frees what it holds */

/* The slot of (jail, prefix), or BANS_NONE. */
uint32_t bans_find(const struct bans *bans, uint32_t jail, const struct prefix *prefix);
/* 0 new, 1 replaced what (jail, prefix) had; -ENOSPC: at the limit, or out of memory. */
int bans_put(struct bans *bans, const struct ban *ban);
void bans_del(struct bans *bans, uint32_t slot);
void bans_shift(struct bans *bans, int64_t by); /* since and until of every ban */

/* NULL: the slot is free. Good until the next bans_put. */
const struct ban *bans_at(const struct bans *bans, uint32_t slot);
uint32_t bans_first(const struct bans *bans, const struct prefix *prefix);
uint32_t bans_next(const struct bans *bans, uint32_t slot);
bool bans_alone(const struct bans *bans, uint32_t slot); /* no other is of its prefix */
bool bans_has_length(const struct bans *bans, unsigned family, unsigned len);
/* The slot of the ban that ends first, or BANS_NONE. */
uint32_t bans_ending(const struct bans *bans);

#endif
