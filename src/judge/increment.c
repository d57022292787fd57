/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>

#include "base/moment.h"
#include "judge/increment.h"

#define SHIFT_MAX 20u /* fail2ban's: further it does not grow */

/* A long double holds every int64_t exactly. */
static int64_t saturate(long double ms)
{
	if (!(ms < (long double)TIME_FOREVER))
		return TIME_FOREVER;
	return llroundl(ms);
}

static long double grown(const struct increment *rule, int64_t bantime, unsigned count)
{
	long double base = (long double)bantime, result;
	unsigned last = rule->multiplier_count - 1;

	if (rule->multiplier_count)
		return base * rule->factor *
		       rule->multipliers[count < rule->multiplier_count ? count : last];
	if (rule->exponential)
		result = base * expl((long double)count * rule->factor);
	else
		result = base * (1u << (count < SHIFT_MAX ? count : SHIFT_MAX)) * rule->factor;
	/* A formula, other than multipliers, never makes it shorter. */
	return result > base ? result : base;
}

int64_t increment_bantime(const struct increment *rule, int64_t bantime, unsigned count,
			  uint64_t random)
{
	int64_t ms = saturate(grown(rule, bantime, count));
	long double part = (long double)random / 0x1p64L;

	if (ms > rule->maxtime)
		ms = rule->maxtime;
	return moment_after(ms, (int64_t)(part * (long double)rule->rndtime));
}

unsigned increment_weight(unsigned count, unsigned maxretry)
{
	unsigned weight = (1u << (count < SHIFT_MAX ? count : SHIFT_MAX)) / 2 + 1;

	return weight < maxretry ? weight : maxretry;
}
