/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions of sendmail that only wait for a command, for too long: their connections are ended
 * by the helper, and sendmail's process ends by itself. A round lists the connections, looks at
 * all processes a few at a time, and ends those of which both say so.
 */
#ifndef BANISH_REAPER_H
#define BANISH_REAPER_H

#include <event2/event.h>

#include "control/control.h"
#include "enforce.h"
#include "resolve/resolve.h"

struct reaper_counts {
	uint64_t rounds;
	uint64_t ended;	 /* connections */
	uint64_t spared; /* of the last round: old enough, but perhaps of a session at work */
	int error;	 /* of the last round, -errno */
};

/* What a round found. */
struct reaper_round {
	const struct reap_row *rows;
	size_t count;
	uint64_t ended; /* so many connections, as the kernel says; 0 in a dry round */
	int error;	/* 0 or -errno: then there are no rows */
};

typedef void reaper_done(void *arg, struct call *call, const struct reaper_round *round);

struct reaper;

/* `done` answers those who asked for a round. 0 or -ENOMEM. */
int reaper_open(struct reaper **out, struct event_base *base, struct enforce *enforce,
		reaper_done *done, void *arg);
void reaper_close(struct reaper *reaper); /* takes NULL */
/* The rule from now on; NULL: nobody is reaped. */
void reaper_use(struct reaper *reaper, const struct conf_reaper *rule);
bool reaper_has_rule(const struct reaper *reaper);
/* A round for this caller, which ends nothing when it is `dry`. -EBUSY: too many wait. */
int reaper_ask(struct reaper *reaper, struct call *call, bool dry);
void reaper_drop(struct reaper *reaper, const struct call *call); /* the caller went away */
/* To be called every second, and when the helper has room. */
void reaper_pump(struct reaper *reaper);
/* An error of a round, for a person. */
const char *reaper_why(int error);
struct reaper_counts reaper_counts(const struct reaper *reaper);

#endif
