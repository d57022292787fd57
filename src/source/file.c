/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads one file after the other, and hands over their lines. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "source/file.h"
#include "source/stamp.h"
#include "source/tail.h"

#define UNFINISHED_MS 1000 /* for the rest of a last line, before its file is left */
#define MISSING_MS 1000	   /* a rotation takes less: the path names no file for a moment */

void file_schedule(struct file *file, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	/* A timer even when it is due: an event made active at once would run before the loop
	 * looks at other descriptors. */
	event_add(file->work, &tv);
}

static void file_hand(struct file *file, struct tail *tail, const struct run *run, bool live)
{
	tail_advance(tail, &file->block, run->used);
	if (!run->len)
		return;
	if (run->cut) {
		run->at[run->len - 1] = '\n';
		file->source.counts.cut++;
	}
	file->source.again = tail->again && !live;
	source_hand(&file->source, (struct text){run->at, run->len}, live);
}

/* One block. 1: there may be more, 0: the end, an unfinished line stays in the block; or
 * -errno. */
static int file_read(struct file *file, struct tail *tail)
{
	uint64_t from = tail->offset;
	bool stale = from < tail->stale;
	size_t max =
		stale && tail->stale - from < BLOCK_BYTES ? tail->stale - from : BLOCK_BYTES;
	int err = tail_fill(tail, &file->block, max);
	uint64_t end = tail->offset + file->block.end - file->block.next;
	struct run run;

	if (err)
		return err;
	while (!source_stopped(&file->source) && block_run(&file->block, &tail->skip, &run))
		file_hand(file, tail, &run, !stale);
	if (source_stopped(&file->source))
		return 1;
	/* What is left of it was an unfinished line at start, and is finished while we follow.
	 */
	if (stale && end >= tail->stale) {
		tail->found = tail->stale;
		tail->stale = tail->offset;
	}
	return end < tail->size;
}

/* The last line of a file that is left has no newline: it gets one. */
static void file_flush(struct file *file, struct tail *tail)
{
	struct block *block = &file->block;
	struct run run = {
		.at = block->bytes + block->next,
		.len = block->end - block->next + 1,
		.used = block->end,
	};

	if (block->end == block->next)
		return;
	tail_advance(tail, block, block->end);
	tail->skip = true;
	run.at[run.len - 1] = '\n';
	/* If anybody did finish it: all of a line that was there at start is no news. */
	source_hand(&file->source, (struct text){run.at, run.len},
		    tail->offset > tail->stale && tail->offset > tail->found);
}

/* How long the unfinished last line of a file that was replaced may still be finished. */
static int64_t unfinished_left(const struct file *file, const struct tail *tail)
{
	int64_t quiet = moment_now() - tail->written / 1000000;

	if (file->block.end == file->block.next || quiet < 0 || quiet >= UNFINISHED_MS)
		return 0;
	return UNFINISHED_MS - quiet;
}

/* True: go on with the next. */
static bool file_leave(struct file *file)
{
	int64_t wait = unfinished_left(file, queue_front(&file->queue));

	if (wait) {
		file_schedule(file, wait);
		return false;
	}
	if (file_between(file))
		return false;
	file_flush(file, queue_front(&file->queue));
	queue_leave(&file->queue, moment_ticks());
	if (file->look_again)
		file_look(file);
	return true;
}

/*
 * One block of the oldest file. It is left once it is read to its end and a newer one is
 * written: until a daemon was told to reopen its log, it writes to the old file. True: go on.
 */
static bool file_front(struct file *file)
{
	struct tail *front = queue_front(&file->queue);
	/* Looked at before the end is: what is written to the front until then is read. */
	bool goes_on = queue_goes_on(&file->queue);
	int ret = file_read(file, front);

	file->read_error = ret < 0 && ret != -ESTALE ? ret : 0;
	if (ret == -ESTALE)
		return file_cut(file);
	if (ret < 0)
		file->source.counts.errors++;
	if (ret)
		return ret == 1;
	if (goes_on)
		return file_leave(file);
	return queue_touched(&file->queue) && !file_between(file);
}

static bool file_left(struct file *file)
{
	bool more = false;

	queue_expire(&file->queue, moment_ticks());
	for (size_t i = 0; i < file->queue.left_count && !source_stopped(&file->source);) {
		int ret = file_read(file, file->queue.left[i]);

		if (ret < 0)
			queue_drop(&file->queue, i);
		else
			i++;
		more |= ret > 0;
	}
	return more;
}

static void file_tell(struct file *file)
{
	bool away = file->missing &&
		    (!file->begun || moment_ticks() - file->missing_since >= MISSING_MS);

	file->caught_up |= file->fifo || (file->begun && !queue_is_stale(&file->queue));
	if (file->read_error || away)
		source_turn(&file->source, SOURCE_WAITING,
			    file->read_error ? file->read_error : file->missing);
	else
		source_turn(&file->source, file->caught_up ? SOURCE_LIVE : SOURCE_READING, 0);
}

static void file_turn(struct file *file, bool names)
{
	bool more = false;

	source_enter(&file->source);
	if (names || !file->begun || file->look_soon)
		file_look(file);
	if (!source_stopped(&file->source))
		more = file_left(file);
	if (!source_stopped(&file->source) && queue_front(&file->queue))
		more |= file_front(file);
	if (more && !source_stopped(&file->source))
		file_schedule(file, 0);
	else
		block_rest(&file->block);
	if (file->fifo && !source_stopped(&file->source))
		pipe_resume(file->fifo);
	file_tell(file);
	source_leave(&file->source);
}

static void file_changed(void *arg, bool names)
{
	file_turn(arg, names);
}

static void file_work(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	file_turn(arg, false);
}

static void file_close(struct source *source)
{
	struct file *file = (struct file *)source;

	if (file->work)
		event_free(file->work);
	queue_close(&file->queue);
	pipe_close(file->fifo);
	watch_close(file->watch);
	block_close(&file->block);
	free(file->log);
	free(source->path);
	free(file);
}

static void file_position(const struct source *source, struct position *out)
{
	const struct file *file = (const struct file *)source;

	if (queue_front(&file->queue))
		tail_position(queue_front(&file->queue), out);
	else
		*out = file->from;
}

static void file_resume(struct source *source)
{
	file_schedule((struct file *)source, 0);
}

static const struct source_kind file_kind = {
	.close = file_close,
	.position = file_position,
	.resume = file_resume,
};

bool file_enter(struct file *file, bool folder)
{
	char *log;

	if (file->folder == folder ||
	    asprintf(&log, "%s%s", file->source.path, folder ? "/" STAMP_CURRENT : "") < 0)
		return false;
	if (watch_lead(file->watch, log)) {
		free(log);
		return false;
	}
	free(file->log);
	file->log = log;
	file->folder = folder;
	return true;
}

int file_open(struct source **out, struct event_base *base, const char *path,
	      const struct position *from, const struct source_events *events, void *arg)
{
	struct file *file;
	int err = -ENOMEM;

	if (strlen(path) + sizeof("/" STAMP_CURRENT) > PATH_MAX)
		return -EINVAL;
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	if (source_init(&file->source, &file_kind, base, path, events, arg))
		goto fail;
	if (from)
		file->from = *from;
	file->log = strdup(path);
	file->work = evtimer_new(base, file_work, file);
	if (!file->log || !file->work || block_open(&file->block))
		goto fail;
	err = watch_open(&file->watch, base, path, file_changed, file);
	if (err)
		goto fail;
	file->queue.watch = file->watch;
	file_schedule(file, 0);
	*out = &file->source;
	return 0;
fail:
	file_close(&file->source);
	return err;
}
