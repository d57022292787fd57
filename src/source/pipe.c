/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a stream of bytes without ever waiting for it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "source/block.h"
#include "source/pipe.h"

#define DRAIN_MAX (4 * 1024 * 1024) /* more than a pipe holds */

struct pipe {
	struct source *source;
	pipe_ended *ended;
	void *arg;
	int fd;
	dev_t dev;
	ino_t ino;
	bool live;
	bool skip; /* within a line that was cut */
	bool done;
	struct event *ready;
	bool polled; /* `ready` waits for the descriptor, not for the time */
	struct block block;
};

/* A regular file and /dev/null are always ready, and epoll refuses them. */
static bool can_poll(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	int probe = epoll_create1(EPOLL_CLOEXEC);
	bool can = probe >= 0 && !epoll_ctl(probe, EPOLL_CTL_ADD, fd, &event);

	if (probe >= 0)
		close(probe);
	return can;
}

/* O_NONBLOCK would be set for everyone who shares the terminal or the pipe. */
static bool would_block(int fd)
{
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};

	return poll(&pollfd, 1, 0) <= 0;
}

static void hand_lines(struct pipe *pipe)
{
	struct block *block = &pipe->block;
	struct run run;

	while (!source_stopped(pipe->source) && block_run(block, &pipe->skip, &run)) {
		block->next = run.used;
		if (!run.len)
			continue;
		if (run.cut) {
			run.at[run.len - 1] = '\n';
			pipe->source->counts.cut++;
		}
		source_hand(pipe->source, (struct text){run.at, run.len}, pipe->live);
	}
}

/* The last line may have no newline: it gets one. */
static void hand_rest(struct pipe *pipe)
{
	struct block *block = &pipe->block;
	struct text rest = {block->bytes + block->next, block->end - block->next + 1};

	if (block->end == block->next)
		return;
	block->bytes[block->end] = '\n';
	block->next = block->end;
	source_hand(pipe->source, rest, pipe->live);
}

/* All whole lines were handed over: the begin of one makes room behind it. */
static void make_room(struct block *block)
{
	size_t left = block->end - block->next;

	memmove(block->bytes, block->bytes + block->next, left);
	block->next = 0;
	block->end = left;
}

static void pipe_end(struct pipe *pipe, int error)
{
	event_del(pipe->ready);
	pipe->done = true;
	pipe->source->counts.errors += error != 0;
	hand_rest(pipe);
	if (!pipe->source->closing)
		pipe->ended(pipe->arg, error);
}

/* Bytes read, 0: none for now, or -errno; -ENODATA: its end. */
static ssize_t pipe_read(struct pipe *pipe)
{
	struct block *block = &pipe->block;
	ssize_t got;

	if (would_block(pipe->fd)) {
		if (block->next == block->end)
			block_rest(block);
		return 0;
	}
	make_room(block);
	got = read(pipe->fd, block->bytes + block->end, BLOCK_BYTES - block->end);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	block->end += (size_t)got;
	return got ? got : -ENODATA;
}

static void pipe_turn(struct pipe *pipe)
{
	ssize_t got = 0;

	hand_lines(pipe);
	if (!source_stopped(pipe->source)) {
		got = pipe_read(pipe);
		hand_lines(pipe);
	}
	if (got < 0)
		pipe_end(pipe, got == -ENODATA ? 0 : (int)got);
}

/* What is always ready is read again once others had their turn. */
static void wait_ready(struct pipe *pipe)
{
	static const struct timeval at_once;

	event_add(pipe->ready, pipe->polled ? NULL : &at_once);
}

static void pipe_ready(evutil_socket_t fd, short what, void *arg)
{
	struct pipe *pipe = arg;
	struct source *source = pipe->source;

	(void)fd;
	(void)what;
	source_enter(source);
	if (source_stopped(source)) {
		event_del(pipe->ready);
	} else {
		wait_ready(pipe);
		pipe_turn(pipe);
	}
	source_leave(source);
}

bool pipe_drain(struct pipe *pipe)
{
	ssize_t got = 1;

	for (size_t sum = 0; got > 0 && sum < DRAIN_MAX; sum += (size_t)got) {
		hand_lines(pipe);
		if (source_stopped(pipe->source))
			return false;
		got = pipe->done ? 0 : pipe_read(pipe);
		if (got <= 0)
			break;
	}
	hand_lines(pipe);
	if (source_stopped(pipe->source))
		return false;
	hand_rest(pipe);
	return true;
}

void pipe_resume(struct pipe *pipe)
{
	if (pipe->done)
		return;
	wait_ready(pipe);
	/* There may be lines that were read before, and nothing behind them. */
	if (pipe->block.next < pipe->block.end)
		event_active(pipe->ready, EV_READ, 0);
}

bool pipe_is(const struct pipe *pipe, const struct stat *st)
{
	return pipe->dev == st->st_dev && pipe->ino == st->st_ino;
}

void pipe_close(struct pipe *pipe)
{
	if (!pipe)
		return;
	if (pipe->ready)
		event_free(pipe->ready);
	block_close(&pipe->block);
	close(pipe->fd);
	free(pipe);
}

int pipe_open(struct pipe **out, struct source *source, int fd, pipe_ended *ended, void *arg)
{
	struct pipe *pipe = calloc(1, sizeof(*pipe));
	struct stat st = {0};

	if (!pipe) {
		close(fd);
		return -ENOMEM;
	}
	fstat(fd, &st);
	pipe->source = source;
	pipe->ended = ended;
	pipe->arg = arg;
	pipe->fd = fd;
	pipe->dev = st.st_dev;
	pipe->ino = st.st_ino;
	/* Somebody may give an old log as standard input. */
	pipe->live = !S_ISREG(st.st_mode);
	pipe->polled = can_poll(fd);
	pipe->ready = event_new(source->base, pipe->polled ? fd : -1,
				pipe->polled ? EV_READ | EV_PERSIST : 0, pipe_ready, pipe);
	if (!pipe->ready || block_open(&pipe->block))
		goto fail;
	*out = pipe;
	pipe_resume(pipe);
	return 0;
fail:
	pipe_close(pipe);
	return -ENOMEM;
}
