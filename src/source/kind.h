/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every kind of source has in common, and what a kind does for itself. A kind's object
 * begins with struct source; its _open() fills it with source_init().
 */
#ifndef BANISH_SOURCE_KIND_H
#define BANISH_SOURCE_KIND_H

#include <stdbool.h>

#include <event2/event.h>

#include "base/position.h"
#include "base/text.h"
#include "source/source.h"

struct source_kind {
	void (*close)(struct source *source); /* frees the object; half-built ones too */
	void (*position)(const struct source *source, struct position *out);
	void (*resume)(struct source *source); /* no longer paused: go on from the loop */
};

struct source {
	const struct source_kind *kind;
	struct event_base *base; /* the caller's */
	const struct source_events *events;
	void *arg;
	char *path;
	struct source_counts counts;
	enum source_state state;
	int error;
	bool again; /* of the lines that are handed over next */
	bool paused;
	bool closing; /* closed by a callback: ends when the turn does */
	unsigned int depth;
};

/* 0 or -ENOMEM. */
int source_init(struct source *source, const struct source_kind *kind, struct event_base *base,
		const char *path, const struct source_events *events, void *arg);
/* Around all that runs from the loop: a callback may close the source it is called for. */
void source_enter(struct source *source);
void source_leave(struct source *source); /* may free it */
/* Paused or closed: hand over nothing now. */
bool source_stopped(const struct source *source);
/* Count and hand over a run; the position is already behind it. */
void source_hand(struct source *source, struct text text, bool live);
/* The same for lines whose time is not in their text. */
void source_hand_dated(struct source *source, struct text text, int64_t time, bool live);
/* Set the state and tell, when it or the reason is another than before. */
void source_turn(struct source *source, enum source_state state, int error);

#endif
