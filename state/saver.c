/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/moment.h"
#include "state/folder.h"
#include "state/record.h"
#include "state/saver.h"
#include "state/snapshot.h"
#include "state/thread.h"

#define NICE 10

struct chunk {
	struct chunk *next;
	uint64_t records;
	size_t len;
	uint8_t at[SNAPSHOT_VALUE];
};

struct saver {
	struct saver_plan plan;
	pthread_t thread;
	struct chunk *filling; /* the loop's own */

	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct chunk *first, **last; /* handed over */
	uint64_t ticket;
	int error;
	uint64_t size;
	bool ended, cancelled, done;
};

/* The next chunk, or NULL when there will be none. */
static struct chunk *take_chunk(struct saver *s)
{
	struct chunk *chunk;

	pthread_mutex_lock(&s->lock);
	while (!s->first && !s->ended && !s->cancelled)
		thread_wait(&s->wake, &s->lock, TIME_FOREVER);
	chunk = s->first;
	if (chunk && !(s->first = chunk->next))
		s->last = &s->first;
	pthread_mutex_unlock(&s->lock);
	return chunk;
}

/* Takes the chunks also when nothing can be written, so that they do not gather. */
static int add_chunks(struct snapshot *snapshot, struct saver *s, int err)
{
	struct chunk *chunk;

	while ((chunk = take_chunk(s))) {
		if (!err)
			err = snapshot_add(snapshot, chunk->at, chunk->len, chunk->records);
		free(chunk);
	}
	pthread_mutex_lock(&s->lock);
	if (!err && s->cancelled)
		err = -ECANCELED;
	if (!err)
		err = s->error;
	pthread_mutex_unlock(&s->lock);
	return err;
}

static int save(struct saver *s)
{
	const struct saver_plan *plan = &s->plan;
	struct snapshot *snapshot = NULL;
	int err = snapshot_create(&snapshot, plan->io, plan->dir, plan->generation);

	err = add_chunks(snapshot, s, err);
	if (!err)
		err = snapshot_finish(snapshot);
	if (!err && !writer_wait(plan->writer, s->ticket))
		err = -ECANCELED;
	if (!err)
		err = snapshot_publish(snapshot);
	if (!err) {
		s->size = snapshot_size(snapshot);
		writer_covered(plan->writer);
		folder_tidy(plan->dir, plan->keep, 0);
	}
	snapshot_close(snapshot);
	return err;
}

static void *saver_run(void *arg)
{
	struct saver *s = arg;
	int err;

	/* Of this thread alone, on Linux: the loop comes first on a machine with one CPU. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	err = save(s);
	pthread_mutex_lock(&s->lock);
	s->error = err;
	s->done = true;
	pthread_mutex_unlock(&s->lock);
	writer_notify(s->plan.writer);
	return NULL;
}

int saver_start(struct saver **out, const struct saver_plan *plan)
{
	struct saver *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->plan = *plan;
	s->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	s->wake = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	s->last = &s->first;
	err = thread_start(&s->thread, saver_run, s);
	if (err) {
		free(s);
		return err;
	}
	*out = s;
	return 0;
}

static void hand_over(struct saver *s)
{
	struct chunk *chunk = s->filling;

	if (!chunk)
		return;
	s->filling = NULL;
	pthread_mutex_lock(&s->lock);
	*s->last = chunk;
	s->last = &chunk->next;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static void fail(struct saver *s, int err)
{
	pthread_mutex_lock(&s->lock);
	s->error = err;
	pthread_mutex_unlock(&s->lock);
}

void saver_put(struct saver *s, const struct record *record)
{
	if (s->filling && s->filling->len > SNAPSHOT_VALUE - RECORD_MAX)
		hand_over(s);
	if (!s->filling) {
		s->filling = malloc(sizeof(*s->filling));
		if (!s->filling) {
			fail(s, -ENOMEM);
			return;
		}
		s->filling->next = NULL;
		s->filling->records = 0;
		s->filling->len = SNAPSHOT_SUM;
	}
	s->filling->len += record_pack(s->filling->at + s->filling->len, record);
	s->filling->records++;
}

void saver_end(struct saver *s, uint64_t ticket)
{
	hand_over(s);
	pthread_mutex_lock(&s->lock);
	s->ticket = ticket;
	s->ended = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

bool saver_done(struct saver *s)
{
	bool done;

	pthread_mutex_lock(&s->lock);
	done = s->done;
	pthread_mutex_unlock(&s->lock);
	return done;
}

int saver_join(struct saver *s, uint64_t *size)
{
	int err;

	pthread_mutex_lock(&s->lock);
	s->cancelled = !s->ended;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	err = s->error;
	*size = s->size;
	free(s->filling);
	free(s);
	return err;
}
