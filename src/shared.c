/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "shared.h"

static uint32_t name_of(const struct holding *holding)
{
	return names_add(holding->memory->names, text_of(holding->text));
}

/* A target that is out may be anyone's. */
static bool may_be_shared(const struct holding *holding)
{
	return holding->is.info.way == TARGET_SHARED || holding->phase == HOLDING_OUT;
}

/* TIME_NONE: nothing is wanted. */
static int64_t end_of(const struct holding *holding, const struct prefix *prefix)
{
	uint32_t slot = wanted_slot(holding->wanted, holding->number, prefix);

	return slot == WANTED_NO_SLOT ? TIME_NONE
				      : judge_at(holding->wanted->judge, slot)->until;
}

void shared_take_back(struct holding *holding, const struct prefix *prefix, int64_t until)
{
	memory_removal(holding->memory, &(struct removal){name_of(holding), *prefix, until},
		       true);
}

void shared_before(struct holding *holding, const struct prefix *prefix)
{
	holding->given.prefix = *prefix;
	holding->given.until = end_of(holding, prefix);
}

void shared_changed(struct holding *holding, const struct prefix *prefix)
{
	bool known = prefix_equal(&holding->given.prefix, prefix);
	int64_t given = known ? holding->given.until : TIME_NONE;
	int64_t now = end_of(holding, prefix);

	holding->given.prefix = (struct prefix){0};
	if (may_be_shared(holding) && (now == TIME_NONE || now < given))
		shared_take_back(holding, prefix, given);
}

void shared_deleted(struct holding *holding, const struct prefix *prefix)
{
	if (holding->is.info.way == TARGET_SHARED && holding->memory->removals.count)
		memory_removal(holding->memory,
			       &(struct removal){name_of(holding), *prefix, TIME_NONE}, false);
}

void shared_push(struct holding *holding)
{
	const struct removals *removals = &holding->memory->removals;
	uint32_t name = name_of(holding);

	for (uint32_t i = 0; i < removals->count; i++)
		if (removals->list[i].target == name)
			holding_push(holding, &removals->list[i].prefix);
}

void shared_forget(struct holding *holding)
{
	struct memory *memory = holding->memory;
	uint32_t name = name_of(holding);

	for (uint32_t i = memory->removals.count; i-- > 0;) {
		const struct removal removal = memory->removals.list[i];

		if (removal.target == name)
			memory_removal(memory, &removal, false);
	}
}

/* What would be left of what was given. The kernel has cut it to the longest it can keep. */
static int64_t left_of(const struct holding *holding, int64_t until, int64_t now)
{
	int64_t left;

	if (until == TIME_NONE)
		return 0;
	left = moment_left(until, now);
	if (left > holding->is.info.longest)
		return holding->is.info.longest;
	return left ? left : 1; /* 0 would be "not known" */
}

size_t shared_changes(const struct holding *holding, const struct prefix *prefix, int64_t now,
		      struct target_change out[2])
{
	const struct removal *removal = NULL;

	out[0] = holding_work_out(holding, prefix, now);
	if (holding->is.info.way == TARGET_SHARED && holding->memory->removals.count)
		removal = removals_find(&holding->memory->removals, name_of(holding), prefix);
	if (!removal)
		return 1;
	out[1] = out[0];
	out[0] = (struct target_change){.prefix = *prefix,
					.op = TARGET_DEL,
					.left = left_of(holding, removal->until, now)};
	return out[1].op == TARGET_DEL ? 1 : 2;
}
