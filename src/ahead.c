/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "ahead.h"

void ahead_clear(struct ahead *ahead)
{
	judge_free(ahead->touched);
	free(ahead->kept);
	*ahead = (struct ahead){0};
}

static void touch(struct ahead *ahead, const struct prefix *prefix)
{
	static const struct judge_limits limits = {.bans = UINT32_MAX};
	const struct ban ban = {.prefix = *prefix};

	if ((!ahead->touched && judge_new(&ahead->touched, &limits)) ||
	    judge_put(ahead->touched, &ban) < 0)
		ahead->failed = true;
}

void ahead_see(struct ahead *ahead, const struct record *record)
{
	switch (record->kind) {
	case RECORD_BAN:
		touch(ahead, &record->ban.prefix);
		break;
	case RECORD_UNBAN:
		touch(ahead, &record->unban.prefix);
		break;
	case RECORD_CLOCK:
		ahead->clock = *record;
		ahead->shift += record->clock.shift;
		break;
	default:
		break;
	}
}

/* Of those whose order matters: a ban clears the offences before it, and has its strikes
 * behind it. */
static const struct prefix *prefix_of(const struct record *record)
{
	switch (record->kind) {
	case RECORD_BAN:
		return &record->ban.prefix;
	case RECORD_OFFENCE:
		return &record->offence.prefix;
	case RECORD_STRIKE:
		return &record->strike.prefix;
	default:
		return NULL;
	}
}

static bool keep(struct ahead *ahead, const struct record *record)
{
	uint32_t room = ahead->room ? 2 * ahead->room : 64;

	if (ahead->count == ahead->room) {
		struct record *grown;

		grown = reallocarray(ahead->kept, room, sizeof *grown);
		if (!grown)
			return false;
		ahead->kept = grown;
		ahead->room = room;
	}
	ahead->kept[ahead->count++] = *record;
	return true;
}

bool ahead_keep(struct ahead *ahead, const struct record *record)
{
	const struct prefix *prefix = ahead->touched ? prefix_of(record) : NULL;

	if (!prefix || judge_first(ahead->touched, prefix) == UINT32_MAX)
		return false;
	if (keep(ahead, record))
		return true;
	ahead->failed = true;
	return false;
}
