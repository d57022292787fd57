/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "source/input.h"
#include "source/pipe.h"

struct input {
	struct source source;
	struct pipe *pipe; /* NULL: it ended */
	struct event *work;
};

static void input_ended(void *arg, int error)
{
	struct input *input = arg;

	pipe_close(input->pipe);
	input->pipe = NULL;
	source_turn(&input->source, SOURCE_WAITING, error ? error : -ENODATA);
}

static void input_work(evutil_socket_t fd, short what, void *arg)
{
	struct input *input = arg;

	(void)fd;
	(void)what;
	if (!input->pipe)
		return;
	source_enter(&input->source);
	source_turn(&input->source, SOURCE_LIVE, 0);
	if (!source_stopped(&input->source))
		pipe_resume(input->pipe);
	source_leave(&input->source);
}

static void input_resume(struct source *source)
{
	struct timeval at_once = {0};

	event_add(((struct input *)source)->work, &at_once);
}

static void input_position(const struct source *source, struct position *out)
{
	(void)source;
	*out = (struct position){0};
}

static void input_close(struct source *source)
{
	struct input *input = (struct input *)source;

	pipe_close(input->pipe);
	if (input->work)
		event_free(input->work);
	free(source->path);
	free(input);
}

static const struct source_kind input_kind = {
	.close = input_close,
	.position = input_position,
	.resume = input_resume,
};

int input_open(struct source **out, struct event_base *base, const char *name,
	       const struct source_events *events, void *arg)
{
	struct input *input = calloc(1, sizeof(*input));
	int err = -ENOMEM, fd;

	if (!input)
		return -ENOMEM;
	if (source_init(&input->source, &input_kind, base, name, events, arg))
		goto fail;
	input->work = evtimer_new(base, input_work, input);
	if (!input->work)
		goto fail;
	/* Beyond the three that whatever is started later inherits. */
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0) {
		err = -errno;
		goto fail;
	}
	err = pipe_open(&input->pipe, &input->source, fd, input_ended, input);
	if (err)
		goto fail;
	input_resume(&input->source);
	*out = &input->source;
	return 0;
fail:
	input_close(&input->source);
	return err;
}
