/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source as it is read: its filters, the jails they are for, and what these remember from
 * line to line, which goes into the state with the source's position and comes back from there.
 */
#ifndef BANISH_READING_H
#define BANISH_READING_H

#include "memory.h"
#include "resolve/resolve.h"
#include "setup.h"

struct reading_jail {
	struct resolve_jail resolve; /* its ports are the setup's */
	const char *answer;	     /* to policy requests of the banned, or NULL; setup's */
	struct sessions *sessions;   /* NULL: its filter knows none, or none yet */
	int64_t alarm_at;	     /* ticks: when one was last told in the log; 0: never */
};

struct reading {
	uint32_t source;     /* its name; 0: nothing of it is saved */
	struct match *match; /* setup's */
	struct match_memory *lines;
	struct reading_jail *jails; /* by match's index */
	size_t count;
};

/* Read for these jails of the setup from now on. What was remembered for those that stay is
 * kept. `names` NULL: nothing is to be saved. 0 or -ENOMEM, then nothing changed. */
int reading_aim(struct reading *reading, struct names *names, const struct setup *setup,
		const struct setup_feed *feed);
void reading_clear(struct reading *reading);

/* Put what has changed since the last time, or the `whole`, into the state. */
void reading_save(struct reading *reading, struct memory *memory, bool whole);
/* The same of what waits to be told whose it is, of all sources. */
void reading_save_waiting(struct memory *memory, struct resolve *resolve, bool whole);
/* As it was when the position was written that the source goes on from. */
void reading_restore(struct reading *reading, struct memory *memory, struct resolve *resolve);

#endif
