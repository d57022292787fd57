/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads one file, and knows its fingerprints. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "source/tail.h"

#define BEGIN_MIN 32 /* shorter first lines, without a time, begin other logs as well */

int tail_stat(int dir, const char *name, struct stat *out)
{
	struct stat st;

	if (fstatat(dir, name, &st, 0))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	*out = st;
	return 0;
}

static void tail_saw(struct tail *tail, const struct stat *st)
{
	tail->size = (uint64_t)st->st_size;
	tail->written = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

int tail_open(struct tail **out, int dir, const char *name)
{
	struct tail *tail;
	struct stat st;
	int err = tail_stat(dir, name, &st);

	if (err)
		return err;
	tail = calloc(1, sizeof(*tail));
	if (!tail)
		return -ENOMEM;
	tail->wd = -1;
	tail->fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (tail->fd < 0 || fstat(tail->fd, &st)) {
		err = -errno;
		goto fail;
	}
	err = -EINVAL;
	if (!S_ISREG(st.st_mode))
		goto fail;
	tail->dev = st.st_dev;
	tail->ino = st.st_ino;
	tail_saw(tail, &st);
	tail->quiet = tail->written;
	err = tail_seek(tail, 0);
	if (err)
		goto fail;
	*out = tail;
	return 0;
fail:
	tail_close(tail);
	return err;
}

void tail_close(struct tail *tail)
{
	if (!tail)
		return;
	if (tail->fd >= 0)
		close(tail->fd);
	free(tail);
}

bool tail_is(const struct tail *tail, const struct stat *st)
{
	return tail->dev == st->st_dev && tail->ino == st->st_ino;
}

static bool hash_is(const struct tail *tail, uint64_t at, uint32_t len, uint64_t hash)
{
	char bytes[TAIL_HEAD];

	if (len > sizeof(bytes))
		return false;
	if (!len)
		return true;
	if (pread(tail->fd, bytes, len, (off_t)at) != (ssize_t)len)
		return false;
	return hash_fingerprint(bytes, len) == hash;
}

/* Then the last bytes say nothing more, and a shorter begin stands in their place. */
static bool is_all_head(const struct position *position)
{
	return position->offset <= position->head_len;
}

bool tail_matches(const struct tail *tail, const struct position *position)
{
	struct stat st;

	if (fstat(tail->fd, &st) || (uint64_t)st.st_size < position->offset ||
	    !hash_is(tail, 0, position->head_len, position->head))
		return false;
	if (is_all_head(position))
		return true;
	return position->tail_len <= position->offset &&
	       hash_is(tail, position->offset - position->tail_len, position->tail_len,
		       position->tail);
}

bool tail_begins(const struct tail *tail, const struct position *position)
{
	if (position->head_len && hash_is(tail, 0, position->head_len, position->head))
		return true;
	return is_all_head(position) && position->tail_len >= BEGIN_MIN &&
	       hash_is(tail, 0, position->tail_len, position->tail);
}

bool tail_begins_alike(const struct tail *a, const struct tail *b)
{
	char head[2][TAIL_HEAD];
	ssize_t a_len = pread(a->fd, head[0], TAIL_HEAD, 0);
	ssize_t b_len = pread(b->fd, head[1], TAIL_HEAD, 0);
	ssize_t len = a_len < b_len ? a_len : b_len;

	return len > 0 && !memcmp(head[0], head[1], (size_t)len);
}

bool tail_copies(const struct tail *tail, const struct tail *log)
{
	struct statx one, two;

	if (!tail_begins_alike(tail, log))
		return false;
	if (statx(tail->fd, "", AT_EMPTY_PATH, STATX_BTIME, &one) ||
	    statx(log->fd, "", AT_EMPTY_PATH, STATX_BTIME, &two) ||
	    !(one.stx_mask & two.stx_mask & STATX_BTIME))
		return true;
	if (one.stx_btime.tv_sec != two.stx_btime.tv_sec)
		return one.stx_btime.tv_sec > two.stx_btime.tv_sec;
	return one.stx_btime.tv_nsec >= two.stx_btime.tv_nsec;
}

int tail_seek(struct tail *tail, uint64_t offset)
{
	size_t want = offset < sizeof(tail->end) ? offset : sizeof(tail->end);
	ssize_t head = pread(tail->fd, tail->head, sizeof(tail->head), 0);
	ssize_t end = want ? pread(tail->fd, tail->end, want, (off_t)(offset - want)) : 0;

	if (head < 0 || end < 0)
		return -errno;
	if ((size_t)end != want)
		return -ESTALE;
	tail->head_len = (uint32_t)head;
	tail->end_len = (uint32_t)end;
	tail->offset = offset;
	/* Handed over without its newline, so it was too long: its rest is no line. A NUL is
	 * the end of a hole that was skipped. */
	tail->skip = end && tail->end[end - 1] != '\n' && tail->end[end - 1] != '\0';
	return 0;
}

void tail_rewind(struct tail *tail)
{
	tail->offset = tail->stale = tail->found = 0;
	tail->head_len = tail->end_len = 0;
	tail->skip = false;
	tail->was_cut = true;
}

/* Is the begin of the file what it was? What was appended since, up to the length of a head,
 * joins it. */
static int tail_check_head(struct tail *tail)
{
	char bytes[TAIL_HEAD];
	ssize_t got = pread(tail->fd, bytes, sizeof(bytes), 0);

	if (got < 0)
		return -errno;
	if ((size_t)got < tail->head_len || memcmp(bytes, tail->head, tail->head_len) != 0)
		return -ESTALE;
	memcpy(tail->head + tail->head_len, bytes + tail->head_len,
	       (size_t)got - tail->head_len);
	tail->head_len = (uint32_t)got;
	return 0;
}

int tail_look(struct tail *tail)
{
	struct stat st;

	if (fstat(tail->fd, &st))
		return -errno;
	tail_saw(tail, &st);
	return tail_check_head(tail);
}

/*
 * A writer that does not append (O_APPEND) goes on at its old offset after the file was cut,
 * and leaves a hole before it, which would make one overlong line with the first real one.
 */
static void tail_skip_hole(struct tail *tail)
{
	off_t data = lseek(tail->fd, 0, SEEK_DATA);
	char bytes[4096];
	ssize_t got, i = 0;

	if (data <= 0)
		return;
	got = pread(tail->fd, bytes, sizeof(bytes), data);
	while (i < got && !bytes[i])
		i++;
	if (tail_seek(tail, (uint64_t)(data + i)))
		tail_rewind(tail);
}

int tail_fill(struct tail *tail, struct block *block, size_t max)
{
	int err = tail_look(tail);
	size_t want;
	ssize_t got;

	if (err)
		return err;
	if (tail->size < tail->offset)
		return -ESTALE;
	if (tail->was_cut && !tail->offset && tail->size)
		tail_skip_hole(tail);
	want = tail->size - tail->offset < max ? tail->size - tail->offset : max;
	want += tail->end_len;
	got = pread(tail->fd, block->bytes, want, (off_t)(tail->offset - tail->end_len));
	if (got < 0)
		return -errno;
	if ((size_t)got < tail->end_len || memcmp(block->bytes, tail->end, tail->end_len) != 0)
		return -ESTALE;
	block->next = tail->end_len;
	block->end = (size_t)got;
	return 0;
}

void tail_advance(struct tail *tail, struct block *block, size_t used)
{
	tail->offset += used - block->next;
	tail->end_len = (uint32_t)(used < sizeof(tail->end) ? used : sizeof(tail->end));
	memcpy(tail->end, block->bytes + used - tail->end_len, tail->end_len);
	block->next = used;
}

/* The first line, or what of it there is room for. */
static uint32_t begin_of(const struct tail *tail)
{
	size_t len = tail->head_len < sizeof(tail->end) ? tail->head_len : sizeof(tail->end);
	const char *newline = memchr(tail->head, '\n', len);

	return (uint32_t)(newline ? newline + 1 - tail->head : (ptrdiff_t)len);
}

void tail_position(const struct tail *tail, struct position *out)
{
	*out = (struct position){
		.inode = tail->ino,
		.offset = tail->offset,
		.head = hash_fingerprint(tail->head, tail->head_len),
		.tail = hash_fingerprint(tail->end, tail->end_len),
		.head_len = tail->head_len,
		.tail_len = tail->end_len,
	};
	if (is_all_head(out)) {
		out->tail_len = begin_of(tail);
		out->tail = hash_fingerprint(tail->head, out->tail_len);
	}
}
