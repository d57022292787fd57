/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door: what a caller sees of a source, whatever its kind. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "source/block.h"
#include "source/file.h"
#include "source/given.h"
#include "source/input.h"
#include "source/journal.h"
#include "source/kind.h"
#include "source/source.h"
#include "source/syslog.h"

int source_init(struct source *source, const struct source_kind *kind, struct event_base *base,
		const char *path, const struct source_events *events, void *arg)
{
	*source = (struct source){
		.kind = kind,
		.base = base,
		.events = events,
		.arg = arg,
		.path = strdup(path),
		.state = SOURCE_READING,
	};
	return source->path ? 0 : -ENOMEM;
}

void source_enter(struct source *source)
{
	source->depth++;
}

void source_leave(struct source *source)
{
	if (!--source->depth && source->closing)
		source_close(source);
}

bool source_stopped(const struct source *source)
{
	return source->paused || source->closing;
}

void source_hand(struct source *source, struct text text, bool live)
{
	source_hand_dated(source, text, TIME_NONE, live);
}

void source_hand_dated(struct source *source, struct text text, int64_t time, bool live)
{
	struct lines lines = {.text = text, .time = time, .live = live, .again = source->again};

	source->counts.lines += block_lines(text);
	source->counts.bytes += text.len;
	source->events->lines(source->arg, source, &lines);
}

void source_turn(struct source *source, enum source_state state, int error)
{
	if (source->closing || (source->state == state && source->error == error))
		return;
	source->state = state;
	source->error = error;
	if (source->events->state)
		source->events->state(source->arg, source, state);
}

int source_open(struct source **out, struct event_base *base, const char *path,
		const struct position *from, const struct source_events *events, void *arg)
{
	if (!path || !events || !events->lines)
		return -EINVAL;
	if (!strncmp(path, JOURNAL_NAME, strlen(JOURNAL_NAME)))
		return journal_open(out, base, path, from, events, arg);
	if (!strncmp(path, SYSLOG_NAME, strlen(SYSLOG_NAME)))
		return syslog_open(out, base, path, events, arg);
	if (!strncmp(path, GIVEN_NAME, strlen(GIVEN_NAME)))
		return given_open(out, base, path, events, arg);
	if (!strcmp(path, "-"))
		return input_open(out, base, path, events, arg);
	if (path[0] != '/')
		return -EINVAL;
	return file_open(out, base, path, from, events, arg);
}

void source_close(struct source *source)
{
	if (!source)
		return;
	if (source->depth) {
		source->closing = true;
		return;
	}
	source->kind->close(source);
}

const char *source_path(const struct source *source)
{
	return source->path;
}

void source_position(const struct source *source, struct position *out)
{
	source->kind->position(source, out);
}

struct source_counts source_counts(const struct source *source)
{
	return source->counts;
}

enum source_state source_state(const struct source *source)
{
	return source->state;
}

int source_error(const struct source *source)
{
	return source->error;
}

void source_pause(struct source *source, bool pause)
{
	bool resume = source->paused && !pause;

	source->paused = pause;
	if (resume)
		source->kind->resume(source);
}
