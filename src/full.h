/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which bans a full target leaves out, and which of those that it holds make room first. A set
 * holds the bans that end last: one that ends later takes the place of the one that ends
 * soonest, and those that were left out return, the last to end first, when there is room.
 *
 * Nothing is searched for each ban: the next few thousand to make room are found in one pass
 * over all bans, and the list is kept right as bans come and go.
 */
#ifndef BANISH_FULL_H
#define BANISH_FULL_H

#include "base/hash.h"
#include "judge/judge.h"
#include "target/target.h"
#include "wanted.h"

#define FULL_LISTS 4   /* sets of one target that are full at a time without a pass for each */
#define FULL_LIST 4096 /* found in one pass */

struct full_end {
	int64_t until;
	struct prefix prefix;
	bool trying; /* left out so far: an add is under way */
};

struct full_list {
	struct full_end *at; /* the last is the soonest to end */
	uint32_t count;
	unsigned set;	 /* target_set_of() */
	int64_t horizon; /* all of the set that end before this are in the list */
};

struct full {
	struct full_end *out; /* left out */
	uint32_t count, room;
	struct hash_index index;
	struct hash_key key;
	struct full_list lists[FULL_LISTS];
};

/* Whose bans they are. */
struct full_view {
	const struct wanted *wanted;
	const struct targets *targets;
	size_t target;
};

void full_clear(struct full *full); /* frees what it holds: nothing is left out */
/* Is it left out, and not being tried? */
bool full_leaves(const struct full *full, const struct prefix *prefix);
bool full_has(const struct full *full,
	      const struct prefix *prefix); /* left out, tried or not */
/* Left out from now on, or, with `trying`, about to be tried: 1 it is new here, 0, -ENOMEM. */
int full_put(struct full *full, const struct prefix *prefix, int64_t until, bool trying);
/* Held now, or not wanted any more. False: it was not left out. */
bool full_take(struct full *full, const struct prefix *prefix);

/* Of what this set holds, what ends soonest; NULL: nothing. Good until the next call. */
const struct full_end *full_soonest(struct full *full, const struct full_view *view,
				    unsigned set);
/* It has become part of what a full target holds. */
void full_held(struct full *full, unsigned set, const struct prefix *prefix, int64_t until);
/* Up to `max` of those left out that end last are tried from now on. How many. */
size_t full_try(struct full *full, struct prefix *out, size_t max);

#endif
