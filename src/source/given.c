/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "source/given.h"

static void given_close(struct source *source)
{
	free(source->path);
	free(source);
}

/* Nothing can be read again. */
static void given_position(const struct source *source, struct position *out)
{
	(void)source;
	*out = (struct position){0};
}

static void given_resume(struct source *source)
{
	(void)source;
}

static const struct source_kind given_kind = {
	.close = given_close,
	.position = given_position,
	.resume = given_resume,
};

int given_open(struct source **out, struct event_base *base, const char *name,
	       const struct source_events *events, void *arg)
{
	struct source *source = calloc(1, sizeof *source);

	if (!source || source_init(source, &given_kind, base, name, events, arg)) {
		free(source);
		return -ENOMEM;
	}
	*out = source;
	return 0;
}

bool source_give(struct source *source, struct text lines, int64_t time)
{
	if (source_stopped(source)) {
		source->counts.dropped++;
		return false;
	}
	source_enter(source);
	source_hand_dated(source, lines, time, true);
	source_leave(source);
	return true;
}

void source_told(struct source *source, int error)
{
	source_turn(source, error ? SOURCE_WAITING : SOURCE_LIVE, error);
}
