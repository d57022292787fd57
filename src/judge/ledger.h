/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who offended lately: an account for each (jail, prefix), with the times of its offences in
 * order. An account holds what lies within findtime of its newest offence and no more; so all
 * that it holds counts together. Accounts and times are bounded: for a new one the account that
 * has been quiet longest is forgotten.
 */
#ifndef BANISH_JUDGE_LEDGER_H
#define BANISH_JUDGE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/prefix.h"
#include "judge/times.h"

#define LEDGER_NONE UINT32_MAX

struct ledger_account;

struct ledger {
	struct hash_key key;
	struct hash_index index; /* (jail, prefix) -> account */
	struct ledger_account *accounts;
	struct times times;
	uint32_t account_limit, account_capacity, account_used, account_free;
	uint32_t quiet, busy; /* the account that was touched longest ago, and last */
	uint32_t live;
	uint64_t forgotten; /* given up while their offences still counted */
};

void ledger_init(struct ledger *ledger, uint32_t accounts, struct hash_key key);
void ledger_clear(struct ledger *ledger); /* frees what it holds */

/* One offence and the rule it is counted under. */
struct ledger_entry {
	uint32_t jail;
	struct prefix prefix;
	int64_t time;
	int64_t findtime;
	int64_t latest; /* nothing can be newer; an account that is starts from zero, for the
			   clock was set back */
	unsigned keep;	/* at most so many times are kept, the latest; at least 1 */
};

struct ledger_sum {
	unsigned count; /* offences that stand open, with this one */
	int64_t last;	/* the newest of them */
};

/*
 * Count one. Times may come in any order. 0; -ESTALE: it is older than findtime before the
 * newest of its account; -ENOMEM.
 */
int ledger_add(struct ledger *ledger, const struct ledger_entry *entry, struct ledger_sum *sum);
/* The account starts from zero. */
void ledger_forget(struct ledger *ledger, uint32_t jail, const struct prefix *prefix);
/* How many of its times are `since` or later. */
unsigned ledger_count(const struct ledger *ledger, uint32_t jail, const struct prefix *prefix,
		      int64_t since);

/* The account that has been quiet longest: its jail and newest time. False: there is none. */
bool ledger_quiet(const struct ledger *ledger, uint32_t *jail, int64_t *newest);
/* Drop that account; it is one that nobody misses. */
void ledger_drop_quiet(struct ledger *ledger);

/* Every time is `by` later, but none later than `latest`. How many were that. */
uint64_t ledger_shift(struct ledger *ledger, int64_t by, int64_t latest);

/* Every time held; *cursor starts at 0 and stays good while the ledger changes. */
bool ledger_each(const struct ledger *ledger, uint64_t *cursor, uint32_t *jail,
		 struct prefix *prefix, int64_t *time);

#endif
