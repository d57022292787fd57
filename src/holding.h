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
#include "full.h"
#include "memory.h"
#include "target/target.h"
#include "wanted.h"

#define HOLDING_SENT 16 /* more batches than one target ever has unanswered */
#define HOLDING_LATE 256
#define EVICT_TRIES_MAX TARGET_BATCH_MAX

enum holding_phase {
	HOLDING_OUT, /* not defined yet, or it has an error: nothing is queued */
	HOLDING_IDLE,
	HOLDING_LIST,	/* waiting for what the kernel holds */
	HOLDING_BEGIN,	/* waiting for the second set */
	HOLDING_WALK,	/* sending what is wanted */
	HOLDING_DRAIN,	/* all sent, some not answered */
	HOLDING_COMMIT, /* waiting for the second set to take over, or to be emptied */
};

struct holding_sent {
	size_t queued; /* changes of this batch that came from the queue */
	bool walk;     /* they came from a sync */
};

/* Some of the changes behind `from` were refused for want of room and queued again: they are
 * done when `until` is answered. */
struct holding_owed {
	uint64_t from, until;
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
	bool emptied;		     /* the last sync left nothing: for a person to end that */
	bool heal;		     /* somebody took entries out: a sync is due, when rested */
	bool dropped;		     /* no longer in the configuration: nothing is wanted */
	bool retry;		     /* something failed that a sync may mend */
	bool redefine;		     /* a set is gone or another: define it again */
	bool refill;		     /* the sync that runs fills a second set */
	bool empty;		     /* the sync that runs is to leave nothing */
	unsigned attempts;	     /* to use a target with an error */
	unsigned untold;	     /* removals since one was told of */
	int64_t told;		     /* ticks: then; 0: never */
	int64_t redefined;	     /* ticks: when it was defined again last */
	int64_t started, rested;     /* ticks: of the sync, and when a heal may begin */
	int64_t later;		     /* ticks: when to sync for what may have passed; 0: none */
	uint64_t asked, begun, done; /* syncs: the last asked for, begun for, and over */

	struct prefix *queue; /* a ring */
	size_t room, head, count;
	uint64_t queued, answered; /* since ever */
	uint64_t lost;		   /* queued and never to be answered: a sync makes up for it */
	uint64_t drain;		   /* what must be answered before the sync is over */
	struct holding_sent sent[HOLDING_SENT]; /* a ring */
	unsigned sent_head, sent_count, walks;

	uint32_t slot; /* how far the walk of the sync is */
	uint32_t seen_slots;
	unsigned char *seen;		  /* bits by slot: the kernel holds it already */
	struct prefix late[HOLDING_LATE]; /* changed while being emptied */
	size_t late_count;

	struct {
		struct prefix prefix; /* family 0: none */
		int64_t until;
	} given; /* to someone else's set, before the change that comes next */

	struct full full;
	size_t tries;	   /* so many of those left out are tried at once */
	uint64_t tried;	   /* what must be answered before it is known how that went */
	uint64_t refusals; /* since they were sent */
	struct holding_owed owed[HOLDING_SENT]; /* a ring */
	unsigned owed_next;
	bool trying;	/* some are being tried */
	bool freed;	/* something may have made room */
	bool told_full; /* it was said */
};

void holding_clear(struct holding *holding); /* frees what it holds */
void holding_push(struct holding *holding, const struct prefix *prefix);
/* A change by a person or a jail, as against one that a sync found necessary. */
void holding_change(struct holding *holding, const struct prefix *prefix);
void holding_sync(struct holding *holding, bool empty);
/* A sync that nobody waits for; a long one is followed by a rest. */
void holding_heal(struct holding *holding);
/* When a heal that is due may begin: ticks; 0: none is, or it may. */
int64_t holding_rests(const struct holding *holding, int64_t ticks);
/* Define it again, alone; it is synced then. */
void holding_redefine(struct holding *holding);
/* Send queued changes while there is room. */
void holding_pump(struct holding *holding, int64_t now);
/* Take the sync one step on. True: it could go on at once. */
bool holding_step(struct holding *holding, int64_t now);
bool holding_settled(const struct holding *holding);
/* Nothing more can come of waiting for sync number `asked`. */
bool holding_synced(const struct holding *holding, uint64_t asked);
/* All that was queued before `queued` counted this is answered. */
bool holding_answered(const struct holding *holding, uint64_t queued);
/* What the target should hold of this prefix now: an add, or a delete. */
struct target_change holding_work_out(const struct holding *holding,
				      const struct prefix *prefix, int64_t now);
/* The same when it is known which slot decides. */
struct target_change holding_work_out_slot(const struct holding *holding, uint32_t slot,
					   const struct prefix *prefix, int64_t now);
/* A batch, `queued` of which came from the queue; 0: it is a sync's. False: no room. */
bool holding_send(struct holding *holding, const struct target_change *changes, size_t count,
		  size_t queued);

/* The worker is gone, and with it every request. Did it go? */
bool holding_worker_died(struct holding *holding, int error);
/* Our own nft sets are made anew by a refill; others by the definition of their target. */
void holding_set_is_gone(struct holding *holding);

/* What the target said. */
void holding_ready(struct holding *holding, const struct target_info *info);
void holding_applied(struct holding *holding, const struct target_change *changes,
		     const int *errors, size_t count);
void holding_held(struct holding *holding, const struct prefix *prefix, int64_t left,
		  int64_t now);
void holding_listed(struct holding *holding, int error);
void holding_done(struct holding *holding, int error);
void holding_removed(struct holding *holding, const char *who);

#endif
