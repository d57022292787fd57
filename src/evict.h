/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target that is full: which of its bans are in the kernel and which wait for room. Only
 * entries of ours ever make room.
 */
#ifndef BANISH_EVICT_H
#define BANISH_EVICT_H

#include "holding.h"

/* The bans of this prefix changed. True: nothing has to be sent for it. */
bool evict_changed(struct holding *holding, const struct prefix *prefix);
/* A ban ended with its time: there may be room. */
void evict_expired(struct holding *holding, const struct prefix *prefix);
/* A batch was applied: what was refused for want of room takes the place of what ends sooner,
 * or waits. */
void evict_applied(struct holding *holding, const struct target_change *changes,
		   const int *errors, size_t count);
/* Try whether those that wait can return: the more have returned, the more at once. `tick`: a
 * while has passed, and somebody else may have made room. */
void evict_return(struct holding *holding, bool tick);

#endif
