/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judge beside a model that does the same by looking at everything every time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/hash.h"
#include "base/moment.h"
#include "tests/judge/court.h"

#define JAILS 3u
#define STEPS 200000

static const struct {
	unsigned maxretry;
	int64_t findtime, bantime;
	unsigned prefix6;
} rules[JAILS + 1] = {
	[1] = {3, 10 * MINUTE, HOUR, 64},
	[2] = {1, 10 * MINUTE, 5 * MINUTE, 64},
	[3] = {9, 2 * MINUTE, TIME_FOREVER, 56},
};

static const char *const addresses[] = {
	"198.51.100.1", "198.51.100.2",	   "198.51.100.3",  "192.0.2.9",     "2001:db8::1",
	"2001:db8::2",	"2001:db8:0:1::1", "2001:db8:5::7", "2001:db8:5::8", "2001:db8:5:1::1",
};

#define ADDRESSES (sizeof(addresses) / sizeof(*addresses))

struct mark {
	bool set;
	uint32_t jail;
	struct prefix prefix;
	int64_t time;
};

struct model {
	struct mark marks[4096];
	struct ban bans[64]; /* jail 0: free */
};

static struct prefix subject(uint32_t jail, struct prefix p)
{
	struct prefix wide = prefix_cut(&p, rules[jail].prefix6);
	struct prefix ignored = court_prefix("2001:db8:5::7");

	return p.family == 4 || prefix_covers(&wide, &ignored) ? p : wide;
}

static struct ban *model_ban(struct model *model, uint32_t jail, const struct prefix *prefix)
{
	for (size_t i = 0; i < 64; i++)
		if (model->bans[i].jail == jail && prefix_equal(&model->bans[i].prefix, prefix))
			return &model->bans[i];
	return NULL;
}

static void model_clear(struct model *model, uint32_t jail, const struct prefix *prefix)
{
	for (size_t i = 0; i < 4096; i++)
		if (model->marks[i].jail == jail &&
		    prefix_equal(&model->marks[i].prefix, prefix))
			model->marks[i].set = false;
}

static int64_t model_newest(const struct model *model, uint32_t jail, const struct prefix *p)
{
	int64_t newest = INT64_MIN;

	for (size_t i = 0; i < 4096; i++) {
		const struct mark *mark = &model->marks[i];

		if (mark->set && mark->jail == jail && prefix_equal(&mark->prefix, p) &&
		    mark->time > newest)
			newest = mark->time;
	}
	return newest;
}

/* Those at `since` or later; older ones are dropped when `drop`. */
static unsigned model_count(struct model *model, uint32_t jail, const struct prefix *p,
			    int64_t since, bool drop)
{
	unsigned count = 0;

	for (size_t i = 0; i < 4096; i++) {
		struct mark *mark = &model->marks[i];

		if (!mark->set || mark->jail != jail || !prefix_equal(&mark->prefix, p))
			continue;
		if (mark->time >= since)
			count++;
		else if (drop)
			mark->set = false;
	}
	return count;
}

static void model_mark(struct model *model, uint32_t jail, const struct prefix *p, int64_t time)
{
	for (size_t i = 0; i < 4096; i++)
		if (!model->marks[i].set) {
			model->marks[i] = (struct mark){true, jail, *p, time};
			return;
		}
	cr_assert_fail("the model is full");
}

static enum judge_verdict model_sentence(struct model *model, struct ban *ban)
{
	struct ban *old = model_ban(model, ban->jail, &ban->prefix);

	if (old) {
		old->count += ban->count;
		old->until = old->until > ban->until ? old->until : ban->until;
		*ban = *old;
		return JUDGE_EXTENDED;
	}
	for (size_t i = 0; i < 64; i++)
		if (!model->bans[i].jail) {
			model->bans[i] = *ban;
			return JUDGE_BANNED;
		}
	return JUDGE_FULL;
}

static bool near(int64_t time, int64_t now)
{
	return time != TIME_NONE && time >= now - MINUTE && time <= now + MINUTE;
}

static enum judge_verdict model_offence(struct model *model, const struct offence *offence,
					int64_t now, struct ban *out)
{
	uint32_t jail = offence->jail;
	struct prefix net = court_prefix("192.0.2.0/24"), one = court_prefix("2001:db8:5::7");
	struct prefix p = subject(jail, offence->prefix);
	int64_t time = offence->time, newest;

	if (prefix_covers(&net, &offence->prefix) || prefix_equal(&one, &offence->prefix))
		return JUDGE_IGNORED;
	if (offence->live)
		time = near(time, now) ? time : now;
	else if (time == TIME_NONE || time > now + MINUTE || time < now - rules[jail].findtime)
		return JUDGE_OLD;
	newest = model_newest(model, jail, &p);
	if (newest != INT64_MIN && time < newest - rules[jail].findtime)
		return JUDGE_OLD;
	model_mark(model, jail, &p, time);
	newest = model_newest(model, jail, &p);
	*out = (struct ban){.prefix = p, .jail = jail};
	out->count = model_count(model, jail, &p, newest - rules[jail].findtime, true);
	if (out->count < rules[jail].maxretry)
		return JUDGE_COUNTED;
	model_clear(model, jail, &p);
	out->since = newest < now ? newest : now;
	out->until = moment_after(out->since, rules[jail].bantime);
	return out->until > now ? model_sentence(model, out) : JUDGE_OLD;
}

static unsigned chance(unsigned of)
{
	return (unsigned)rand() % of;
}

static int64_t any_time(int64_t now)
{
	switch (chance(8)) {
	case 0:
		return TIME_NONE;
	case 1:
		return now + (int64_t)chance(200) * SECOND;
	case 2:
		return now - (int64_t)chance(900) * SECOND;
	case 3:
		return now - (int64_t)chance(60) * SECOND;
	default:
		return now;
	}
}

static void step_offence(struct judge *judge, struct model *model, int64_t now, int step)
{
	const struct offence offence = {court_prefix(addresses[chance(ADDRESSES)]),
					1 + chance(JAILS), any_time(now), chance(4) != 0};
	struct ban got = {0}, want = {0};
	enum judge_verdict verdict;
	int64_t time;

	verdict = judge_offence(judge, &offence, now, &got, &time);
	cr_assert_eq(verdict, model_offence(model, &offence, now, &want), "step %d", step);
	if (verdict > JUDGE_EXTENDED)
		return;
	cr_assert(prefix_equal(&got.prefix, &want.prefix), "step %d", step);
	cr_assert_eq(got.count, want.count, "step %d: %u %u", step, got.count, want.count);
	cr_assert_eq(got.since, want.since, "step %d", step);
	cr_assert_eq(got.until, want.until, "step %d", step);
}

static void step_undo(struct judge *judge, struct model *model, int step)
{
	uint32_t jail = 1 + chance(JAILS);
	struct prefix p = subject(jail, court_prefix(addresses[chance(ADDRESSES)]));
	struct ban *ban = model_ban(model, jail, &p);

	cr_assert_eq(judge_undo(judge, jail, &p, NULL), ban != NULL, "step %d", step);
	model_clear(model, jail, &p);
	if (ban)
		ban->jail = 0;
}

static void step_expire(struct judge *judge, struct model *model, int64_t now, int step)
{
	struct ban *want, got;

	while (judge_expire(judge, now, &got)) {
		want = model_ban(model, got.jail, &got.prefix);
		cr_assert_not_null(want, "step %d", step);
		cr_assert_eq(want->until, got.until, "step %d", step);
		want->jail = 0;
	}
	for (size_t i = 0; i < 64; i++)
		cr_assert(!model->bans[i].jail || model->bans[i].until > now, "step %d", step);
}

static void check_counts(struct judge *judge, struct model *model, int64_t now, int step)
{
	for (uint32_t jail = 1; jail <= JAILS; jail++)
		for (size_t i = 0; i < ADDRESSES; i++) {
			struct prefix p = subject(jail, court_prefix(addresses[i]));
			int64_t since = now - rules[jail].findtime;

			cr_assert_eq(judge_count(judge, jail, &p, now),
				     model_count(model, jail, &p, since, false), "step %d",
				     step);
		}
}

Test(model, judges_the_same)
{
	const struct judge_limits limits = {1000, 1000};
	const struct prefix ignore[] = {court_prefix("192.0.2.0/24"),
					court_prefix("2001:db8:5::7")};
	unsigned seed = (unsigned)hash_key_random().k0;
	struct model *model = calloc(1, sizeof(*model));
	struct judge_jail jails[JAILS];
	struct judge *judge;
	int64_t now = NOW;

	printf("model: seed %u\n", seed);
	srand(seed);
	cr_assert_eq(judge_new(&judge, &limits), 0);
	for (unsigned i = 0; i < JAILS; i++)
		jails[i] = (struct judge_jail){i + 1,
					       rules[i + 1].maxretry,
					       rules[i + 1].findtime,
					       rules[i + 1].bantime,
					       rules[i + 1].prefix6,
					       ignore,
					       2,
					       {0},
					       false};
	cr_assert_eq(judge_set_jails(judge, jails, JAILS), 0);
	for (int step = 0; step < STEPS; step++) {
		now += chance(50) ? chance(3000) : chance(30 * MINUTE);
		step_expire(judge, model, now, step);
		step_offence(judge, model, now, step);
		if (!chance(20))
			step_undo(judge, model, step);
		if (!chance(50))
			check_counts(judge, model, now, step);
	}
	judge_free(judge);
	free(model);
}
