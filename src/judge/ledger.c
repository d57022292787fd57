/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/moment.h"
#include "judge/ledger.h"

#define FIRST_CAPACITY 64u
/* Times in all are bounded too, or a jail with a maxretry of a thousand would take a thousand
 * times what its accounts do. */
#define TIMES_PER_ACCOUNT 8u
#define TIMES_LEAST 4096u

struct ledger_account {
	struct prefix prefix;
	uint16_t zero;
	uint32_t jail;
	uint32_t oldest, newest; /* its times */
	uint32_t count;
	uint32_t before, after; /* touched just before, just after; a free one: `after` is the
				   next free one */
};

struct ledger_time {
	int64_t at;
	uint32_t later;	  /* the next of its account; of a free one: the next free one */
	uint32_t account; /* LEDGER_NONE: free */
};

/* ---- accounts by key ---- */

struct key {
	struct prefix prefix;
	uint16_t zero;
	uint32_t jail;
};

static_assert(sizeof(struct key) == 24, "a key is hashed as bytes, so it has no padding");

static bool same_key(const void *array, uint32_t slot, const void *key)
{
	const struct ledger_account *account = (const struct ledger_account *)array + slot;
	const struct key *wanted = key;

	return account->jail == wanted->jail && prefix_equal(&account->prefix, &wanted->prefix);
}

static uint32_t hash_of(const struct ledger *ledger, const struct key *key)
{
	return (uint32_t)hash_bytes(ledger->key, key, sizeof(*key));
}

static uint32_t find(const struct ledger *ledger, uint32_t jail, const struct prefix *prefix)
{
	struct key key = {.prefix = *prefix, .jail = jail};

	return hash_index_find(&ledger->index, hash_of(ledger, &key), same_key,
			       ledger->accounts, &key);
}

/* ---- the row from quiet to busy ---- */

static void row_del(struct ledger *ledger, uint32_t slot)
{
	const struct ledger_account *account = &ledger->accounts[slot];

	if (account->before == LEDGER_NONE)
		ledger->quiet = account->after;
	else
		ledger->accounts[account->before].after = account->after;
	if (account->after == LEDGER_NONE)
		ledger->busy = account->before;
	else
		ledger->accounts[account->after].before = account->before;
}

static void row_add(struct ledger *ledger, uint32_t slot)
{
	ledger->accounts[slot].before = ledger->busy;
	ledger->accounts[slot].after = LEDGER_NONE;
	if (ledger->busy == LEDGER_NONE)
		ledger->quiet = slot;
	else
		ledger->accounts[ledger->busy].after = slot;
	ledger->busy = slot;
}

/* ---- times ---- */

static void drop_oldest(struct ledger *ledger, struct ledger_account *account)
{
	uint32_t node = account->oldest;

	account->oldest = ledger->times[node].later;
	account->count--;
	ledger->times[node].account = LEDGER_NONE;
	ledger->times[node].later = ledger->time_free;
	ledger->time_free = node;
}

static int64_t window_start(int64_t newest, int64_t findtime)
{
	int64_t start;

	return __builtin_sub_overflow(newest, findtime, &start) ? INT64_MIN : start;
}

static int64_t newest_of(const struct ledger *ledger, uint32_t slot)
{
	return ledger->times[ledger->accounts[slot].newest].at;
}

static void close_window(struct ledger *ledger, struct ledger_account *account,
			 int64_t findtime)
{
	int64_t start = window_start(ledger->times[account->newest].at, findtime);

	/* Never empties it: the newest is not before its own window. */
	while (ledger->times[account->oldest].at < start)
		drop_oldest(ledger, account);
}

static void insert(struct ledger *ledger, struct ledger_account *account, uint32_t node)
{
	struct ledger_time *times = ledger->times;
	uint32_t at = account->oldest;

	account->count++;
	if (times[account->newest].at <= times[node].at) {
		times[account->newest].later = node;
		times[node].later = LEDGER_NONE;
		account->newest = node;
	} else if (times[node].at < times[at].at) {
		times[node].later = at;
		account->oldest = node;
	} else {
		while (times[times[at].later].at <= times[node].at)
			at = times[at].later;
		times[node].later = times[at].later;
		times[at].later = node;
	}
}

static uint32_t doubled(uint32_t capacity, uint32_t limit)
{
	if (!capacity)
		return limit < FIRST_CAPACITY ? limit : FIRST_CAPACITY;
	return capacity < limit / 2 ? capacity * 2 : limit;
}

/* False: there is no room, and none to be had. */
static bool times_grow(struct ledger *ledger)
{
	uint32_t want = doubled(ledger->time_capacity, ledger->time_limit);
	struct ledger_time *fresh;

	if (want == ledger->time_capacity)
		return false;
	fresh = reallocarray(ledger->times, want, sizeof(*fresh));
	if (!fresh)
		return false;
	ledger->times = fresh;
	ledger->time_capacity = want;
	return true;
}

static bool times_full(struct ledger *ledger)
{
	return ledger->time_free == LEDGER_NONE && ledger->time_used == ledger->time_capacity &&
	       !times_grow(ledger);
}

static uint32_t time_take(struct ledger *ledger)
{
	uint32_t node = ledger->time_free;

	if (node == LEDGER_NONE)
		return ledger->time_used++;
	ledger->time_free = ledger->times[node].later;
	return node;
}

/* ---- accounts ---- */

static void close_account(struct ledger *ledger, uint32_t slot)
{
	struct ledger_account *account = &ledger->accounts[slot];
	struct key key = {.prefix = account->prefix, .jail = account->jail};

	while (account->count)
		drop_oldest(ledger, account);
	hash_index_del(&ledger->index, hash_of(ledger, &key), slot);
	row_del(ledger, slot);
	account->prefix.family = 0;
	account->after = ledger->account_free;
	ledger->account_free = slot;
	ledger->live--;
}

static bool accounts_grow(struct ledger *ledger)
{
	uint32_t want = doubled(ledger->account_capacity, ledger->account_limit);
	struct ledger_account *fresh;

	if (want == ledger->account_capacity)
		return false;
	fresh = reallocarray(ledger->accounts, want, sizeof(*fresh));
	if (!fresh)
		return false;
	ledger->accounts = fresh;
	ledger->account_capacity = want;
	return true;
}

static void forget_quiet(struct ledger *ledger)
{
	ledger->forgotten++;
	close_account(ledger, ledger->quiet);
}

static bool accounts_full(struct ledger *ledger)
{
	return ledger->account_free == LEDGER_NONE &&
	       ledger->account_used == ledger->account_capacity && !accounts_grow(ledger);
}

/* For one more account with its first time. */
static int make_room(struct ledger *ledger)
{
	while (times_full(ledger) || accounts_full(ledger)) {
		if (ledger->quiet == LEDGER_NONE)
			return -ENOMEM;
		forget_quiet(ledger);
	}
	return 0;
}

static uint32_t account_take(struct ledger *ledger)
{
	uint32_t slot = ledger->account_free;

	if (slot == LEDGER_NONE)
		return ledger->account_used++;
	ledger->account_free = ledger->accounts[slot].after;
	return slot;
}

/* With its first time. There is room. */
static int open_account(struct ledger *ledger, const struct ledger_entry *entry, uint32_t *out)
{
	struct key key = {.prefix = entry->prefix, .jail = entry->jail};
	uint32_t slot = account_take(ledger), node;

	if (hash_index_add(&ledger->index, hash_of(ledger, &key), slot) < 0) {
		ledger->accounts[slot].after = ledger->account_free;
		ledger->account_free = slot;
		return -ENOMEM;
	}
	node = time_take(ledger);
	ledger->times[node] = (struct ledger_time){entry->time, LEDGER_NONE, slot};
	ledger->accounts[slot] = (struct ledger_account){
		.prefix = entry->prefix,
		.jail = entry->jail,
		.oldest = node,
		.newest = node,
		.count = 1,
	};
	row_add(ledger, slot);
	ledger->live++;
	*out = slot;
	return 0;
}

/* One more time. The account becomes the busiest first, so that making room forgets every other
 * before it; when it alone fills the ledger it gives up its own oldest. */
static void extend_account(struct ledger *ledger, uint32_t slot,
			   const struct ledger_entry *entry)
{
	struct ledger_account *account = &ledger->accounts[slot];
	uint32_t node;

	row_del(ledger, slot);
	row_add(ledger, slot);
	while (times_full(ledger) && ledger->quiet != slot)
		forget_quiet(ledger);
	if (times_full(ledger) && account->count > 1)
		drop_oldest(ledger, account);
	if (times_full(ledger))
		return;
	node = time_take(ledger);
	ledger->times[node] = (struct ledger_time){entry->time, LEDGER_NONE, slot};
	insert(ledger, account, node);
}

void ledger_init(struct ledger *ledger, uint32_t accounts, struct hash_key key)
{
	uint64_t times = (uint64_t)accounts * TIMES_PER_ACCOUNT;

	*ledger = (struct ledger){
		.key = key,
		/* The highest number says "none". */
		.account_limit = accounts < LEDGER_NONE ? accounts : LEDGER_NONE - 1,
		.account_free = LEDGER_NONE,
		.time_free = LEDGER_NONE,
		.quiet = LEDGER_NONE,
		.busy = LEDGER_NONE,
	};
	if (times < TIMES_LEAST)
		times = TIMES_LEAST;
	ledger->time_limit = times < LEDGER_NONE ? (uint32_t)times : LEDGER_NONE - 1;
}

void ledger_clear(struct ledger *ledger)
{
	hash_index_free(&ledger->index);
	free(ledger->accounts);
	free(ledger->times);
	ledger_init(ledger, ledger->account_limit, ledger->key);
}

/* The account that the entry belongs to, or LEDGER_NONE. */
static uint32_t account_of(struct ledger *ledger, const struct ledger_entry *entry)
{
	uint32_t slot = find(ledger, entry->jail, &entry->prefix);

	if (slot != LEDGER_NONE && newest_of(ledger, slot) > entry->latest) {
		close_account(ledger, slot);
		slot = LEDGER_NONE;
	}
	return slot;
}

static int count_in(struct ledger *ledger, uint32_t *slot, const struct ledger_entry *entry)
{
	int error;

	if (*slot != LEDGER_NONE) {
		if (entry->time < window_start(newest_of(ledger, *slot), entry->findtime))
			return -ESTALE;
		extend_account(ledger, *slot, entry);
		return 0;
	}
	error = make_room(ledger);
	return error ? error : open_account(ledger, entry, slot);
}

int ledger_add(struct ledger *ledger, const struct ledger_entry *entry, struct ledger_sum *sum)
{
	uint32_t slot = account_of(ledger, entry);
	int error = count_in(ledger, &slot, entry);
	struct ledger_account *account;

	if (error)
		return error;
	account = &ledger->accounts[slot];
	close_window(ledger, account, entry->findtime);
	*sum = (struct ledger_sum){account->count, newest_of(ledger, slot)};
	while (account->count > entry->keep)
		drop_oldest(ledger, account);
	return 0;
}

void ledger_forget(struct ledger *ledger, uint32_t jail, const struct prefix *prefix)
{
	uint32_t slot = find(ledger, jail, prefix);

	if (slot != LEDGER_NONE)
		close_account(ledger, slot);
}

unsigned ledger_count(const struct ledger *ledger, uint32_t jail, const struct prefix *prefix,
		      int64_t since)
{
	uint32_t slot = find(ledger, jail, prefix), node;
	unsigned count;

	if (slot == LEDGER_NONE)
		return 0;
	count = ledger->accounts[slot].count;
	node = ledger->accounts[slot].oldest;
	for (; node != LEDGER_NONE && ledger->times[node].at < since; count--)
		node = ledger->times[node].later;
	return count;
}

bool ledger_quiet(const struct ledger *ledger, uint32_t *jail, int64_t *newest)
{
	if (ledger->quiet == LEDGER_NONE)
		return false;
	*jail = ledger->accounts[ledger->quiet].jail;
	*newest = newest_of(ledger, ledger->quiet);
	return true;
}

void ledger_drop_quiet(struct ledger *ledger)
{
	if (ledger->quiet != LEDGER_NONE)
		close_account(ledger, ledger->quiet);
}

uint64_t ledger_shift(struct ledger *ledger, int64_t by, int64_t latest)
{
	uint64_t cut = 0;

	for (uint32_t node = 0; node < ledger->time_used; node++) {
		struct ledger_time *time = &ledger->times[node];

		if (time->account == LEDGER_NONE)
			continue;
		time->at = moment_shift(time->at, by);
		if (time->at > latest) {
			time->at = latest;
			cut++;
		}
	}
	return cut;
}

bool ledger_each(const struct ledger *ledger, uint64_t *cursor, uint32_t *jail,
		 struct prefix *prefix, int64_t *time)
{
	while (*cursor < ledger->time_used) {
		const struct ledger_time *node = &ledger->times[(*cursor)++];

		if (node->account == LEDGER_NONE)
			continue;
		*jail = ledger->accounts[node->account].jail;
		*prefix = ledger->accounts[node->account].prefix;
		*time = node->at;
		return true;
	}
	return false;
}
