/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often an address was banned before: strikes, of each (jail, prefix). While a ban is live
 * it has its own count (ban.strikes); here are those whose ban is over. They are kept, as in
 * fail2ban, until three times the length of the last ban have passed since it began and the
 * age that was set as well; bounded, and what is forgotten first makes room.
 */
#ifndef BANISH_JUDGE_STRIKES_H
#define BANISH_JUDGE_STRIKES_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/bans.h"

struct strikes {
	struct bans
		past; /* `strikes` and `since` of the last ban; `until`: since + 3 lengths */
	int64_t age;
	uint64_t forgotten; /* for want of room */
};

struct strikes_sum {
	unsigned count; /* 0: never banned, as far as is known */
	int64_t since;	/* of the last of these bans */
};

/* The ban (jail, prefix) with a count is over; replaces what there was. */
void strikes_put(struct strikes *strikes, const struct ban *ban);
/* NULL: none. As it was put but for its end, which is later. */
const struct ban *strikes_find(const struct strikes *strikes, uint32_t jail,
			       const struct prefix *prefix);
bool strikes_forget(struct strikes *strikes, uint32_t jail, const struct prefix *prefix);
/* When the ban ended that this is of. */
int64_t strikes_end(const struct ban *past);
/* Of the bans of this prefix in a jail, or all (0), live or over, what is known at `at`. */
struct strikes_sum strikes_sum(const struct strikes *strikes, const struct bans *live,
			       uint32_t jail, const struct prefix *prefix, int64_t at);
/* All are `by` later; one that then began ahead of `latest` began then. */
void strikes_shift(struct strikes *strikes, int64_t by, int64_t latest);
/* Clear away a few that no longer count. */
void strikes_tidy(struct strikes *strikes, int64_t now);

#endif
