/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writer writes at a time, and the end of one journal and the begin of the next in it.
 */
#ifndef BANISH_STATE_BATCH_H
#define BANISH_STATE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/buffer.h"
#include "state/io.h"
#include "state/journal.h"

#define BATCH_NO_TURN SIZE_MAX

struct batch {
	struct buffer frames;
	size_t done;   /* of them: durable, or given up */
	size_t turn;   /* where in them a new journal begins */
	uint64_t last; /* ticket */
	uint64_t records;
	uint32_t generation; /* of the new journal */
	bool gap;	     /* before it */
};

/* Append it to the journal, which becomes the new one at the turn; one that is not there yet is
 * made. 0 or -errno: what is done stays done, and `done` and `turn` say so. */
int batch_write(struct batch *batch, struct journal *journal, const struct io *io, int dir);

#endif
