/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share: all targets, and the talk with the helper. */
#ifndef BANISH_TARGET_TARGETS_H
#define BANISH_TARGET_TARGETS_H

#include "target/helper.h"
#include "target/options.h"
#include "target/target.h"
#include "target/window.h"

struct tcprules;

enum slot_state {
	SLOT_WANTED, /* to be defined */
	SLOT_ASKED,
	SLOT_RESTING, /* to be defined again in a moment */
	SLOT_READY,
	SLOT_FAILED,
};

struct slot {
	struct spec spec; /* owned */
	struct options options;
	uint32_t identity;
	enum slot_state state;
	struct tcprules *tcprules; /* owned; of a target of that kind */
};

struct targets {
	const struct targets_events *events;
	void *arg;
	struct helper helper;
	struct event *readable, *writable;
	struct event *soon; /* once around the loop: what must not be said from inside a call */

	struct slot slots[TARGETS_MAX];
	size_t count;
	struct targets_scale scale;
	uint32_t generation; /* of the definitions; answers to former ones are not passed on */
	bool known[TARGETS_MAX];  /* the worker has something under this number */
	bool forget[TARGETS_MAX]; /* and is to forget it before anything is defined */

	struct window window; /* asked of the helper */
	struct window local;  /* asked of null targets */
	uint32_t serial;      /* of the last request */
	uint32_t since;	      /* requests before this one went to a worker that died */
	bool greeted;	      /* a worker is there */
	bool hello_due;	      /* it has not been told that we know */
	bool broken;	      /* the socket failed: lost, as soon as it may be said */
	bool lost;

	bool query_due, query_asked;
	bool query_again; /* it failed: in a second */
	struct prefix *own;
	size_t own_count, own_room;

	struct targets_counts counts;
	union packet packet;
	struct target_change changes[TARGET_BATCH_MAX];
	int errors[TARGET_BATCH_MAX];
};

/* Watch the socket. 0 or -ENOMEM; what was made is freed by targets_close. */
int targets_watch(struct targets *targets, struct event_base *base);
/* Turn around the loop once more: at once, in a moment, or in a second. */
void targets_soon(struct targets *targets);
void targets_moment(struct targets *targets);
void targets_later(struct targets *targets);
/* Send what is due: our own requests as far as the window goes, then all that waits. */
void targets_pump(struct targets *targets);
/* Is there a request of our own that the window had no room for? It goes first. */
bool targets_due(const struct targets *targets);
/* The window has room; it owns the request from now on. */
void targets_ask(struct targets *targets, struct request *request);

/* Pass an answer on, unless the request belongs to former definitions. */
void targets_applied(struct targets *targets, const struct request *request, int error,
		     const struct wire_result *results);
void targets_done(struct targets *targets, const struct request *request, int error);

/* Look at a packet of the helper (targets->packet) and call back. False: it makes no sense. */
bool answer_take(struct targets *targets, size_t len);

#endif
