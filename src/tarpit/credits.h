/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of credits, by prefix, with a row from the one touched longest ago to the last. */
#ifndef BANISH_TARPIT_CREDITS_H
#define BANISH_TARPIT_CREDITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/credit.h"
#include "base/hash.h"

#define CREDITS_NONE UINT32_MAX

struct credits_slot {
	struct credit credit;	/* family 0: the slot is free */
	int64_t written;	/* `last` as it was last written to disk; TIME_NONE: never */
	uint32_t before, after; /* touched just before, just after; of a free one `after` is the
				   next free one */
};

struct credits {
	struct hash_key key;
	struct hash_index index;
	struct credits_slot *slots;
	uint32_t capacity, used, free; /* used: slots that ever were in use */
	uint32_t quiet, busy;	       /* the ends of the row */
	uint32_t live;
};

void credits_init(struct credits *credits);
void credits_clear(struct credits *credits); /* frees what it holds */
uint32_t credits_find(const struct credits *credits, const struct prefix *prefix);
/* A new one, empty but for its prefix, at the busy end. The caller has looked first.
 * CREDITS_NONE: out of memory. */
uint32_t credits_add(struct credits *credits, const struct prefix *prefix);
void credits_del(struct credits *credits, uint32_t slot);
void credits_touch(struct credits *credits, uint32_t slot); /* to the busy end */
/* Put the row in order of `last`. Without memory it stays as it is. */
void credits_sort(struct credits *credits);

#endif
