/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the order of a source's files, and each of them watched once. */
#include <errno.h>
#include <string.h>

#include "source/queue.h"

struct tail *queue_front(const struct queue *queue)
{
	return queue->count ? queue->tails[0] : NULL;
}

struct tail *queue_last(const struct queue *queue)
{
	return queue->count ? queue->tails[queue->count - 1] : NULL;
}

/* A trail always fits. */
bool queue_has_room(const struct queue *queue)
{
	return queue->count + TRAIL_MAX < QUEUE_MAX;
}

static void insert(struct queue *queue, struct tail *tail, size_t at)
{
	memmove(&queue->tails[at + 1], &queue->tails[at],
		(queue->count - at) * sizeof(struct tail *));
	queue->tails[at] = tail;
	queue->count++;
	if (tail->wd < 0)
		tail->wd = watch_add(queue->watch, tail->fd);
}

static void discard(struct queue *queue, struct tail *tail)
{
	watch_del(queue->watch, tail->wd);
	tail_close(tail);
}

static bool same(const struct tail *a, const struct tail *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

static bool known(const struct queue *queue, const struct tail *tail)
{
	for (size_t i = 0; i < queue->count; i++)
		if (same(queue->tails[i], tail))
			return true;
	for (size_t i = 0; i < queue->left_count; i++)
		if (same(queue->left[i], tail))
			return true;
	return false;
}

void queue_push(struct queue *queue, struct tail *tail)
{
	if (known(queue, tail))
		tail_close(tail);
	else
		insert(queue, tail, queue->count);
}

size_t queue_take(struct queue *queue, struct trail *trail, size_t at, bool stale)
{
	size_t first = at;

	for (size_t i = 0; i < trail->count; i++) {
		struct tail *tail = trail->tails[i];

		if (queue->count == QUEUE_MAX || known(queue, tail)) {
			tail_close(tail);
			continue;
		}
		tail->stale = stale ? tail->size : 0;
		insert(queue, tail, at++);
	}
	trail->count = 0;
	return at - first;
}

bool queue_holds(const struct queue *queue, const struct stat *st)
{
	for (size_t i = 0; i < queue->count; i++)
		if (tail_is(queue->tails[i], st))
			return true;
	return false;
}

bool queue_goes_on(const struct queue *queue)
{
	bool written = false;

	for (size_t i = 1; i < queue->count; i++) {
		struct tail *tail = queue->tails[i];

		/* Takes note of its first bytes, so that a position at its start can be found
		 * again. If it was cut, nothing was read of it yet: it starts anew. */
		if (tail_look(tail) == -ESTALE) {
			tail_rewind(tail);
			tail_look(tail);
		}
		written |= tail->size > 0;
	}
	return written;
}

bool queue_touched(const struct queue *queue)
{
	bool touched = false;

	for (size_t i = 1; i < queue->count; i++)
		touched |= queue->tails[i]->quiet != queue->tails[i]->written;
	return touched;
}

void queue_quiet(struct queue *queue)
{
	for (size_t i = 1; i < queue->count; i++)
		queue->tails[i]->quiet = queue->tails[i]->written;
}

static struct tail *remove_left(struct queue *queue, size_t at)
{
	struct tail *tail = queue->left[at];

	queue->left_count--;
	memmove(&queue->left[at], &queue->left[at + 1],
		(queue->left_count - at) * sizeof(struct tail *));
	return tail;
}

void queue_leave(struct queue *queue, int64_t ticks)
{
	struct tail *tail = queue->tails[0];

	queue->count--;
	memmove(&queue->tails[0], &queue->tails[1], queue->count * sizeof(struct tail *));
	if (tail->copy) {
		discard(queue, tail);
		return;
	}
	if (queue->left_count == QUEUE_LEFT)
		queue_drop(queue, 0);
	tail->until = ticks + QUEUE_LINGER;
	queue->left[queue->left_count++] = tail;
}

struct tail *queue_return(struct queue *queue, const struct stat *st)
{
	for (size_t i = 0; i < queue->left_count; i++)
		if (tail_is(queue->left[i], st))
			return remove_left(queue, i);
	return NULL;
}

void queue_drop(struct queue *queue, size_t left)
{
	discard(queue, remove_left(queue, left));
}

void queue_expire(struct queue *queue, int64_t ticks)
{
	while (queue->left_count && queue->left[0]->until <= ticks)
		queue_drop(queue, 0);
}

bool queue_is_stale(const struct queue *queue)
{
	for (size_t i = 0; i < queue->count; i++)
		if (queue->tails[i]->offset < queue->tails[i]->stale)
			return true;
	return false;
}

void queue_close(struct queue *queue)
{
	for (size_t i = 0; i < queue->count; i++)
		tail_close(queue->tails[i]);
	for (size_t i = 0; i < queue->left_count; i++)
		tail_close(queue->left[i]);
	queue->count = queue->left_count = 0;
}
