/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "netlink/ipset_count.h"

#define STRETCH_SHIFT 14    /* 16.4 s each */
#define STRETCHES (1 << 17) /* 2^31 ms in all, which is ipset's longest timeout */
/* The kernel counts in jiffies from when it read the message, and we in whole seconds. */
#define SLACK_MS 3000

static int64_t stretch_of(int64_t ms)
{
	return ms >> STRETCH_SHIFT;
}

static uint32_t *at(const struct ipset_count *c, int64_t stretch)
{
	return &c->ends[stretch & (STRETCHES - 1)];
}

void ipset_count_free(struct ipset_count *c)
{
	free(c->ends);
	c->ends = NULL;
}

void ipset_count_start(struct ipset_count *c, int64_t now, uint32_t entries, bool known)
{
	ipset_count_free(c);
	*c = (struct ipset_count){.known = known,
				  .entries = entries,
				  .since = now,
				  .cleared = stretch_of(now - SLACK_MS)};
}

/* Pages of the ring that nothing ends in are never there. */
void ipset_count_end(struct ipset_count *c, int64_t now, uint32_t seconds)
{
	int64_t stretch = stretch_of(now + (int64_t)seconds * 1000);

	if (!seconds)
		return;
	if (!c->ends)
		c->ends = calloc(STRETCHES, sizeof *c->ends);
	if (!c->ends) {
		c->known = false;
		return;
	}
	if (stretch >= c->cleared + STRETCHES)
		stretch = c->cleared + STRETCHES - 1;
	++*at(c, stretch);
}

void ipset_count_change(struct ipset_count *c, int64_t entries)
{
	c->entries += entries;
}

/* How many may have ended since. The stretches at both ends count whole. */
static int64_t ended(const struct ipset_count *c, int64_t now)
{
	int64_t stretch = stretch_of(c->since - SLACK_MS), last = stretch_of(now + SLACK_MS);
	int64_t sum = 0;

	if (stretch < c->cleared)
		stretch = c->cleared;
	if (last >= c->cleared + STRETCHES)
		last = c->cleared + STRETCHES - 1;
	for (; c->ends && stretch <= last; stretch++)
		sum += *at(c, stretch);
	return sum;
}

static void clear(struct ipset_count *c, int64_t now)
{
	int64_t first = stretch_of(now - SLACK_MS), all;

	for (all = STRETCHES; c->ends && all && c->cleared < first; all--)
		*at(c, c->cleared++) = 0;
	c->cleared = first;
}

int64_t ipset_count_look(struct ipset_count *c, int64_t now, uint32_t entries)
{
	int64_t missing = c->entries - ended(c, now) - entries;

	clear(c, now);
	c->entries = entries;
	c->since = now;
	return c->known && missing > 0 ? missing : 0;
}
