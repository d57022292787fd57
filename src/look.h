/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One look at a source: what it holds by now, and no more. */
#ifndef BANISH_LOOK_H
#define BANISH_LOOK_H

#include "base/position.h"
#include "judge/judge.h"
#include "reading.h"

/*
 * Read `path` from *position on (all zero: from its oldest) to what is its end at the moment;
 * *position is that end then, and `reading` what is remembered of it. `now` completes dates.
 * Failures that are to be checked against sessions are, and what tells of other lines is found,
 * too. Of lines that a power cut had read twice those until `counted` are left out. 0;
 * -ENODATA: nothing of such a source is kept; -errno of the source, which may have been read in
 * part; -ENOMEM.
 */
int look_at(struct reading *reading, const char *path, struct position *position, int64_t now,
	    int64_t counted, match_found *found, void *arg);
/* The feed reads for this jail: at which index of its match, or -1. */
int look_index(const struct setup_feed *feed, size_t jail);
/* Tell the judge this host's addresses. 0 or -errno. */
int look_own(struct judge *judge);
/* The number of a jail of the configuration that has sources. -1 after a message. */
int look_jail(const struct setup *setup, const char *name);

#endif
