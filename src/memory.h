/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What banish remembers: bans and offences (judge), the lines behind them (evidence), how far
 * each source was read and what its filters remember (feeds), removals that a set of someone
 * else has not confirmed, and what mail clients earned in the tarpit. Memory is the truth; this
 * file knows how it is read from the state folder and what is written there for each change,
 * and nobody else calls store_put().
 */
#ifndef BANISH_MEMORY_H
#define BANISH_MEMORY_H

#include "base/moment.h"
#include "base/names.h"
#include "base/steady.h"
#include "evidence.h"
#include "judge/judge.h"
#include "recall.h"
#include "removals.h"
#include "state/store.h"
#include "tarpit/tarpit.h"

struct memory_position {
	uint32_t source; /* its path, a name */
	struct position position;
	int64_t at; /* wall clock: what is behind it was written later; TIME_NONE: not known */
};

struct memory {
	struct names *names; /* owned, as all below */
	struct judge *judge;
	struct evidence *evidence;
	struct tarpit *tarpit;
	struct store *store; /* NULL before memory_open */
	uint32_t maxbans;
	struct memory_position *positions;
	size_t position_count;
	struct removals removals;
	struct recall recall;	    /* as they were loaded, until they are taken over */
	void (*filters)(void *arg); /* has memory_piece() called for all that there are */
	void *filters_arg;
	bool aside;	     /* what is said there goes into the snapshot */
	struct steady clock; /* the times of bans and offences are by it */
	int64_t stamped;     /* when the time was last written */
	bool unstamped;	     /* something was written since */
	bool writes;	     /* the store was opened for writing */
	bool *written;	     /* by name number: is it in the journal? */
	uint32_t process;    /* of its names' numbers on disk */
	uint32_t written_size;
	struct memory_snapshot *snapshot; /* the one being written, or NULL */
	uint64_t expired;		  /* bans that had ended when they were loaded */
	uint64_t outlawed;		  /* bans from disk that may never be made */
	int64_t counted; /* wall clock: of the last line that was counted before the start */
	bool same_boot;	 /* what was loaded is of this boot: no power was cut since */

	/* NULL, or, in a load that takes long, called again and again: bans in slots below
	 * `firm` can be handed on. */
	void (*hand)(void *arg);
	void *hand_arg;
	bool loading;	 /* `hand` was called, and not all is read */
	bool upset;	 /* what was handed on is not all as it was: to be compared */
	uint32_t firm;	 /* what is still to be read leaves these slots alone */
	uint32_t coming; /* so many bans are being read */
};

struct memory *memory_new(uint32_t maxbans); /* NULL: out of memory */
void memory_free(struct memory *memory);     /* closes the store; takes NULL */
/* Read the state folder. Bans that are over at `now`, the wall clock, and those that
 * judge_never() forbids, are left out. When `now` is before what was last written no time has
 * passed; a ban that begins ahead of it begins now. `note` is told of that, and of what was
 * damaged. 0 or an error of store_open(). */
int memory_open(struct memory *memory, const char *dir, enum store_mode mode, int64_t now,
		void (*note)(void *arg, const char *text), void *arg);

/* The slots that there are to hand on; and how many bans there will be at least. */
uint32_t memory_slots(const struct memory *memory);
uint32_t memory_expect(const struct memory *memory);

/* Steady time: bans and offences are made, compared and ended by it. */
int64_t memory_now(const struct memory *memory);
/* To be called every second with the wall clock: *jump is by how much that was set, or 0. True:
 * a record of the time is to be committed. */
bool memory_stamp(struct memory *memory, int64_t wall, int64_t *jump);

/* As a person is to see it: with its times by the wall clock. */
struct ban memory_shown(const struct memory *memory, const struct ban *ban);
struct credit memory_shown_credit(const struct memory *memory, const struct credit *credit);

/* Changes, and their records. */
int memory_ban(struct memory *memory, const struct ban *ban); /* as judge_put() */
bool memory_unban(struct memory *memory, uint32_t jail, const struct prefix *prefix);
/* As judge_forgive(). */
bool memory_forgive(struct memory *memory, uint32_t jail, const struct prefix *prefix);
/* One line: `verdict` and `ban` as judge_offence() gave them. */
void memory_offence(struct memory *memory, enum judge_verdict verdict,
		    const struct offence *offence, const struct ban *ban, int64_t time,
		    struct text line);
void memory_position(struct memory *memory, uint32_t source, const struct position *position);
/* NULL: never read. */
const struct position *memory_find_position(const struct memory *memory, uint32_t source);
/* When (wall clock) what is behind the position was written, at the earliest; TIME_NONE: not
 * known. */
int64_t memory_unread_since(const struct memory *memory, uint32_t source);
/* These sources are read from now on, and no others; NULL: none is. */
void memory_follow(struct memory *memory, bool (*followed)(void *arg, uint32_t source),
		   void *arg);
/* A piece of what a filter remembers is another now. Those that belong to what was read go
 * before the position. */
void memory_piece(struct memory *memory, const struct recall_piece *piece);
/* To be deleted from someone else's set, which was given it until then, or no longer. */
void memory_removal(struct memory *memory, const struct removal *removal, bool pending);

/* A message of this address is complete; *out is its credit now. */
void memory_credit(struct memory *memory, const struct prefix *address, int64_t now,
		   struct credit *out);
/* Forget a credit, as tarpit_del(). */
bool memory_discredit(struct memory *memory, const struct prefix *prefix, int64_t now,
		      struct credit *out);

/* Write a snapshot in small steps: true as long as there is more to do. Starts one when the
 * store wants it (or `force`). */
bool memory_snapshot_step(struct memory *memory, bool force);

#endif
