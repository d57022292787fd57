/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source that is a file: file.c reads, succession.c knows what to read next. */
#ifndef BANISH_SOURCE_FILE_H
#define BANISH_SOURCE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "source/block.h"
#include "source/kind.h"
#include "source/pipe.h"
#include "source/queue.h"
#include "source/watch.h"

struct file {
	struct source source;
	char *log;   /* the path of what is read: the source's, or of the file within it */
	bool folder; /* the source's path is a folder that multilog writes */
	struct watch *watch;
	struct event *work;
	struct block block;
	struct queue queue;
	struct pipe *fifo;    /* what is at the path, or was, or NULL */
	struct position from; /* to be found again; all zero: nothing */
	bool begun;	      /* there is something to read, or was */
	bool looked;
	bool fresh;	   /* nothing was at the path at start: all that comes is live */
	bool caught_up;	   /* what was there at start is handed over */
	bool look_again;   /* there was no room for newer files */
	bool look_soon;	   /* files were being renamed */
	int64_t postponed; /* moment_ticks(): since when, or 0 */
	unsigned postponed_looks;
	int missing; /* why the path names no file, or 0 */
	int64_t missing_since;
	int read_error;
};

/* As source_open(). */
int file_open(struct source **out, struct event_base *base, const char *path,
	      const struct position *from, const struct source_events *events, void *arg);
/* Go on after `ms`, 0: once others had their turn. */
void file_schedule(struct file *file, int64_t ms);

/* Follow what multilog writes in the folder that the path names, or the file of that name.
 * False: it does so already, or out of memory. */
bool file_enter(struct file *file, bool folder);
/* `err`: why the path names no file. A FIFO there is opened. 0 or why there is nothing. */
int file_fifo(struct file *file, int err);
/* See whether the path names another file. */
void file_look(struct file *file);
/* The front does not hold what was read of it. What was not read of it may be in a copy. True:
 * go on at once. */
bool file_cut(struct file *file);
/* The front was read to its end: see whether something comes before the next. 0, or -EAGAIN:
 * not now. */
int file_between(struct file *file);

#endif
