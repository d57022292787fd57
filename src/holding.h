/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One target's side of enforcing: the queue of prefixes whose bans changed, and the sync that
 * makes the target equal to what is wanted. The queue holds prefixes, not changes: what is to
 * be done about one is worked out when it is sent, so that a late answer never carries old
 * news.
 */
#ifndef BANISH_HOLDING_H
#define BANISH_HOLDING_H

#include "enforce.h"
#include "memory.h"
#include "target/target.h"
#include "wanted.h"

#define HOLDING_SENT 16 /* more batches than one target ever has unanswered */
#define HOLDING_LATE 256

enum holding_phase {
	HOLDING_OUT, /* not defined yet, or it has an error: nothing is queued */
	HOLDING_IDLE,
	HOLDING_LIST,	/* waiting for what the kernel holds */
	HOLDING_BEGIN,	/* waiting for the second set */
	HOLDING_WALK,	/* sending what is wanted */
	HOLDING_DRAIN,	/* all sent, some not answered */
	HOLDING_COMMIT, /* waiting for the second set to take over */
};

struct holding_sent {
	size_t queued; /* changes of this batch that came from the queue */
	bool walk;     /* they came from a sync */
};

struct holding {
	struct enforce_target is;
	char *text;
	size_t number;		 /* of the target */
	struct targets *targets; /* these three: not owned */
	const struct wanted *wanted;
	struct memory *memory;
	enum holding_phase phase;
	bool again, empty_next;	     /* another sync is due; it is to leave nothing */
	bool dropped;		     /* no longer in the configuration: nothing is wanted */
	bool retry;		     /* something failed that a sync may mend */
	bool redefine;		     /* a set is gone or another: define it again */
	uint64_t asked, begun, done; /* syncs: the last asked for, begun for, and over */

	struct prefix *queue; /* a ring */
	size_t room, head, count;
	uint64_t queued, answered; /* since ever */
	uint64_t lost;		   /* queued and never to be answered: a sync makes up for it */
	uint64_t drain;		   /* what must be answered before the sync is over */
	struct holding_sent sent[HOLDING_SENT]; /* a ring */
	unsigned sent_head, sent_count, walks;

	bool refill;	     /* the sync that runs fills a second set */
	bool empty;	     /* the sync that runs is to leave nothing */
	uint32_t slot;	     /* how far its walk is */
	unsigned char *seen; /* bits by slot: the kernel holds it already */
	uint32_t seen_slots;
	struct prefix late[HOLDING_LATE]; /* changed while being emptied */
	size_t late_count;
};

void holding_clear(struct holding *holding); /* frees what it holds */
void holding_push(struct holding *holding, const struct prefix *prefix);
/* A change by a person or a jail, as against one that a sync found necessary. */
void holding_change(struct holding *holding, const struct prefix *prefix);
void holding_sync(struct holding *holding, bool empty);
/* Send queued changes while there is room. */
void holding_pump(struct holding *holding, int64_t now);
/* Take the sync one step on. True: it could go on at once. */
bool holding_step(struct holding *holding, int64_t now);
bool holding_settled(const struct holding *holding);
/* Nothing more can come of waiting for sync number `asked`. */
bool holding_synced(const struct holding *holding, uint64_t asked);
/* To be deleted from someone else's set, or no longer. */
void holding_note_removal(struct holding *holding, const struct prefix *prefix, bool pending);

/* What the target said. */
void holding_ready(struct holding *holding, const struct target_info *info);
void holding_applied(struct holding *holding, const struct target_change *changes,
		     const int *errors, size_t count);
void holding_held(struct holding *holding, const struct prefix *prefix, int64_t left,
		  int64_t now);
void holding_listed(struct holding *holding, int error);
void holding_done(struct holding *holding, int error);

#endif
