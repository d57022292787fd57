/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/moment.h"
#include "tarpit/credits.h"
#include "tarpit/tarpit.h"

/* Who is known, and who waits. */

#define EXPIRE_STEP 1000
#define WRITE_MS INT64_C(60000) /* how old may be on disk what makes no difference */
#define SECOND_MS INT64_C(1000)

struct tarpit {
	struct tarpit_rule rule;
	struct credits credits;
	/* When the last so many were told to wait, in a ring: the one to wait next fits when
	 * the one rule.sleepers before it is through. */
	int64_t since[TARPIT_SLEEPERS_MAX];
	uint32_t next;
	struct tarpit_counts counts;
};

struct tarpit *tarpit_new(void)
{
	struct tarpit *tarpit = calloc(1, sizeof *tarpit);

	if (!tarpit)
		return NULL;
	tarpit->rule = (struct tarpit_rule){.threshold = 1,
					    .prefix4 = 32,
					    .prefix6 = 128,
					    .sleepers = 1,
					    .credits = UINT32_MAX,
					    .expire = TIME_FOREVER};
	credits_init(&tarpit->credits);
	for (size_t i = 0; i < TARPIT_SLEEPERS_MAX; i++)
		tarpit->since[i] = TIME_NONE;
	return tarpit;
}

void tarpit_free(struct tarpit *tarpit)
{
	if (!tarpit)
		return;
	credits_clear(&tarpit->credits);
	free(tarpit);
}

void tarpit_set_rule(struct tarpit *tarpit, const struct tarpit_rule *rule)
{
	tarpit->rule = *rule;
}

const struct tarpit_rule *tarpit_rule(const struct tarpit *tarpit)
{
	return &tarpit->rule;
}

static bool has_expired(const struct tarpit *tarpit, const struct credit *credit, int64_t now)
{
	return !moment_left(moment_after(credit->last, tarpit->rule.expire), now);
}

static struct prefix client_of(const struct tarpit *tarpit, const struct prefix *address)
{
	return prefix_cut(address,
			  address->family == 4 ? tarpit->rule.prefix4 : tarpit->rule.prefix6);
}

/* The slot of an address's client, or of exactly this prefix. */
static uint32_t find(const struct tarpit *tarpit, const struct prefix *prefix)
{
	struct prefix client = *prefix;

	if (prefix_is_single(prefix))
		client = client_of(tarpit, prefix);
	return credits_find(&tarpit->credits, &client);
}

bool tarpit_get(const struct tarpit *tarpit, const struct prefix *prefix, int64_t now,
		struct credit *out)
{
	uint32_t slot = find(tarpit, prefix);

	if (slot == CREDITS_NONE ||
	    has_expired(tarpit, &tarpit->credits.slots[slot].credit, now))
		return false;
	*out = tarpit->credits.slots[slot].credit;
	return true;
}

/* ---- waiting ---- */

/* Of one that began behind `now` nothing is known: the clock was set back. */
static bool is_sleeping(const struct tarpit *tarpit, int64_t since, int64_t now)
{
	return since != TIME_NONE && since <= now &&
	       now - since < (int64_t)tarpit->rule.sleep * SECOND_MS;
}

static bool is_crowded(const struct tarpit *tarpit, int64_t now)
{
	uint32_t before = tarpit->next - tarpit->rule.sleepers;

	return is_sleeping(tarpit, tarpit->since[before % TARPIT_SLEEPERS_MAX], now);
}

enum tarpit_verdict tarpit_check(struct tarpit *tarpit, const struct prefix *address,
				 int64_t now)
{
	struct credit credit;

	if (tarpit_get(tarpit, address, now, &credit) &&
	    credit.count >= tarpit->rule.threshold) {
		tarpit->counts.known++;
		return TARPIT_KNOWN;
	}
	if (is_crowded(tarpit, now)) {
		tarpit->counts.crowded++;
		return TARPIT_CROWDED;
	}
	tarpit->since[tarpit->next++ % TARPIT_SLEEPERS_MAX] = now;
	tarpit->counts.slept++;
	return TARPIT_SLEEP;
}

unsigned tarpit_sleepers(const struct tarpit *tarpit, int64_t now)
{
	unsigned count = 0;

	for (size_t i = 0; i < TARPIT_SLEEPERS_MAX; i++)
		count += is_sleeping(tarpit, tarpit->since[i], now);
	return count;
}

/* ---- credit ---- */

/* When `credits` was made less there are many to go, not all in one turn. */
static void make_room(struct tarpit *tarpit)
{
	for (unsigned i = 0; i < EXPIRE_STEP && tarpit->credits.live &&
			     tarpit->credits.live >= tarpit->rule.credits;
	     i++) {
		credits_del(&tarpit->credits, tarpit->credits.quiet);
		tarpit->counts.forgotten++;
	}
}

static uint32_t find_or_add(struct tarpit *tarpit, const struct prefix *client, int64_t now)
{
	uint32_t slot = credits_find(&tarpit->credits, client);

	if (slot != CREDITS_NONE &&
	    has_expired(tarpit, &tarpit->credits.slots[slot].credit, now)) {
		credits_del(&tarpit->credits, slot);
		slot = CREDITS_NONE;
	}
	if (slot != CREDITS_NONE) {
		credits_touch(&tarpit->credits, slot);
		return slot;
	}
	make_room(tarpit);
	slot = credits_add(&tarpit->credits, client);
	if (slot != CREDITS_NONE)
		tarpit->credits.slots[slot].credit.first = now;
	return slot;
}

bool tarpit_add(struct tarpit *tarpit, const struct prefix *address, int64_t now,
		struct credit *out)
{
	struct prefix client = client_of(tarpit, address);
	uint32_t slot = find_or_add(tarpit, &client, now);
	int64_t patience =
		tarpit->rule.expire / 2 < WRITE_MS ? tarpit->rule.expire / 2 : WRITE_MS;
	struct credits_slot *it;

	*out = (struct credit){.prefix = client};
	if (slot == CREDITS_NONE)
		return false;
	it = &tarpit->credits.slots[slot];
	it->credit.count += it->credit.count < UINT32_MAX;
	it->credit.last = now;
	tarpit->counts.messages++;
	*out = it->credit;
	if (it->credit.count > tarpit->rule.threshold && it->written != TIME_NONE &&
	    now >= it->written && now - it->written < patience)
		return false;
	it->written = now;
	return true;
}

bool tarpit_del(struct tarpit *tarpit, const struct prefix *prefix, int64_t now,
		struct credit *out)
{
	if (!tarpit_get(tarpit, prefix, now, out))
		return false;
	credits_del(&tarpit->credits, find(tarpit, prefix));
	return true;
}

void tarpit_expire(struct tarpit *tarpit, int64_t now)
{
	struct credits *credits = &tarpit->credits;

	for (unsigned i = 0; i < EXPIRE_STEP && credits->quiet != CREDITS_NONE; i++) {
		if (!has_expired(tarpit, &credits->slots[credits->quiet].credit, now))
			return;
		credits_del(credits, credits->quiet);
	}
}

struct tarpit_counts tarpit_counts(const struct tarpit *tarpit)
{
	struct tarpit_counts counts = tarpit->counts;

	counts.live = tarpit->credits.live;
	return counts;
}

/* ---- disk ---- */

int tarpit_put(struct tarpit *tarpit, const struct credit *credit)
{
	uint32_t slot = credits_find(&tarpit->credits, &credit->prefix);

	if (!credit->count) {
		if (slot != CREDITS_NONE)
			credits_del(&tarpit->credits, slot);
		return 0;
	}
	if (slot == CREDITS_NONE)
		slot = credits_add(&tarpit->credits, &credit->prefix);
	if (slot == CREDITS_NONE)
		return -ENOMEM;
	tarpit->credits.slots[slot].credit = *credit;
	tarpit->credits.slots[slot].written = credit->last;
	return 0;
}

void tarpit_loaded(struct tarpit *tarpit)
{
	credits_sort(&tarpit->credits);
}

void tarpit_shift(struct tarpit *tarpit, int64_t by)
{
	for (uint32_t i = 0; i < tarpit->credits.used; i++) {
		struct credits_slot *slot = &tarpit->credits.slots[i];

		if (!slot->credit.prefix.family)
			continue;
		slot->credit.first = moment_shift(slot->credit.first, by);
		slot->credit.last = moment_shift(slot->credit.last, by);
		slot->written = moment_shift(slot->written, by);
	}
}

uint32_t tarpit_slots(const struct tarpit *tarpit)
{
	return tarpit->credits.used;
}

const struct credit *tarpit_at(const struct tarpit *tarpit, uint32_t slot)
{
	const struct credit *credit = &tarpit->credits.slots[slot].credit;

	return credit->prefix.family ? credit : NULL;
}
