/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Enforcing's inside, for enforce.c and definition.c alone: the targets as they are defined,
 * and the change from one definition to the next.
 */
#ifndef BANISH_DEFINITION_H
#define BANISH_DEFINITION_H

#include "closing.h"
#include "connections.h"
#include "enforce.h"
#include "holding.h"
#include "wanted.h"

struct enforce {
	struct targets *targets;
	struct memory *memory;
	struct event *pump; /* active when there may be something to send */
	struct wanted wanted;
	struct closing closing;
	struct connections connections;
	struct holding *holdings;
	size_t count;
	bool hold_back;		 /* the first sync leaves nothing */
	bool flush;		 /* one is under way in some target */
	size_t first;		 /* whose sync goes first: everyone in turn */
	const struct conf *conf; /* what the targets were last defined by */
	uint64_t epoch;		 /* counts definitions */
	int64_t looked;		 /* ticks: when silent targets were last synced */
	const struct conf *next; /* to be defined when dropped targets are empty */
	const struct enforce_events *events;
	void *arg;
};

/* Look soon for something to send. */
void enforce_pump(struct enforce *enforce);
/* The targets anew, from nothing: each says `ready`, and is synced. 0, -ENOMEM. */
int definition_make(struct enforce *enforce, const struct conf *conf);
void definition_clear(struct enforce *enforce);
/* Is there a target that could not be used? */
bool definition_has_error(const struct enforce *enforce);

#endif
