/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path of a file may name a FIFO, from the start or later: that is read as it is, by what
 * follows the path. It is open for reading alone, which asks for no more permission than a file
 * does: the end that a last writer leaves is answered by opening it again, before it is closed,
 * so that no writer finds nobody there.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/file.h"
#include "source/pipe.h"

static void fifo_ended(void *arg, int error);

static int fifo_open(struct file *file)
{
	int fd = open(file->log, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), err;
	struct pipe *fifo;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISFIFO(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	err = pipe_open(&fifo, &file->source, fd, fifo_ended, file);
	if (err)
		return err;
	pipe_close(file->fifo);
	file->fifo = fifo;
	return 0;
}

static void fifo_ended(void *arg, int error)
{
	struct file *file = arg;

	/* After an error the next look opens it: at once could be for ever. */
	if (!error)
		error = fifo_open(file);
	if (!error)
		return;
	pipe_close(file->fifo);
	file->fifo = NULL;
}

/* Whoever writes to a FIFO whose name is gone still may, until something else has the name. */
int file_fifo(struct file *file, int err)
{
	struct stat st = {0};
	bool found = err == -EINVAL && !stat(file->log, &st) && S_ISFIFO(st.st_mode);

	if (found && file->fifo && pipe_is(file->fifo, &st))
		return 0;
	if (err && !found)
		return err;
	if (file->fifo && !pipe_drain(file->fifo)) {
		file->look_soon = true;
		return 0;
	}
	if (found)
		return fifo_open(file);
	pipe_close(file->fifo);
	file->fifo = NULL;
	return err;
}
