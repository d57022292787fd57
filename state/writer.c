/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/moment.h"
#include "state/batch.h"
#include "state/thread.h"
#include "state/writer.h"

#define STOP_RETRY_MS 100

struct writer {
	const struct io *io;
	int dir, event;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;  /* for the thread: something to do */
	pthread_cond_t moved; /* for writer_wait() */

	/* Under the lock. */
	struct batch pending;
	struct writer_state state;
	uint64_t settled;	    /* ticket: durable, or given up */
	uint64_t drops, turn_drops; /* how often something was given up; before the last turn */
	uint64_t turn_bytes;	    /* journal_bytes at the last turn */
	int64_t due;		    /* when to write `pending` */
	int64_t taken;		    /* when the last group was */
	int64_t deadline;	    /* when to end in any case */
	size_t held;		    /* bytes in `batch` */
	bool turning, stop, ended;
	bool give_up; /* what the thread holds */

	/* The thread's own. */
	struct batch batch;
	bool holding;
	int64_t retry;
	struct journal journal;
};

/* ---- the thread ---- */

static void take_pending(struct writer *w)
{
	struct buffer empty = w->batch.frames;

	w->batch = w->pending;
	w->pending = (struct batch){.frames = empty, .turn = BATCH_NO_TURN};
	w->due = TIME_FOREVER;
	w->taken = moment_ticks();
	w->held = w->batch.frames.len;
	w->holding = true;
}

static bool pending_any(const struct writer *w)
{
	return w->pending.frames.len || w->pending.turn != BATCH_NO_TURN;
}

/* Under the lock: waits until there is a batch to write. False: the end. */
static bool await_batch(struct writer *w)
{
	for (;;) {
		bool any = w->holding || pending_any(w);
		int64_t now = moment_ticks(), until = w->holding ? w->retry : w->due;

		/* The limit is for a disk that refuses; one that is slow is waited for. */
		if (w->stop && (!any || (w->state.error && now >= w->deadline)))
			return false;
		if (w->holding && (now >= until || w->give_up))
			return true;
		if (!w->holding && any && (now >= until || w->stop)) {
			take_pending(w);
			return true;
		}
		if (w->stop && w->holding && until > now + STOP_RETRY_MS)
			until = w->retry = now + STOP_RETRY_MS;
		thread_wait(&w->wake, &w->lock, until);
	}
}

/* Under the lock: the batch is over. */
static void settle(struct writer *w)
{
	w->settled = w->batch.last;
	if (!w->state.gap)
		w->state.durable = w->settled;
	buffer_clear(&w->batch.frames);
	w->holding = false;
	w->held = 0;
	pthread_cond_broadcast(&w->moved);
}

static void give_up_batch(struct writer *w)
{
	w->state.dropped += w->batch.records;
	w->batch.records = 0;
	w->batch.gap = true;
	w->batch.done = w->batch.frames.len;
	if (w->batch.turn == BATCH_NO_TURN)
		settle(w);
}

/* Under the lock, with what batch_write() returned. */
static void finish_try(struct writer *w, int err, size_t written, bool turned)
{
	bool tell = err != w->state.error;

	w->state.error = err;
	w->state.journal_bytes += written;
	w->state.syncs += written > 0;
	if (turned)
		w->turning = false;
	if (!err) {
		settle(w);
		tell = true;
	} else {
		w->retry = moment_ticks() + w->io->retry_ms;
	}
	if (err && w->give_up)
		give_up_batch(w);
	w->give_up = false;
	if (tell)
		writer_notify(w);
}

static void *writer_run(void *arg)
{
	struct writer *w = arg;

	pthread_mutex_lock(&w->lock);
	while (await_batch(w)) {
		size_t before = w->batch.done;
		bool turn = w->batch.turn != BATCH_NO_TURN;
		int err;

		pthread_mutex_unlock(&w->lock);
		err = batch_write(&w->batch, &w->journal, w->io, w->dir);
		pthread_mutex_lock(&w->lock);
		finish_try(w, err, w->batch.done - before,
			   turn && w->batch.turn == BATCH_NO_TURN);
	}
	w->ended = true;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- the loop's side ---- */

static size_t backlog(const struct writer *w)
{
	return w->pending.frames.len + w->held;
}

/* Under the lock. A turn that is under way is still made, at the end of nothing. */
static void drop(struct writer *w)
{
	w->state.dropped += w->pending.records;
	w->pending.records = 0;
	buffer_clear(&w->pending.frames);
	if (w->pending.turn != BATCH_NO_TURN)
		w->pending.turn = 0;
	else
		w->due = TIME_FOREVER;
	w->pending.gap = true;
	w->state.gap = w->state.hole = true;
	w->drops++;
	w->give_up = w->held > 0;
	writer_notify(w);
	pthread_cond_signal(&w->wake);
	pthread_cond_broadcast(&w->moved);
}

void writer_drop(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->state.last++;
	drop(w);
	pthread_mutex_unlock(&w->lock);
}

/* Under the lock. False: no memory. */
static bool add_pending(struct writer *w, struct buffer *group)
{
	struct buffer *frames = &w->pending.frames, swap = *frames;
	uint8_t *at;

	if (!frames->len) {
		*frames = *group;
		*group = swap;
		return true;
	}
	at = buffer_reserve(frames, group->len);
	if (!at)
		return false;
	memcpy(at, group->at, group->len);
	frames->len += group->len;
	return true;
}

static void hurry(struct writer *w, int64_t due)
{
	if (due >= w->due)
		return;
	w->due = due;
	pthread_cond_signal(&w->wake);
}

uint64_t writer_commit(struct writer *w, struct buffer *group, uint64_t records,
		       unsigned group_ms)
{
	int64_t due = moment_ticks();
	uint64_t ticket;

	pthread_mutex_lock(&w->lock);
	/* A quiet disk writes at once; a busy one groups. */
	if (group_ms && due < w->taken + group_ms)
		due = w->taken + group_ms;
	if (group->len) {
		w->pending.last = ++w->state.last;
		w->state.commits++;
	}
	ticket = w->state.last;
	if (!group->len) {
		if (pending_any(w))
			hurry(w, due);
	} else if (w->state.hole || backlog(w) + group->len > STORE_BACKLOG_MAX ||
		   !add_pending(w, group)) {
		w->state.dropped += records;
		drop(w);
	} else {
		w->pending.records += records;
		hurry(w, due);
	}
	pthread_mutex_unlock(&w->lock);
	buffer_clear(group);
	return ticket;
}

int writer_turn(struct writer *w, uint32_t generation)
{
	pthread_mutex_lock(&w->lock);
	if (w->turning) {
		pthread_mutex_unlock(&w->lock);
		return -EBUSY;
	}
	if (w->state.error)
		drop(w);
	w->state.hole = false;
	w->turning = true;
	w->turn_drops = w->drops;
	w->turn_bytes = w->state.journal_bytes + backlog(w);
	w->pending.turn = w->pending.frames.len;
	w->pending.generation = generation;
	w->pending.gap = w->state.gap;
	w->pending.last = w->state.last;
	w->due = 0;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

bool writer_wait(struct writer *w, uint64_t ticket)
{
	bool good;

	pthread_mutex_lock(&w->lock);
	while (!w->ended && w->drops == w->turn_drops && (w->settled < ticket || w->turning))
		pthread_cond_wait(&w->moved, &w->lock);
	good = w->drops == w->turn_drops && w->settled >= ticket && !w->turning;
	pthread_mutex_unlock(&w->lock);
	return good;
}

void writer_covered(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	if (w->drops == w->turn_drops) {
		w->state.gap = false;
		w->state.durable = w->settled;
		w->state.journal_bytes -= w->turn_bytes < w->state.journal_bytes
						  ? w->turn_bytes
						  : w->state.journal_bytes;
	}
	writer_notify(w);
	pthread_mutex_unlock(&w->lock);
}

struct writer_state writer_state(struct writer *w)
{
	struct writer_state state;

	pthread_mutex_lock(&w->lock);
	state = w->state;
	state.backlog_bytes = backlog(w);
	pthread_mutex_unlock(&w->lock);
	return state;
}

int writer_fd(const struct writer *w)
{
	return w->event;
}

void writer_notify(struct writer *w)
{
	eventfd_write(w->event, 1);
}

int writer_start(struct writer **out, const struct io *io, int dir,
		 const struct journal *journal, uint64_t journal_bytes)
{
	struct writer *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	*w = (struct writer){
		.io = io,
		.dir = dir,
		.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.wake = PTHREAD_COND_INITIALIZER,
		.moved = PTHREAD_COND_INITIALIZER,
		.pending.turn = BATCH_NO_TURN,
		.batch.turn = BATCH_NO_TURN,
		.due = TIME_FOREVER,
		.state.journal_bytes = journal_bytes,
		.journal = *journal,
	};
	err = w->event < 0 ? -errno : thread_start(&w->thread, writer_run, w);
	if (err) {
		if (w->event >= 0)
			close(w->event);
		free(w);
		return err;
	}
	*out = w;
	return 0;
}

void writer_stop(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	w->deadline = moment_ticks() + w->io->stop_ms;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	pthread_join(w->thread, NULL);
	journal_close(&w->journal);
	buffer_free(&w->pending.frames);
	buffer_free(&w->batch.frames);
	close(w->event);
	free(w);
}
