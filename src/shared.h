/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of someone else's: only what we know to have added may be deleted there. What is to be
 * taken back is written down, with the end that it was given, until the kernel has confirmed
 * it. An entry that somebody else has made to end later than ours stays.
 */
#ifndef BANISH_SHARED_H
#define BANISH_SHARED_H

#include "holding.h"

/* The bans of this prefix are about to end, or to end sooner. */
void shared_before(struct holding *holding, const struct prefix *prefix);
/* They did. */
void shared_changed(struct holding *holding, const struct prefix *prefix);
/* It is to be taken back, and was given until then; TIME_NONE: not known. */
void shared_take_back(struct holding *holding, const struct prefix *prefix, int64_t until);
/* The kernel has confirmed a delete. */
void shared_deleted(struct holding *holding, const struct prefix *prefix);
/* All that is to be taken back, into the queue. */
void shared_push(struct holding *holding);
/* The set is ours after all. */
void shared_forget(struct holding *holding);
/* What is to be sent for a prefix of the queue, of any target: one change, or a delete of what
 * was given and an add, for an add alone does not make an entry end sooner. How many. */
size_t shared_changes(const struct holding *holding, const struct prefix *prefix, int64_t now,
		      struct target_change out[2]);

#endif
