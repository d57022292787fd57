/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink/calm.h"

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void calm_happened(struct calm *c, int64_t now)
{
	if (!c->since)
		c->since = now;
	c->last = now;
}

int64_t calm_due(const struct calm *c)
{
	int64_t due = c->since;

	if (!c->since)
		return INT64_MAX;
	if (c->told && c->since - c->told < CALM_QUIET_MS)
		due = least(c->last + CALM_QUIET_MS, c->since + CALM_LONGEST_MS);
	return most(due, c->spent - (CALM_BURST - 1) * CALM_EACH_MS);
}

void calm_told(struct calm *c, int64_t now)
{
	c->spent = most(c->spent, now) + CALM_EACH_MS;
	c->told = now;
	c->since = c->last = 0;
}
