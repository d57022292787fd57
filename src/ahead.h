/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the journals say of a snapshot's bans, read before it: so bans that they leave alone can
 * be handed on while the rest is read, and nobody is put into the kernel who was let off.
 */
#ifndef BANISH_AHEAD_H
#define BANISH_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/judge.h"
#include "state/store.h"

struct ahead {
	struct judge *touched; /* owned: one ban for each prefix that they speak of */
	struct record *kept;   /* owned */
	uint32_t count, room;
	struct record clock; /* the last; kind 0: none */
	int64_t shift;	     /* of the times in the snapshot, by theirs */
	bool failed;	     /* out of memory: nothing is known */
};

void ahead_clear(struct ahead *ahead); /* frees what it holds */
/* A record of the journals. */
void ahead_see(struct ahead *ahead, const struct record *record);
/* A record of the snapshot. True: it is of a prefix that they speak of, and was kept, to be
 * read behind all others. */
bool ahead_keep(struct ahead *ahead, const struct record *record);

#endif
