/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deciding: offences in, bans out. Memory of who offended lately (the ledger) and of who is
 * banned (the bans). No clock, no I/O: `now` is a parameter, in ms. Both tables are bounded by
 * judge_limits, and count what they turned away.
 *
 * A ban is (jail, prefix). Bans live in slots: a slot number stays with its ban until it ends.
 */
#ifndef BANISH_JUDGE_JUDGE_H
#define BANISH_JUDGE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ban.h"
#include "base/increment.h"
#include "base/offence.h"

struct judge;

struct judge_limits {
	uint32_t bans;	   /* live bans in all, and as many that are over and remembered */
	uint32_t accounts; /* (jail, prefix) pairs with open offences; the one that has been
			      quiet longest is forgotten for a new one */
};

struct judge_jail {
	uint32_t name; /* a name (base/names.h), the jail in bans and offences */
	unsigned maxretry;
	int64_t findtime, bantime; /* ms */
	unsigned prefix6;	   /* IPv6 is counted and banned by this length */
	const struct prefix *ignoreip;
	size_t ignoreip_count;
	struct increment increment;
	bool unverified; /* anybody may have sent what looks like a line: one makes no ban,
			    whoever it names; then maxretry is 2 or more */
};

struct judge_counts {
	uint64_t offences, bans, extended, ignored, old; /* as judge_offence() answered */
	uint64_t forgotten; /* accounts given up for want of room */
	uint64_t full;	    /* bans not made for want of room */
	uint64_t pardoned;  /* bans that are over, forgotten for want of room */
	uint32_t live, accounts;
	uint32_t past; /* (jail, prefix) pairs whose bans are over and remembered */
};

enum judge_verdict {
	JUDGE_COUNTED,	/* below maxretry: `out` holds prefix, jail and the count so far */
	JUDGE_BANNED,	/* `out` is the new ban */
	JUDGE_EXTENDED, /* was banned: `out` is the ban with its later end */
	JUDGE_IGNORED,	/* ignoreip, loopback, our own */
	JUDGE_OLD,  /* a line from before the window, found at start; with a count in `out`: the
		       account is spent for a ban that is over already */
	JUDGE_FULL, /* no room for another ban */
	JUDGE_UNKNOWN, /* no such jail */
};

int judge_new(struct judge **out, const struct judge_limits *limits); /* 0 or -ENOMEM */
void judge_free(struct judge *judge);				      /* takes NULL */

/* Room for this many bans from now on. Those that are there stay until they end, also beyond.
 */
void judge_set_limit(struct judge *judge, uint32_t bans);
/* So many bans are to come: makes room for them, if there is the memory. */
void judge_reserve(struct judge *judge, uint32_t bans);
/* How long bans that are over are remembered, in ms: see judge/strikes.h. A day at first. */
void judge_set_age(struct judge *judge, int64_t age);
/* The jails from now on. Copied. Bans and offences of jails that are gone stay until they end.
 * Of two with one name the last counts. 0 or -ENOMEM, then nothing changed. */
int judge_set_jails(struct judge *judge, const struct judge_jail *jails, size_t count);
/* This host's addresses, never banned. Copied. 0 or -ENOMEM. */
int judge_set_own(struct judge *judge, const struct prefix *own, size_t count);

/*
 * Why this prefix may never be banned in this jail (or in any, jail 0), as words for a person:
 * loopback, this host's own address, covered by or covering ignoreip, wider than /8 or /32;
 * NULL: it may be.
 */
const char *judge_never(const struct judge *judge, uint32_t jail, const struct prefix *prefix);

/*
 * One offence. A line that was found at start counts by its own time, and not at all when
 * it is older than findtime, of unknown time or more than 60 s ahead of `now` (JUDGE_OLD). A
 * live line counts by its time unless that is more than 60 s off `now`, or not known: then as
 * now. *time is what it was counted as. maxretry offences within findtime (its two ends
 * included) make a ban of bantime from the last of them, or from `now` when that is ahead; an
 * end that is already past makes none (JUDGE_OLD). Times may come in any order, but what is
 * older than findtime before the newest of its account is JUDGE_OLD too. An account that led to
 * a ban starts from zero; maxretry more make the ban JUDGE_EXTENDED: its end moves to the later
 * of the two, and its count grows.
 *
 * Where the jail's bans grow with each repetition, an offence of an address that was banned
 * before counts judge_weight() times, and a new ban lasts longer.
 *
 * Except for JUDGE_UNKNOWN, *out says at least prefix and jail: what the offence is counted
 * as, and for JUDGE_IGNORED the address itself.
 */
enum judge_verdict judge_offence(struct judge *judge, const struct offence *offence,
				 int64_t now, struct ban *out, int64_t *time);
/* A ban by hand or from disk: replaces what (jail, prefix) had. 0 new, 1 replaced, -ENOSPC.
 * Does not ask judge_never(). The account of (jail, prefix) starts from zero. */
int judge_put(struct judge *judge, const struct ban *ban);
/* How often one offence at this time counts, which judge_offence() says was counted. */
unsigned judge_weight(const struct judge *judge, uint32_t jail, const struct prefix *subject,
		      int64_t time);
/* An offence from disk, counted before: never makes a ban. `time` is what it was counted as. It
 * is dropped when there is no such jail, so the jails are set first. */
void judge_put_offence(struct judge *judge, uint32_t jail, const struct prefix *prefix,
		       int64_t time);
/* End a ban for good: how often (jail, prefix) was banned is forgotten, too. False: there was
 * none. The account of (jail, prefix) starts from zero. `out` may be NULL. */
bool judge_undo(struct judge *judge, uint32_t jail, const struct prefix *prefix,
		struct ban *out);

/* The clock that all times here are by was set: every one is `by` later. Offences that are then
 * ahead of `latest` are taken back to it; how many were. */
uint64_t judge_shift(struct judge *judge, int64_t by, int64_t latest);

/* Slots are 0 .. judge_slots() - 1; NULL: the slot is free. The pointer is good until the next
 * call that can make a ban. */
uint32_t judge_slots(const struct judge *judge);
const struct ban *judge_at(const struct judge *judge, uint32_t slot);
/* The bans of exactly this prefix, in any jail: the first slot and the next, or UINT32_MAX. */
uint32_t judge_first(const struct judge *judge, const struct prefix *prefix);
uint32_t judge_next(const struct judge *judge, uint32_t slot);
/* Is it the only ban of its prefix? Told without looking for others. */
bool judge_alone(const struct judge *judge, uint32_t slot);
/* Is any live ban's prefix this long? For finding all that cover an address without looking at
 * every length. */
bool judge_has_length(const struct judge *judge, unsigned family, unsigned len);

/* When the next ban ends, TIME_FOREVER when none does. */
int64_t judge_next_end(const struct judge *judge);
/* Take out one ban that has ended at `now`; it is remembered. False: none has. */
bool judge_expire(struct judge *judge, int64_t now, struct ban *out);

/* Offences still open in the ledger, for the snapshot: *cursor starts at 0. */
bool judge_each_offence(const struct judge *judge, uint64_t *cursor, uint32_t *jail,
			struct prefix *prefix, int64_t *time);
/* The ban of (jail, prefix) that began then was its ban number `count`. From disk: behind the
 * ban itself, if that is live. */
struct judge_strike {
	struct prefix prefix;
	uint32_t jail;
	unsigned count;
	int64_t since, until;
};
void judge_put_strike(struct judge *judge, const struct judge_strike *strike);
/* What is remembered of a ban that is over, with jail 0 in any jail; false: nothing. */
bool judge_find_strike(const struct judge *judge, uint32_t jail, const struct prefix *prefix,
		       struct judge_strike *out);
/* Forget it; false: there was nothing. */
bool judge_forgive(struct judge *judge, uint32_t jail, const struct prefix *prefix);
/* Each of them; *cursor starts at 0 and stays good while they change. */
bool judge_each_strike(const struct judge *judge, uint64_t *cursor, struct judge_strike *out);

/* How many offences of this prefix (in its jail's length) count in the jail at `now`. */
unsigned judge_count(const struct judge *judge, uint32_t jail, const struct prefix *prefix,
		     int64_t now);
/*
 * What this address is counted and banned as in a jail: itself, or its IPv6 prefix. Where that
 * prefix also holds an address that is never banned (in ignoreip, or this host's own: servers
 * share a /64 with their neighbours), it is the address alone: the offender is still stopped
 * and the neighbour never shut out.
 */
struct prefix judge_subject(const struct judge *judge, uint32_t jail,
			    const struct prefix *address);
struct judge_counts judge_counts(const struct judge *judge);

#endif
