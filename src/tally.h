/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a jail's logs hold, from the oldest file that is there to their end, as if nothing was
 * known before: who offended how often within findtime before a time. Changes nothing.
 */
#ifndef BANISH_TALLY_H
#define BANISH_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/prefix.h"
#include "setup.h"

#define TALLY_MAX (1u << 20) /* addresses; lines of more are counted as crowded */

struct tally_entry {
	struct prefix prefix; /* as it would be banned */
	unsigned count;
	int64_t latest;
};

struct tally {
	struct tally_entry *entries; /* nobody who may never be banned */
	size_t count;
	uint64_t lines, ignored, old, undated, crowded;
};

/* Read the sources of conf's jail number `jail` and count; `now` is the time at which one
 * looks. 0, or -errno after a message on standard error: not all could be read. tally_clear()
 * frees what it holds. */
int tally_take(struct tally *out, const struct setup *setup, size_t jail, int64_t now);
void tally_clear(struct tally *tally);
/* Latest first; or in order of address. */
void tally_sort(struct tally *tally, bool latest);

#endif
