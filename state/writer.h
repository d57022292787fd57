/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writer: one thread that owns the journal. What is handed over is written and made durable
 * in groups; what the disk refuses stays here and is tried again. Nothing here waits for the
 * disk but writer_wait() and writer_free().
 */
#ifndef BANISH_STATE_WRITER_H
#define BANISH_STATE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "state/buffer.h"
#include "state/io.h"
#include "state/journal.h"

struct writer;

struct writer_state {
	uint64_t last;	  /* ticket */
	uint64_t durable; /* ticket */
	int error;
	bool gap; /* records were given up; until a snapshot has them nothing more is durable */
	bool hole; /* the same, and no turn since: what is committed is given up too */
	uint64_t commits, syncs, dropped;
	uint64_t journal_bytes; /* since the last snapshot */
	uint64_t backlog_bytes; /* not yet durable */
};

/* Starts the thread. `journal` is open and goes over to the writer, or is created by it (fd
 * -1). `journal_bytes`: what there is since the last snapshot. `dir` stays the caller's. 0 or
 * -errno, and then the journal is still the caller's. */
int writer_start(struct writer **out, const struct io *io, int dir,
		 const struct journal *journal, uint64_t journal_bytes);
/* Write what there is, then end; after io->stop_ms also when the disk refuses it. */
void writer_stop(struct writer *writer);
/* Takes NULL; otherwise it was stopped, and this waits for its end. */
void writer_free(struct writer *writer);

/* Take over *group, frames with `records` records, and leave it empty. Returns its ticket; an
 * empty group has none of its own, but what waits is written within `group_ms` as well.
 * A backlog beyond STORE_BACKLOG_MAX is given up, this group with it: see `hole`. */
uint64_t writer_commit(struct writer *writer, struct buffer *group, uint64_t records,
		       unsigned group_ms);
/* Give up all that is not durable. */
void writer_drop(struct writer *writer);
/* From here on a new journal, and in a gap the end of it in this journal. What the disk refuses
 * of the old one is given up: the snapshot has it. -EBUSY: the turn before is not done. */
int writer_turn(struct writer *writer, uint32_t generation);
/* Waits until `ticket` is in the journal. False: something was given up since the turn, or the
 * writer has ended. */
bool writer_wait(struct writer *writer, uint64_t ticket);
/* The snapshot of the last turn is durable and has all that was given up before. */
void writer_covered(struct writer *writer);

struct writer_state writer_state(struct writer *writer);
int writer_fd(const struct writer *writer); /* eventfd: `durable` or `error` may have changed */
void writer_notify(struct writer *writer);  /* make it readable */

#endif
