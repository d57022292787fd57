/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of memory share. */
#ifndef BANISH_MEMORY_PARTS_H
#define BANISH_MEMORY_PARTS_H

#include "memory.h"

/* A name's number on disk: that in memory's table, and behind it the process. */
#define NUMBER_BITS 20
#define NUMBER_MASK ((1u << NUMBER_BITS) - 1)

/* To the store, with the names that it uses. Takes memory's own numbers, and changes them. */
void memory_put(struct memory *memory, struct record *record);
/* What the time is now. */
struct record memory_clock(struct memory *memory);
/* In memory alone. */
void memory_keep_position(struct memory *memory, uint32_t source,
			  const struct position *position, int64_t at);

struct judge_strike memory_strike_of(const struct ban *ban);
struct record memory_strike_record(const struct judge_strike *strike);

#endif
