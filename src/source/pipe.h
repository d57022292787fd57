/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines out of a descriptor whose bytes are there once: a FIFO, a pipe, a terminal. Its source
 * owns it and hands over what it reads.
 */
#ifndef BANISH_SOURCE_PIPE_H
#define BANISH_SOURCE_PIPE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "source/kind.h"

struct pipe;

/* All is read and handed over, or reading failed (-errno). It may close the pipe. */
typedef void pipe_ended(void *arg, int error);

/* Takes `fd`, which may block, also when it fails. 0 or -ENOMEM. */
int pipe_open(struct pipe **out, struct source *source, int fd, pipe_ended *ended, void *arg);
void pipe_close(struct pipe *pipe); /* takes NULL; what was not handed over is lost */
/* To be called when its source goes on after a pause; without one it does no harm. */
void pipe_resume(struct pipe *pipe);
/* Hand over, within a turn of the source, what is in it by now. False: not all of it, for a
 * pause. */
bool pipe_drain(struct pipe *pipe);
bool pipe_is(const struct pipe *pipe, const struct stat *st);

#endif
