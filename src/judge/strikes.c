/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/moment.h"
#include "judge/strikes.h"

#define LENGTHS 3    /* fail2ban's "out-dated factor" */
#define TIDY_STEPS 2 /* more than one ban can end at a time */

static bool is_over(const struct strikes *strikes, const struct ban *past, int64_t at)
{
	return moment_after(past->until, strikes->age) < at;
}

void strikes_put(struct strikes *strikes, const struct ban *ban)
{
	struct ban past = *ban;
	uint32_t first;

	past.until = ban->since;
	for (int i = 0; i < LENGTHS && ban->until > ban->since; i++)
		past.until = ban->until == TIME_FOREVER
				     ? TIME_FOREVER
				     : moment_after(past.until, ban->until - ban->since);
	/* One is lost in any case: what makes room, or what gets none. */
	while (bans_put(&strikes->past, &past) < 0) {
		first = bans_ending(&strikes->past);
		strikes->forgotten++;
		if (first == BANS_NONE)
			return;
		bans_del(&strikes->past, first);
	}
}

const struct ban *strikes_find(const struct strikes *strikes, uint32_t jail,
			       const struct prefix *prefix)
{
	return bans_at(&strikes->past, bans_find(&strikes->past, jail, prefix));
}

bool strikes_forget(struct strikes *strikes, uint32_t jail, const struct prefix *prefix)
{
	uint32_t slot = bans_find(&strikes->past, jail, prefix);

	if (slot == BANS_NONE)
		return false;
	bans_del(&strikes->past, slot);
	return true;
}

int64_t strikes_end(const struct ban *past)
{
	return past->until == TIME_FOREVER
		       ? TIME_FOREVER
		       : past->since + (past->until - past->since) / LENGTHS;
}

static void add(struct strikes_sum *sum, const struct ban *ban)
{
	if (!ban->strikes)
		return;
	if (!sum->count || ban->since > sum->since)
		sum->since = ban->since;
	sum->count += ban->strikes;
}

struct strikes_sum strikes_sum(const struct strikes *strikes, const struct bans *live,
			       uint32_t jail, const struct prefix *prefix, int64_t at)
{
	struct strikes_sum sum = {0};
	const struct bans *all[] = {live, &strikes->past};

	for (int i = 0; i < 2; i++) {
		uint32_t slot = bans_first(all[i], prefix);

		for (; slot != BANS_NONE; slot = bans_next(all[i], slot)) {
			const struct ban *ban = bans_at(all[i], slot);

			if ((!jail || ban->jail == jail) &&
			    (all[i] == live || !is_over(strikes, ban, at)))
				add(&sum, ban);
		}
	}
	return sum;
}

void strikes_shift(struct strikes *strikes, int64_t by, int64_t latest)
{
	struct bans *past = &strikes->past;

	bans_shift(past, by);
	for (uint32_t slot = 0; slot < past->used; slot++) {
		const struct ban *at = bans_at(past, slot);
		struct ban ban;

		if (!at || at->since <= latest)
			continue;
		ban = *at;
		ban.until = moment_shift(ban.until, latest - ban.since);
		ban.since = latest;
		(void)bans_put(past, &ban);
	}
}

void strikes_tidy(struct strikes *strikes, int64_t now)
{
	uint32_t first;

	for (int i = 0; i < TIDY_STEPS; i++) {
		first = bans_ending(&strikes->past);
		if (first == BANS_NONE ||
		    !is_over(strikes, bans_at(&strikes->past, first), now))
			return;
		bans_del(&strikes->past, first);
	}
}
