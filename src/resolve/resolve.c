/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/resolve.h"

struct resolve {
	resolve_done *done;
	void *arg;
	struct resolve_counts counts;
};

struct resolve *resolve_new(resolve_done *done, void *arg)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	if (resolve)
		*resolve = (struct resolve){.done = done, .arg = arg};
	return resolve;
}

void resolve_free(struct resolve *resolve)
{
	free(resolve);
}

/* 0.0.0.0 and :: stand for "no address": nothing is ever sent from them. */
static bool can_offend(const struct prefix *p)
{
	static const uint8_t none[sizeof(p->addr)];

	return prefix_valid(p) && prefix_is_single(p) &&
	       memcmp(p->addr, none, sizeof(none)) != 0;
}

void resolve_finding(struct resolve *resolve, uint32_t jail, bool live,
		     const struct finding *finding)
{
	struct offence offence = {
		.prefix = finding->prefix,
		.jail = jail,
		.time = finding->time,
		.live = live,
	};

	if (finding->subject != SUBJECT_ADDRESS || !can_offend(&finding->prefix)) {
		resolve->counts.dropped++;
		return;
	}
	resolve->counts.resolved++;
	resolve->done(resolve->arg, &offence, finding);
}

struct resolve_counts resolve_counts(const struct resolve *resolve)
{
	return resolve->counts;
}
