/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/moment.h"
#include "judge/parts.h"

/* How far a live line's own time is believed: log daemons buffer and clocks differ. */
#define SLACK_MS 60000
/* Closed accounts that are cleared away on each offence: more than one offence can open, so
 * that those which no longer count never crowd out those which do. */
#define TIDY_STEPS 2
#define AGE_MS (INT64_C(86400) * 1000)

/* ---- offences ---- */

/* False: the line is too old to count, or says no time that a line found at start can have. */
static bool time_of(const struct offence *offence, const struct jail *jail, int64_t now,
		    int64_t *time)
{
	bool known = offence->time != TIME_NONE;
	bool ahead = known && offence->time > moment_after(now, SLACK_MS);
	bool behind = known && moment_after(offence->time, SLACK_MS) < now;

	*time = known && !ahead && (!offence->live || !behind) ? offence->time : now;
	if (offence->live)
		return true;
	return known && !ahead && moment_after(offence->time, jail->findtime) >= now;
}

static const struct jail *current_jail(const struct judge *judge, uint32_t name)
{
	const struct jail *jail = jails_find(&judge->jails, name);

	return jail && !jail->gone ? jail : NULL;
}

/* A line may yet come that is as old as a late one can be, and its window reaches back by
 * findtime more. */
static int64_t closes(const struct jail *jail, int64_t newest)
{
	int64_t late = jail->findtime > SLACK_MS ? jail->findtime : SLACK_MS;

	return moment_after(moment_after(newest, jail->findtime), late);
}

/* Accounts that nothing can add to any more are cleared from the quiet end. */
static void tidy(struct judge *judge, int64_t now)
{
	const struct jail *jail;
	uint32_t name;
	int64_t newest;

	for (int i = 0; i < TIDY_STEPS; i++) {
		if (!ledger_quiet(&judge->ledger, &name, &newest))
			return;
		jail = jails_find(&judge->jails, name);
		if (jail && closes(jail, newest) >= now)
			return;
		ledger_drop_quiet(&judge->ledger);
	}
}

static int count_offence(struct judge *judge, const struct jail *jail,
			 const struct prefix *prefix, int64_t time, int64_t latest,
			 struct ledger_sum *sum)
{
	struct ledger_entry entry = {
		.jail = jail->name,
		.prefix = *prefix,
		.time = time,
		.findtime = jail->findtime,
		.latest = latest,
		.keep = jail->maxretry > 1 ? jail->maxretry - 1 : 1,
	};

	return ledger_add(&judge->ledger, &entry, sum);
}

static enum judge_verdict old(struct judge *judge)
{
	judge->counts.old++;
	return JUDGE_OLD;
}

static int count_weight(struct judge *judge, const struct jail *jail,
			const struct prefix *prefix, int64_t time, int64_t latest,
			struct ledger_sum *sum)
{
	unsigned weight = judge_weight(judge, jail->name, prefix, time);
	int error = count_offence(judge, jail, prefix, time, latest, sum);

	while (!error && --weight)
		error = count_offence(judge, jail, prefix, time, latest, sum);
	/* Not remembered for want of memory, it still is an offence. */
	if (error == -ENOMEM) {
		judge->ledger.forgotten++;
		*sum = (struct ledger_sum){weight, time};
		error = 0;
	}
	return error;
}

/* `ban` has its prefix, jail, count and since. */
static enum judge_verdict ban_anew(struct judge *judge, const struct jail *jail,
				   struct ban *ban, int64_t now)
{
	judge_measure(judge, jail, ban);
	if (ban->until <= now)
		return old(judge);
	if (bans_put(&judge->bans, ban) < 0) {
		judge->counts.full++;
		return JUDGE_FULL;
	}
	if (ban->strikes)
		strikes_forget(&judge->strikes, ban->jail, &ban->prefix);
	judge->counts.bans++;
	return JUDGE_BANNED;
}

/* As in fail2ban by no more than the ordinary time, and it is no new ban. */
static enum judge_verdict extend(struct judge *judge, const struct jail *jail, struct ban *ban,
				 uint32_t slot, int64_t now)
{
	struct ban former = *bans_at(&judge->bans, slot);

	ban->until = moment_after(ban->since, jail->bantime);
	if (ban->until <= now)
		return old(judge);
	if (__builtin_add_overflow(former.count, ban->count, &former.count))
		former.count = UINT32_MAX;
	if (former.until < ban->until)
		former.until = ban->until;
	*ban = former;
	(void)bans_put(&judge->bans, ban);
	judge->counts.extended++;
	return JUDGE_EXTENDED;
}

/* Enough of them for a ban. */
static enum judge_verdict convict(struct judge *judge, const struct jail *jail, int64_t last,
				  int64_t now, struct ban *out)
{
	uint32_t slot = bans_find(&judge->bans, jail->name, &out->prefix);
	enum judge_verdict verdict;

	/* A line may be dated up to a minute ahead; its ban is not. */
	out->since = last < now ? last : now;
	verdict = slot == BANS_NONE ? ban_anew(judge, jail, out, now)
				    : extend(judge, jail, out, slot, now);
	/* Without room the offences stand, and the next one asks again. */
	if (verdict != JUDGE_FULL)
		ledger_forget(&judge->ledger, jail->name, &out->prefix);
	return verdict;
}

enum judge_verdict judge_offence(struct judge *judge, const struct offence *offence,
				 int64_t now, struct ban *out, int64_t *time)
{
	const struct jail *jail = current_jail(judge, offence->jail);
	struct ledger_sum sum;
	bool counts;
	int error;

	if (!jail)
		return JUDGE_UNKNOWN;
	judge->counts.offences++;
	tidy(judge, now);
	counts = time_of(offence, jail, now, time);
	*out = (struct ban){.prefix = offence->prefix, .jail = jail->name};
	if (judge_never(judge, jail->name, &offence->prefix)) {
		judge->counts.ignored++;
		return JUDGE_IGNORED;
	}
	out->prefix = judge_subject_in(judge, jail, &offence->prefix);
	if (!counts)
		return old(judge);
	error = count_weight(judge, jail, &out->prefix, *time, moment_after(now, SLACK_MS),
			     &sum);
	if (error)
		return old(judge);
	out->count = sum.count;
	if (sum.count < jail->maxretry)
		return JUDGE_COUNTED;
	return convict(judge, jail, sum.last, now, out);
}

void judge_put_offence(struct judge *judge, uint32_t jail, const struct prefix *prefix,
		       int64_t time)
{
	const struct jail *found = jails_find(&judge->jails, jail);
	struct prefix subject;
	struct ledger_sum sum;

	if (!found)
		return;
	subject = judge_subject_in(judge, found, prefix);
	(void)count_offence(judge, found, &subject, time, TIME_FOREVER, &sum);
}

bool judge_each_offence(const struct judge *judge, uint64_t *cursor, uint32_t *jail,
			struct prefix *prefix, int64_t *time)
{
	return ledger_each(&judge->ledger, cursor, jail, prefix, time);
}

unsigned judge_count(const struct judge *judge, uint32_t jail, const struct prefix *prefix,
		     int64_t now)
{
	const struct jail *found = jails_find(&judge->jails, jail);
	struct prefix subject;
	int64_t since;

	if (!found)
		return 0;
	subject = judge_subject_in(judge, found, prefix);
	if (__builtin_sub_overflow(now, found->findtime, &since))
		since = INT64_MIN;
	return ledger_count(&judge->ledger, jail, &subject, since);
}

/* ---- bans ---- */

int judge_put(struct judge *judge, const struct ban *ban)
{
	struct ban fresh = *ban;
	int replaced;

	judge_keep(judge, &fresh);
	replaced = bans_put(&judge->bans, &fresh);
	if (replaced >= 0)
		ledger_forget(&judge->ledger, ban->jail, &ban->prefix);
	else if (fresh.strikes)
		strikes_put(&judge->strikes, &fresh);
	return replaced;
}

bool judge_undo(struct judge *judge, uint32_t jail, const struct prefix *prefix,
		struct ban *out)
{
	uint32_t slot = bans_find(&judge->bans, jail, prefix);

	ledger_forget(&judge->ledger, jail, prefix);
	strikes_forget(&judge->strikes, jail, prefix);
	if (slot == BANS_NONE)
		return false;
	if (out)
		*out = *bans_at(&judge->bans, slot);
	bans_del(&judge->bans, slot);
	return true;
}

uint64_t judge_shift(struct judge *judge, int64_t by, int64_t latest)
{
	bans_shift(&judge->bans, by);
	strikes_shift(&judge->strikes, by, latest);
	return ledger_shift(&judge->ledger, by, latest);
}

uint32_t judge_slots(const struct judge *judge)
{
	return judge->bans.used;
}

const struct ban *judge_at(const struct judge *judge, uint32_t slot)
{
	return bans_at(&judge->bans, slot);
}

uint32_t judge_first(const struct judge *judge, const struct prefix *prefix)
{
	return bans_first(&judge->bans, prefix);
}

uint32_t judge_next(const struct judge *judge, uint32_t slot)
{
	return bans_next(&judge->bans, slot);
}

bool judge_alone(const struct judge *judge, uint32_t slot)
{
	return bans_alone(&judge->bans, slot);
}

bool judge_has_length(const struct judge *judge, unsigned family, unsigned len)
{
	return bans_has_length(&judge->bans, family, len);
}

int64_t judge_next_end(const struct judge *judge)
{
	uint32_t slot = bans_ending(&judge->bans);

	return slot == BANS_NONE ? TIME_FOREVER : bans_at(&judge->bans, slot)->until;
}

bool judge_expire(struct judge *judge, int64_t now, struct ban *out)
{
	uint32_t slot = bans_ending(&judge->bans);

	if (slot == BANS_NONE || bans_at(&judge->bans, slot)->until > now)
		return false;
	*out = *bans_at(&judge->bans, slot);
	bans_del(&judge->bans, slot);
	strikes_tidy(&judge->strikes, now);
	if (out->strikes)
		strikes_put(&judge->strikes, out);
	return true;
}

/* ---- the whole ---- */

int judge_new(struct judge **out, const struct judge_limits *limits)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		return -ENOMEM;
	bans_init(&judge->bans, limits->bans, hash_key_random());
	bans_init(&judge->strikes.past, limits->bans, hash_key_random());
	judge->strikes.age = AGE_MS;
	judge->secret = hash_key_random();
	ledger_init(&judge->ledger, limits->accounts, hash_key_random());
	*out = judge;
	return 0;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	jails_clear(&judge->jails);
	ignore_clear(&judge->own);
	bans_clear(&judge->bans);
	bans_clear(&judge->strikes.past);
	ledger_clear(&judge->ledger);
	free(judge);
}

void judge_set_limit(struct judge *judge, uint32_t bans)
{
	bans_set_limit(&judge->bans, bans);
	bans_set_limit(&judge->strikes.past, bans);
}

void judge_reserve(struct judge *judge, uint32_t bans)
{
	(void)hash_index_reserve(&judge->bans.index, bans);
}

int judge_set_jails(struct judge *judge, const struct judge_jail *jails, size_t count)
{
	return jails_set(&judge->jails, jails, count);
}

int judge_set_own(struct judge *judge, const struct prefix *own, size_t count)
{
	struct ignore fresh;
	int error = ignore_set(&fresh, own, count);

	if (error)
		return error;
	ignore_clear(&judge->own);
	judge->own = fresh;
	return 0;
}

struct judge_counts judge_counts(const struct judge *judge)
{
	struct judge_counts counts = judge->counts;

	counts.forgotten = judge->ledger.forgotten;
	counts.pardoned = judge->strikes.forgotten;
	counts.live = judge->bans.live;
	counts.past = judge->strikes.past.live;
	counts.accounts = judge->ledger.live;
	return counts;
}
