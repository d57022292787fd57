/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file comes after which: follows a path through all that rotations do to it. */
#include <errno.h>
#include <fcntl.h>

#include "base/moment.h"
#include "source/file.h"
#include "source/trail.h"

#define POSTPONE_MS 10 /* until a rotation that is going on may be over */
/* Where inodes and folders never agree (overlayfs), it never is. Looks count as well: between
 * two of them a busy machine lets others do a lot. */
#define POSTPONE_MAX_MS 500
#define POSTPONE_LOOKS 30

static bool is_found(const struct file *file, struct tail *log)
{
	return log->ino == file->from.inode && tail_matches(log, &file->from) &&
	       !tail_seek(log, file->from.offset);
}

static void push_log(struct file *file, struct tail *log, const struct trail *trail, bool stale)
{
	if (trail->more) {
		file->look_again = true;
		tail_close(log);
		return;
	}
	log->stale = stale ? log->size : 0;
	queue_push(&file->queue, log);
}

/* What was found of the past may not be all of it: forget it, and look once more. */
static bool postpone(struct file *file, struct trail *trail, int err)
{
	int64_t now = moment_ticks();

	if (!file->postponed)
		file->postponed = now;
	if (err != -EAGAIN || (now - file->postponed > POSTPONE_MAX_MS &&
			       file->postponed_looks >= POSTPONE_LOOKS)) {
		file->postponed = 0;
		file->postponed_looks = 0;
		return false;
	}
	file->postponed_looks++;
	trail_close(trail);
	file_schedule(file, POSTPONE_MS);
	return true;
}

/* The first files: the log, and before it what was rotated since `from`. 0 or why there is no
 * log. */
static int file_begin(struct file *file)
{
	struct trail trail = {0};
	struct tail *log = NULL;
	int err = tail_open(&log, AT_FDCWD, file->log);
	bool found = log && file->from.inode && is_found(file, log);

	if (!file->looked)
		file->fresh = err == -ENOENT || err == -ENOTDIR;
	file->looked = true;
	if (file->from.inode && !found) {
		if (postpone(file, &trail, trail_from(&trail, file->log, &file->from, log))) {
			tail_close(log);
			return err;
		}
		file->source.counts.rotations += log || trail.count;
		/* A copy of what was read is the work of copytruncate, and of no power cut. */
		if (log && log->ino == file->from.inode && !trail.count)
			log->again = tail_begins(log, &file->from);
	}
	if (!found && !trail.count && file->folder &&
	    postpone(file, &trail, trail_all(&trail, file->log, log))) {
		tail_close(log);
		return err;
	}
	queue_take(&file->queue, &trail, 0, true);
	if (log)
		push_log(file, log, &trail, found || !file->fresh);
	file->begun = file->queue.count > 0;
	return err;
}

/* Another file at the path: those between it and the last that we know, and it. */
static int file_switch(struct file *file)
{
	bool stale = !file->caught_up && !file->fresh;
	struct trail trail = {0};
	struct tail *log;
	int err = tail_open(&log, AT_FDCWD, file->log);

	if (err)
		return err;
	err = trail_between(&trail, file->log, queue_last(&file->queue), log);
	if (postpone(file, &trail, err)) {
		file->look_soon = true;
		tail_close(log);
		return 0;
	}
	queue_take(&file->queue, &trail, file->queue.count, stale);
	push_log(file, log, &trail, stale);
	file->source.counts.rotations++;
	return 0;
}

static int file_check(struct file *file)
{
	struct tail *back;
	struct stat st;
	int err = tail_stat(AT_FDCWD, file->log, &st);

	if (err)
		return err;
	if (queue_holds(&file->queue, &st))
		return 0;
	if (!queue_has_room(&file->queue)) {
		file->look_again = true;
		return 0;
	}
	back = queue_return(&file->queue, &st);
	if (!back)
		return file_switch(file);
	queue_push(&file->queue, back);
	return 0;
}

static int look(struct file *file)
{
	watch_aim(file->watch);
	return file->begun ? file_check(file) : file_begin(file);
}

void file_look(struct file *file)
{
	int err;

	file->look_again = file->look_soon = false;
	err = look(file);
	if ((err == -EISDIR && file_enter(file, true)) ||
	    (err == -ENOTDIR && file_enter(file, false)))
		err = look(file);
	err = file_fifo(file, err);
	if (err && !file->missing)
		file->missing_since = moment_ticks();
	file->missing = err;
}

/*
 * A copy is what it was no more: its name serves for the next copy ("cp log log.1; : >log"). As
 * long as it is the front, nothing was read of the log since the last cut, so that the new copy
 * is all new, unless the log still holds the same.
 */
static void copy_cut(struct file *file, struct tail *copy)
{
	struct tail *next = file->queue.count > 1 ? file->queue.tails[1] : NULL;

	tail_rewind(copy);
	if (!next || tail_look(copy) || !next->size)
		return;
	tail_look(next);
	if (next->size && (!copy->size || tail_begins_alike(copy, next)))
		queue_leave(&file->queue, moment_ticks());
}

bool file_cut(struct file *file)
{
	struct tail *front = queue_front(&file->queue);
	struct trail trail = {0};
	uint64_t stale = front->stale;
	struct position position;

	if (front->copy) {
		copy_cut(file, front);
		return true;
	}
	tail_position(front, &position);
	if (postpone(file, &trail, trail_from(&trail, file->log, &position, front)))
		return false;
	tail_rewind(front);
	front->quiet = front->written;
	tail_look(front);
	if (queue_take(&file->queue, &trail, 0, false))
		queue_front(&file->queue)->stale = stale;
	file->source.counts.rotations++;
	return true;
}

/*
 * The front was read to its end, and nothing of the next. That may have been written, copied
 * and cut since it was found: the copies come first. 0 or -EAGAIN: not now.
 */
int file_between(struct file *file)
{
	struct queue *queue = &file->queue;
	struct tail *next = queue->tails[1];
	struct trail trail = {0};
	bool empty = !next->head_len;
	int64_t written = next->written;
	int err;

	if (!queue_has_room(queue))
		return 0;
	err = trail_between(&trail, file->log, queue->tails[0], next);
	/* Cut while we looked: its copy may be in the trail, or not. */
	if (tail_look(next) == -ESTALE || (empty && next->written != written))
		err = -EAGAIN;
	if (postpone(file, &trail, err))
		return -EAGAIN;
	queue_take(queue, &trail, 1, !file->caught_up && !file->fresh);
	queue_quiet(queue);
	return 0;
}
