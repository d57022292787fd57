/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a journal back, whatever happened to it. */
#ifndef BANISH_STATE_REPLAY_H
#define BANISH_STATE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "state/journal.h"
#include "state/store.h"

struct replay {
	/* From the caller: */
	const struct store_load *load;
	void *arg;
	const char *name; /* of the file, for notes */
	bool based;	  /* the snapshot of this generation was loaded */
	bool lost;	  /* something of the journal before it */
	/* What was found: */
	bool torn;	  /* what is behind journal.end is the remains of an unfinished write */
	bool broken;	  /* damaged in the middle: never append to it */
	uint64_t damaged; /* places, and records that this program cannot understand */
	struct journal journal; /* fd is the one given; end: behind the last whole group */
};

/*
 * Gives every record of a whole group to load->record and tells load->note of damage. Behind a
 * damaged place, also where the journal goes on in the next, and in one with a gap before it
 * that no snapshot fills, positions, offences and filter memory are left out: what they rest on
 * may be lost, and the lines behind an older position are read again instead. 0; -ENOMEM;
 * -EBADMSG: not a journal; -EPROTONOSUPPORT: of another format; -errno.
 */
int replay_journal(struct replay *replay, int fd, uint32_t generation);
/* Are they left out at its end? Then nothing is appended to it. */
bool replay_distrusts(const struct replay *replay);

#endif
