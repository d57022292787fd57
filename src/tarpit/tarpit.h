/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tarpit: a mail client that is not known waits before its message is taken, and one that
 * waited and completed `threshold` messages is known. Clients are told apart by prefix. Memory
 * of who completed how many (credits) is bounded: for a new one that of the client that has
 * been quiet longest is forgotten. No clock, no I/O: `now` is a parameter, in ms of
 * steady time.
 */
#ifndef BANISH_TARPIT_TARPIT_H
#define BANISH_TARPIT_TARPIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/credit.h"
#include "base/text.h"

#define TARPIT_SLEEPERS_MAX 4096

struct tarpit;

struct tarpit_rule {
	unsigned sleep;		   /* seconds that a client that is not known waits */
	unsigned threshold;	   /* so many messages make it known; at least 1 */
	unsigned prefix4, prefix6; /* clients are told apart by this length */
	unsigned sleepers;	   /* so many wait at a time: 1..TARPIT_SLEEPERS_MAX */
	uint32_t credits;	   /* so many are remembered */
	int64_t expire;		   /* ms behind the last message, or TIME_FOREVER */
};

enum tarpit_verdict {
	TARPIT_KNOWN,	/* goes on at once */
	TARPIT_SLEEP,	/* waits rule.sleep seconds */
	TARPIT_CROWDED, /* would wait, but as many do already as may */
};

struct tarpit_counts {
	uint64_t known, slept, crowded; /* as tarpit_check() answered */
	uint64_t messages;		/* credited */
	uint64_t forgotten;		/* credits given up for want of room */
	uint32_t live;
};

struct tarpit *tarpit_new(void); /* NULL: out of memory */
void tarpit_free(struct tarpit *tarpit);
/* From now on; until the first there is no limit, and nothing expires. Credits of another
 * prefix length stay in the list until they expire, and make nobody known. */
void tarpit_set_rule(struct tarpit *tarpit, const struct tarpit_rule *rule);
const struct tarpit_rule *tarpit_rule(const struct tarpit *tarpit);

/* May this address go on? One that is to wait counts as a sleeper for so long: whoever made it
 * wait does so to the end, even when the client has gone. */
enum tarpit_verdict tarpit_check(struct tarpit *tarpit, const struct prefix *address,
				 int64_t now);
/*
 * A message of this address is complete; *out is its credit now, count 0 when there was no
 * memory for it. True: that has to be on disk. False: a little more than what was written there
 * lately, and makes no difference.
 */
bool tarpit_add(struct tarpit *tarpit, const struct prefix *address, int64_t now,
		struct credit *out);
/* The credit that this address has, or that is kept for exactly this prefix. False: none. */
bool tarpit_get(const struct tarpit *tarpit, const struct prefix *prefix, int64_t now,
		struct credit *out);
/* The same, and forget it. */
bool tarpit_del(struct tarpit *tarpit, const struct prefix *prefix, int64_t now,
		struct credit *out);
/* Forget some of those that have expired. */
void tarpit_expire(struct tarpit *tarpit, int64_t now);
unsigned tarpit_sleepers(const struct tarpit *tarpit, int64_t now);
struct tarpit_counts tarpit_counts(const struct tarpit *tarpit);

/* From disk: replaces what its prefix had; count 0 takes it away. In any order, and then
 * tarpit_loaded(). 0 or -ENOMEM. */
int tarpit_put(struct tarpit *tarpit, const struct credit *credit);
void tarpit_loaded(struct tarpit *tarpit);
/* The clock that they are by was set: all times are `by` later. */
void tarpit_shift(struct tarpit *tarpit, int64_t by);

/* Slots are 0 .. tarpit_slots() - 1, and a credit stays in its own; NULL: the slot is free.
 * Some that have expired may be among them. */
uint32_t tarpit_slots(const struct tarpit *tarpit);
const struct credit *tarpit_at(const struct tarpit *tarpit, uint32_t slot);

/* ---- the words of the command port ---- */

enum tarpit_verb {
	TARPIT_VERB_CHECK, /* check=ADDRESS */
	TARPIT_VERB_DEL,   /* del=ADDRESS */
	TARPIT_VERB_INFO,
	TARPIT_VERB_ALL,
};

struct tarpit_command {
	enum tarpit_verb verb;
	struct prefix prefix; /* of check and del: an address or a prefix */
};

/* One line without its newline. NULL, or why it is no command: then *out is untouched. */
const char *tarpit_command(struct tarpit_command *out, struct text line);

#endif
