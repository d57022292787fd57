/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many elements a set must still have. ipset has no notifications: that somebody took
 * elements out shows in their number alone, which also falls when they end by themselves. So
 * the ends of all that is put in are counted, by time. Errors are to one side: an element that
 * was refreshed counts at both its ends, one that is deleted keeps its end, and a whole
 * stretch of time counts at once; fewer than this means that some are missing.
 */
#ifndef BANISH_NETLINK_IPSET_COUNT_H
#define BANISH_NETLINK_IPSET_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct ipset_count {
	bool known;	 /* how many there are, and where all of them end */
	int64_t entries; /* there were at `since`, and were put in since, less those taken out
			  */
	int64_t since;	 /* ms of CLOCK_MONOTONIC: it stops in a suspend, as the timeouts do */
	int64_t cleared; /* the stretches before this one are over */
	uint32_t *ends;	 /* a ring of stretches: how many end there; NULL: none yet */
};

void ipset_count_free(struct ipset_count *count);

/* From here on: there are `entries`. What is not `known` of them is their number, or where they
 * end, so that nobody can say that some are missing. */
void ipset_count_start(struct ipset_count *count, int64_t now, uint32_t entries, bool known);
/* One ends in `seconds` (0: never). */
void ipset_count_end(struct ipset_count *count, int64_t now, uint32_t seconds);
/* So many are there that were not; below 0: so many may have been taken out. */
void ipset_count_change(struct ipset_count *count, int64_t entries);
/* There are `entries` now. Returns how many at least are missing, and starts from here. */
int64_t ipset_count_look(struct ipset_count *count, int64_t now, uint32_t entries);

#endif
