/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/batch.h"

struct writing {
	struct batch *batch;
	struct journal *journal;
	const struct io *io;
	int dir;
};

static int append_up_to(struct writing *w, size_t end)
{
	struct batch *b = w->batch;
	int err = 0;

	if (w->journal->fd < 0)
		err = journal_create(w->journal, w->io, w->dir);
	if (!err && b->done < end)
		err = journal_append(w->journal, w->io, b->frames.at + b->done, end - b->done);
	if (!err && b->done < end)
		b->done = end;
	return err;
}

static int turn(struct writing *w)
{
	struct journal next = {
		.fd = -1, .generation = w->batch->generation, .gap = w->batch->gap};
	int err = journal_create(&next, w->io, w->dir);

	if (err)
		return err;
	journal_close(w->journal);
	*w->journal = next;
	w->batch->turn = BATCH_NO_TURN;
	return 0;
}

int batch_write(struct batch *batch, struct journal *journal, const struct io *io, int dir)
{
	struct writing w = {batch, journal, io, dir};
	int err;

	if (batch->turn != BATCH_NO_TURN) {
		err = append_up_to(&w, batch->turn);
		err = err ? err : turn(&w);
		if (err)
			return err;
	}
	return append_up_to(&w, batch->frames.len);
}
