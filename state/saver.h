/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The saver: a thread that lives as long as one snapshot is written, so that the writer goes on
 * committing to the journal meanwhile. Nothing here waits for the disk but saver_join().
 */
#ifndef BANISH_STATE_SAVER_H
#define BANISH_STATE_SAVER_H

#include <stdbool.h>
#include <stdint.h>

#include "state/io.h"
#include "state/store.h"
#include "state/writer.h"

struct saver;

struct saver_plan {
	const struct io *io;
	int dir;
	uint32_t generation;
	uint32_t keep; /* files below this generation go once the snapshot is there; 0: none */
	struct writer *writer; /* outlives the saver */
};

int saver_start(struct saver **out, const struct saver_plan *plan); /* 0 or -errno */
void saver_put(struct saver *saver, const struct record *record);
/* That was all. The snapshot gets its name when the journal has `ticket`: a position in it is
 * not ahead of the decisions that only the journal has. */
void saver_end(struct saver *saver, uint64_t ticket);
/* Its work is over, one way or the other; the writer's eventfd has told. */
bool saver_done(struct saver *saver);
/* Waits, and frees it; what was not ended is given up. 0 and the size of the file, or -errno.
 */
int saver_join(struct saver *saver, uint64_t *size);

#endif
