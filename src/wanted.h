/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each target should hold, worked out from the live bans and the jails' targets. */
#ifndef BANISH_WANTED_H
#define BANISH_WANTED_H

#include "base/names.h"
#include "conf/conf.h"
#include "judge/judge.h"
#include "target/target.h"

#define WANTED_NO_SLOT UINT32_MAX

struct wanted {
	struct names *names;	   /* not owned */
	const struct judge *judge; /* not owned */
	uint32_t *uses;		   /* by jail name: a bit for each target; owned */
	uint32_t size;
	uint32_t manual; /* whose targets a jail that is gone has */
};

/* The jails' targets from now on. 0 or -ENOMEM. *changed: some jail has others than before. */
int wanted_set(struct wanted *wanted, const struct conf *conf, bool *changed);
bool wanted_uses(const struct wanted *wanted, uint32_t jail, size_t target);
/* The slot of the ban that decides the entry (target, prefix): the one that ends last. */
uint32_t wanted_slot(const struct wanted *wanted, size_t target, const struct prefix *prefix);
/* Is that this one, of a live ban? Nearly all are the only ones of their prefix, which makes a
 * walk of all of them twice as fast as with wanted_slot(). */
bool wanted_decides(const struct wanted *wanted, size_t target, uint32_t slot);
/* What a target should hold of this prefix now, whose entry `slot` decides: an add with its
 * times, or a delete. A time left beyond `longest` is cut to it. */
struct target_change wanted_change(const struct wanted *wanted, uint32_t slot,
				   const struct prefix *prefix, int64_t longest, int64_t now);

#endif
