/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The open files of a source: those still to be read, oldest first, the last of them being the
 * log of now; and those that were left but into which somebody may still write.
 */
#ifndef BANISH_SOURCE_QUEUE_H
#define BANISH_SOURCE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "source/tail.h"
#include "source/trail.h"
#include "source/watch.h"

#define QUEUE_MAX (2 * TRAIL_MAX)
#define QUEUE_LEFT 4
#define QUEUE_LINGER 60000 /* ms that a file that was left is still read */

struct queue {
	struct watch *watch;
	struct tail *tails[QUEUE_MAX];
	size_t count;
	struct tail *left[QUEUE_LEFT];
	size_t left_count;
};

struct tail *queue_front(const struct queue *queue); /* or NULL */
struct tail *queue_last(const struct queue *queue);
bool queue_has_room(const struct queue *queue);
/* At the end, unless it is known; the queue owns it, and watches it. There is room. */
void queue_push(struct queue *queue, struct tail *tail);
/* Those of a trail that are not known yet, from place `at` on; `stale`: they were there at
 * start. How many. */
size_t queue_take(struct queue *queue, struct trail *trail, size_t at, bool stale);
/* Is it one of those to be read? */
bool queue_holds(const struct queue *queue, const struct stat *st);
/* Is a newer file than the front written already? */
bool queue_goes_on(const struct queue *queue);
/* Or was one touched, empty as it is? It may have been written, copied and cut. */
bool queue_touched(const struct queue *queue);
void queue_quiet(struct queue *queue); /* that was looked after */
/* The front was read to its end: it is left, and its place taken by the next. */
void queue_leave(struct queue *queue, int64_t ticks);
/* Take back the file that was left, if `st` is one. NULL: none is. */
struct tail *queue_return(struct queue *queue, const struct stat *st);
void queue_drop(struct queue *queue, size_t left); /* a file that was left, for good */
void queue_expire(struct queue *queue, int64_t ticks);
/* Not all that was there at start is handed over. */
bool queue_is_stale(const struct queue *queue);
void queue_close(struct queue *queue);

#endif
