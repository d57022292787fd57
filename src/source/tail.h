/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One open file and how far it was read. The first and the last bytes that were seen are kept:
 * they make the position's fingerprints, and they show that the file was cut and written anew.
 */
#ifndef BANISH_SOURCE_TAIL_H
#define BANISH_SOURCE_TAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/position.h"
#include "source/block.h"

#define TAIL_HEAD 256

struct tail {
	int fd;
	int wd; /* of its watch, or -1 */
	dev_t dev;
	ino_t ino;
	uint64_t offset; /* the first byte not handed over */
	uint64_t stale;	 /* bytes before this offset were there at start: not live */
	uint64_t
		found; /* of these, with the begin of a line that is live when it is finished */
	uint64_t size; /* of the file, when last looked */
	int64_t written; /* its mtime in ns, when last looked */
	int64_t quiet;	 /* the same, when last looked for copies of what it held */
	int64_t until;	 /* moment_ticks(): how long a file that was left is still read */
	bool skip;	 /* within a line that was cut */
	bool was_cut;
	bool again; /* begins as what was read, and lost its end: as in struct lines */
	bool copy;  /* of the log, by whoever cut that: not what is written to */
	uint32_t head_len, end_len;
	char head[TAIL_HEAD];
	char end[BLOCK_BEFORE]; /* the bytes before offset */
};

/* What `name` in `dir` (or AT_FDCWD) is: 0 for a regular file, else -EISDIR, -EINVAL for what
 * is no file at all, or the errno of stat. */
int tail_stat(int dir, const char *name, struct stat *out);
/* At offset 0. 0, -ENOMEM, or as tail_stat() and open. Does not block and opens no device. */
int tail_open(struct tail **out, int dir, const char *name);
void tail_close(struct tail *tail); /* takes NULL */
bool tail_is(const struct tail *tail, const struct stat *st);
/* Do its contents continue those that `position` was taken of? The inode is not looked at. */
bool tail_matches(const struct tail *tail, const struct position *position);
/* Do they begin alike? */
bool tail_begins(const struct tail *tail, const struct position *position);
/* Do both begin, by now, with the same bytes, as far as the shorter head goes? */
bool tail_begins_alike(const struct tail *a, const struct tail *b);
/* Was `tail` made after `log` was, which begins alike? Then it is a copy, complete or not, and
 * the log was not cut yet. */
bool tail_copies(const struct tail *tail, const struct tail *log);
/* Go on from `offset`. 0 or -errno. */
int tail_seek(struct tail *tail, uint64_t offset);
/* The file was cut: from its start, knowing nothing. */
void tail_rewind(struct tail *tail);
/* Bring size, written and head up to date. 0, -ESTALE when the head is another, or -errno. */
int tail_look(struct tail *tail);
/*
 * Read at most `max` bytes from offset into `block`. 0 (tail->size tells whether there is
 * more), -ESTALE when the file no longer holds what was read from it, or -errno.
 */
int tail_fill(struct tail *tail, struct block *block, size_t max);
/* Bytes of `block` up to index `used` are handed over. */
void tail_advance(struct tail *tail, struct block *block, size_t used);
void tail_position(const struct tail *tail, struct position *out);

#endif
