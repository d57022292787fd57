/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/moment.h"
#include "wanted.h"

static uint32_t mask_of(const struct wanted *wanted, uint32_t jail)
{
	uint32_t uses = jail < wanted->size ? wanted->uses[jail] : 0;

	return !uses && wanted->manual < wanted->size ? wanted->uses[wanted->manual] : uses;
}

bool wanted_uses(const struct wanted *wanted, uint32_t jail, size_t target)
{
	return mask_of(wanted, jail) >> target & 1;
}

static bool masks_differ(const struct wanted *a, const struct wanted *b)
{
	uint32_t end = a->size > b->size ? a->size : b->size;

	for (uint32_t jail = 0; jail < end; jail++)
		if (mask_of(a, jail) != mask_of(b, jail))
			return true;
	return false;
}

int wanted_set(struct wanted *wanted, const struct conf *conf, bool *changed)
{
	struct wanted next = *wanted;

	for (size_t j = 0; j < conf->jail_count; j++)
		names_add(wanted->names, text_of(conf->jails[j].name));
	next.size = names_last(wanted->names) + 1;
	next.uses = calloc(next.size, sizeof *next.uses);
	if (!next.uses)
		return -ENOMEM;
	for (size_t j = 0; j < conf->jail_count; j++) {
		const struct conf_jail *jail = &conf->jails[j];
		uint32_t name = names_find(wanted->names, text_of(jail->name));

		for (size_t i = 0; i < jail->target_count; i++)
			next.uses[name] |= UINT32_C(1) << jail->targets[i];
	}
	next.manual = names_find(wanted->names, text_of(CONF_MANUAL));
	*changed = masks_differ(wanted, &next);
	free(wanted->uses);
	*wanted = next;
	return 0;
}

uint32_t wanted_slot(const struct wanted *wanted, size_t target, const struct prefix *prefix)
{
	uint32_t best = WANTED_NO_SLOT;
	int64_t until = 0;

	for (uint32_t s = judge_first(wanted->judge, prefix); s != UINT32_MAX;
	     s = judge_next(wanted->judge, s)) {
		const struct ban *ban = judge_at(wanted->judge, s);

		if (wanted_uses(wanted, ban->jail, target) &&
		    (best == WANTED_NO_SLOT || ban->until > until)) {
			best = s;
			until = ban->until;
		}
	}
	return best;
}

bool wanted_decides(const struct wanted *wanted, size_t target, uint32_t slot)
{
	const struct ban *ban = judge_at(wanted->judge, slot);

	if (judge_alone(wanted->judge, slot))
		return wanted_uses(wanted, ban->jail, target);
	return wanted_slot(wanted, target, &ban->prefix) == slot;
}

struct target_change wanted_change(const struct wanted *wanted, uint32_t slot,
				   const struct prefix *prefix, int64_t longest, int64_t now)
{
	struct target_change change = {.prefix = *prefix, .op = TARGET_DEL};
	const struct ban *ban;

	if (slot == WANTED_NO_SLOT)
		return change;
	ban = judge_at(wanted->judge, slot);
	change.left = moment_left(ban->until, now);
	if (!change.left)
		return change;
	change.op = TARGET_ADD;
	change.whole = ban->until == TIME_FOREVER ? TIME_FOREVER : ban->until - ban->since;
	if (change.left != TIME_FOREVER && change.left > longest)
		change.left = longest;
	if (change.whole < change.left)
		change.whole = change.left;
	return change;
}
