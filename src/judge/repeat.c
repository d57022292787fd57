/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Those who come back: how a ban grows with each repetition, and what is remembered for it. */
#include <assert.h>

#include "base/moment.h"
#include "judge/increment.h"
#include "judge/parts.h"

static uint16_t next_number(unsigned count)
{
	return count < UINT16_MAX ? (uint16_t)(count + 1) : UINT16_MAX;
}

/* A number that depends on the ban alone, and that nobody can foretell. */
static uint64_t chance(const struct judge *judge, const struct ban *ban)
{
	struct {
		struct prefix prefix;
		uint16_t zero;
		uint32_t jail;
		int64_t since;
	} of = {ban->prefix, 0, ban->jail, ban->since};

	static_assert(sizeof(of) == 32, "it is hashed as bytes, so it has no padding");
	return hash_bytes(judge->secret, &of, sizeof(of));
}

/*
 * A ban that does not begin after the last one is of lines that were read twice, and has no
 * number; so has one of the same second as that of another jail, where all jails count.
 */
void judge_measure(const struct judge *judge, const struct jail *jail, struct ban *ban)
{
	const struct increment *rule = &jail->increment;
	int64_t bantime = jail->bantime;
	bool all = rule->on && rule->overall && bantime != TIME_FOREVER;
	struct strikes_sum sum = strikes_sum(&judge->strikes, &judge->bans,
					     all ? 0 : jail->name, &ban->prefix, ban->since);

	ban->strikes = !sum.count || sum.since < ban->since ? next_number(sum.count) : 0;
	if (rule->on && sum.count && bantime != TIME_FOREVER)
		bantime = increment_bantime(rule, bantime, sum.count, chance(judge, ban));
	ban->until = moment_after(ban->since, bantime);
}

unsigned judge_weight(const struct judge *judge, uint32_t name, const struct prefix *subject,
		      int64_t time)
{
	const struct jail *jail = jails_find(&judge->jails, name);
	struct strikes_sum sum;

	if (!jail || !jail->increment.on)
		return 1;
	sum = strikes_sum(&judge->strikes, &judge->bans, name, subject, time);
	if (!sum.count || time <= sum.since)
		return 1;
	return increment_weight(sum.count, jail->maxretry - jail->unverified);
}

/* ---- what is remembered ---- */

void judge_keep(struct judge *judge, struct ban *ban)
{
	const struct ban *live, *past;

	if (ban->strikes) {
		strikes_forget(&judge->strikes, ban->jail, &ban->prefix);
		return;
	}
	live = bans_at(&judge->bans, bans_find(&judge->bans, ban->jail, &ban->prefix));
	if (live && live->strikes && live->since != ban->since)
		strikes_put(&judge->strikes, live);
	else if (live && live->strikes)
		ban->strikes = live->strikes;
	past = strikes_find(&judge->strikes, ban->jail, &ban->prefix);
	if (!past || past->since != ban->since)
		return;
	ban->strikes = past->strikes;
	strikes_forget(&judge->strikes, ban->jail, &ban->prefix);
}

void judge_put_strike(struct judge *judge, const struct judge_strike *strike)
{
	struct ban past = {
		.prefix = strike->prefix,
		.strikes = next_number(strike->count - 1),
		.jail = strike->jail,
		.since = strike->since,
		.until = strike->until,
	};
	uint32_t slot = bans_find(&judge->bans, strike->jail, &strike->prefix);

	if (slot == BANS_NONE || bans_at(&judge->bans, slot)->since != strike->since) {
		strikes_put(&judge->strikes, &past);
		return;
	}
	judge->bans.slots[slot].ban.strikes = past.strikes;
	strikes_forget(&judge->strikes, strike->jail, &strike->prefix);
}

static struct judge_strike strike_of(const struct ban *past)
{
	return (struct judge_strike){
		.prefix = past->prefix,
		.jail = past->jail,
		.count = past->strikes,
		.since = past->since,
		.until = strikes_end(past),
	};
}

bool judge_find_strike(const struct judge *judge, uint32_t jail, const struct prefix *prefix,
		       struct judge_strike *out)
{
	const struct bans *all = &judge->strikes.past;
	const struct ban *past = NULL;

	if (!bans_has_length(all, prefix->family, prefix->len))
		return false;
	past = jail ? strikes_find(&judge->strikes, jail, prefix)
		    : bans_at(all, bans_first(all, prefix));
	if (past)
		*out = strike_of(past);
	return past != NULL;
}

bool judge_forgive(struct judge *judge, uint32_t jail, const struct prefix *prefix)
{
	return strikes_forget(&judge->strikes, jail, prefix);
}

bool judge_each_strike(const struct judge *judge, uint64_t *cursor, struct judge_strike *out)
{
	const struct ban *past;

	while (*cursor < judge->strikes.past.used) {
		past = bans_at(&judge->strikes.past, (uint32_t)(*cursor)++);
		if (!past)
			continue;
		*out = strike_of(past);
		return true;
	}
	return false;
}

void judge_set_age(struct judge *judge, int64_t age)
{
	judge->strikes.age = age;
}
