/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is still to be deleted from sets of someone else: (target, prefix), until the kernel has
 * confirmed it. Only what stands here or is banned may be deleted from such a set.
 */
#ifndef BANISH_REMOVALS_H
#define BANISH_REMOVALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/prefix.h"

#define REMOVALS_MAX (UINT32_C(1) << 20)

struct removal {
	uint32_t target; /* as it stands in the configuration, a name */
	struct prefix prefix;
	int64_t until; /* the end that it was given last; TIME_NONE: not known, since a restart
			*/
};

struct removals {
	struct removal *list;
	uint32_t count, room;
	uint64_t forgotten; /* turned away for want of room */
	struct hash_index index;
	struct hash_key key;
};

void removals_init(struct removals *removals);
void removals_clear(struct removals *removals);
/* Add or take out. Did anything change? Taking out moves the last one to its place; of two ends
 * the later is kept. */
bool removals_set(struct removals *removals, const struct removal *removal, bool pending);
/* NULL: nothing is to be deleted. Good until the next change. */
const struct removal *removals_find(const struct removals *removals, uint32_t target,
				    const struct prefix *prefix);

#endif
