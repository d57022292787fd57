/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/moment.h"
#include "judge/ledger.h"

/* Times in all are bounded too, or a jail with a maxretry of a thousand would take a thousand
 * times what its accounts do. */
#define TIMES_PER_ACCOUNT 8u
#define TIMES_LEAST 4096u

struct ledger_account {
	struct prefix prefix;
	uint16_t zero;
	uint32_t jail;
	struct times_list times;
	uint32_t before, after; /* touched just before, just after; a free one: `after` is the
				   next free one */
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

	if (!ledger->live)
		return LEDGER_NONE;
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

static int64_t window_start(int64_t newest, int64_t findtime)
{
	int64_t start;

	return __builtin_sub_overflow(newest, findtime, &start) ? INT64_MIN : start;
}

static int64_t newest_of(const struct ledger *ledger, uint32_t slot)
{
	return times_newest(&ledger->times, &ledger->accounts[slot].times);
}

static void close_window(struct ledger *ledger, struct times_list *list, int64_t findtime)
{
	int64_t start = window_start(times_newest(&ledger->times, list), findtime);
	uint32_t within = times_count(&ledger->times, list, start);

	/* Never empties it: the newest is not before its own window. */
	while (list->count > within)
		times_drop_oldest(&ledger->times, list);
}

/* ---- accounts ---- */

static void close_account(struct ledger *ledger, uint32_t slot)
{
	struct ledger_account *account = &ledger->accounts[slot];
	struct key key = {.prefix = account->prefix, .jail = account->jail};

	while (account->times.count)
		times_drop_oldest(&ledger->times, &account->times);
	hash_index_del(&ledger->index, hash_of(ledger, &key), slot);
	row_del(ledger, slot);
	account->prefix.family = 0;
	account->after = ledger->account_free;
	ledger->account_free = slot;
	ledger->live--;
}

static bool accounts_grow(struct ledger *ledger)
{
	uint32_t want = times_doubled(ledger->account_capacity, ledger->account_limit);
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
	while (times_full(&ledger->times) || accounts_full(ledger)) {
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
	uint32_t slot = account_take(ledger);

	if (hash_index_add(&ledger->index, hash_of(ledger, &key), slot) < 0) {
		ledger->accounts[slot].after = ledger->account_free;
		ledger->account_free = slot;
		return -ENOMEM;
	}
	ledger->accounts[slot] =
		(struct ledger_account){.prefix = entry->prefix, .jail = entry->jail};
	times_add(&ledger->times, &ledger->accounts[slot].times, slot, entry->time);
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
	struct times_list *list = &ledger->accounts[slot].times;
	struct times *times = &ledger->times;

	row_del(ledger, slot);
	row_add(ledger, slot);
	while (times_full(times) && ledger->quiet != slot)
		forget_quiet(ledger);
	if (times_full(times) && list->count > 1)
		times_drop_oldest(times, list);
	if (!times_full(times))
		times_add(times, list, slot, entry->time);
}

void ledger_init(struct ledger *ledger, uint32_t accounts, struct hash_key key)
{
	uint64_t times = (uint64_t)accounts * TIMES_PER_ACCOUNT;

	*ledger = (struct ledger){
		.key = key,
		/* The highest number says "none". */
		.account_limit = accounts < LEDGER_NONE ? accounts : LEDGER_NONE - 1,
		.account_free = LEDGER_NONE,
		.quiet = LEDGER_NONE,
		.busy = LEDGER_NONE,
	};
	if (times < TIMES_LEAST)
		times = TIMES_LEAST;
	times_init(&ledger->times, times < LEDGER_NONE ? (uint32_t)times : LEDGER_NONE - 1);
}

void ledger_clear(struct ledger *ledger)
{
	hash_index_free(&ledger->index);
	free(ledger->accounts);
	times_clear(&ledger->times);
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
	struct times_list *list;

	if (error)
		return error;
	list = &ledger->accounts[slot].times;
	close_window(ledger, list, entry->findtime);
	*sum = (struct ledger_sum){list->count, newest_of(ledger, slot)};
	while (list->count > entry->keep)
		times_drop_oldest(&ledger->times, list);
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
	uint32_t slot = find(ledger, jail, prefix);

	if (slot == LEDGER_NONE)
		return 0;
	return times_count(&ledger->times, &ledger->accounts[slot].times, since);
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

	for (uint32_t node = 0; node < ledger->times.used; node++) {
		struct times_node *time = &ledger->times.nodes[node];

		if (time->owner == TIMES_NONE)
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
	while (*cursor < ledger->times.used) {
		const struct times_node *node = &ledger->times.nodes[(*cursor)++];

		if (node->owner == TIMES_NONE)
			continue;
		*jail = ledger->accounts[node->owner].jail;
		*prefix = ledger->accounts[node->owner].prefix;
		*time = node->at;
		return true;
	}
	return false;
}
