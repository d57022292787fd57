/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "evict.h"

static unsigned set_of(const struct holding *holding, const struct prefix *prefix)
{
	return target_set_of(holding->targets, holding->number, prefix);
}

/* When what is wanted of the prefix ends. False: nothing is. */
static bool end_of(const struct holding *holding, const struct prefix *prefix, int64_t *until)
{
	uint32_t slot = wanted_slot(holding->wanted, holding->number, prefix);

	if (slot == WANTED_NO_SLOT)
		return false;
	*until = judge_at(holding->wanted->judge, slot)->until;
	return true;
}

static void count_out(struct holding *holding)
{
	holding->is.evicted = holding->full.count;
}

static void left_out(struct holding *holding, const struct prefix *prefix, int64_t until)
{
	/* Without memory for it the next sync tries it again. */
	if (full_put(&holding->full, prefix, until, false) < 0)
		holding->retry = true;
}

bool evict_changed(struct holding *holding, const struct prefix *prefix)
{
	int64_t until;
	bool wanted;

	if (!holding->full.count)
		return false;
	wanted = end_of(holding, prefix, &until);
	if (!full_has(&holding->full, prefix)) {
		holding->freed |= !wanted;
		return false;
	}
	if (wanted)
		full_put(&holding->full, prefix, until, true);
	else
		full_take(&holding->full, prefix);
	count_out(holding);
	return !wanted;
}

void evict_expired(struct holding *holding, const struct prefix *prefix)
{
	int64_t until;

	if (!holding->full.count)
		return;
	if (!full_has(&holding->full, prefix))
		holding->freed = true;
	else if (end_of(holding, prefix, &until))
		full_put(&holding->full, prefix, until, false);
	else
		full_take(&holding->full, prefix);
	count_out(holding);
}

/* ---- what was refused ---- */

struct refused {
	struct full_end end;
	bool known; /* it was left out before, and told of then */
	bool comes; /* it takes somebody's place */
};

static int compare_ends(const void *a, const void *b)
{
	int64_t x = ((const struct refused *)a)->end.until;
	int64_t y = ((const struct refused *)b)->end.until;

	return (x < y) - (x > y);
}

/* The latest to end come first: they have the first choice of those that make room. */
static size_t note_refused(struct holding *holding, const struct target_change *changes,
			   const int *errors, size_t count, struct refused *refused)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct refused *one = &refused[n];

		if (errors[i] != -ENOSPC || changes[i].op == TARGET_DEL ||
		    !end_of(holding, &changes[i].prefix, &one->end.until))
			continue;
		one->end.prefix = changes[i].prefix;
		one->known = full_has(&holding->full, &one->end.prefix);
		one->comes = false;
		left_out(holding, &one->end.prefix, one->end.until);
		holding->refusals++;
		n++;
	}
	qsort(refused, n, sizeof *refused, compare_ends);
	return n;
}

static bool swap(struct holding *holding, const struct full_end *in)
{
	const struct full_view view = {holding->wanted, holding->targets, holding->number};
	const struct full_end *soonest =
		full_soonest(&holding->full, &view, set_of(holding, &in->prefix));
	struct full_end out;

	if (!soonest || soonest->until >= in->until)
		return false;
	out = *soonest;
	left_out(holding, &out.prefix, out.until);
	full_put(&holding->full, &in->prefix, in->until, true);
	holding_push(holding, &out.prefix);
	holding->is.evictions++;
	return true;
}

/* All deletes go ahead of the adds: each kind is one message to the kernel. */
static void make_room(struct holding *holding, struct refused *refused, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		refused[i].comes = swap(holding, &refused[i].end);
		holding->is.refused += !refused[i].comes && !refused[i].known;
	}
	for (size_t i = 0; i < count; i++)
		if (refused[i].comes)
			holding_push(holding, &refused[i].end.prefix);
}

static void tell(struct holding *holding)
{
	if (holding->told_full)
		return;
	holding->told_full = true;
	log_warning("target %s: a set is full: the bans that end soonest make room for those "
		    "that end later, and return when there is room. A larger set has room for "
		    "all: \"maxbans\", or \"maxelem\" and \"size\" of a set of yours",
		    holding->text);
}

/* ---- what went in ---- */

static void note_done(struct holding *holding, const struct target_change *change)
{
	int64_t until;
	bool wanted = end_of(holding, &change->prefix, &until);

	/* What makes room is deleted as well, and is still wanted. */
	if (change->op != TARGET_DEL || !wanted)
		full_take(&holding->full, &change->prefix);
	if (change->op != TARGET_DEL && wanted && holding->full.count)
		full_held(&holding->full, set_of(holding, &change->prefix), &change->prefix,
			  until);
}

static void take_refused(struct holding *holding, const struct target_change *changes,
			 const int *errors, size_t count)
{
	struct refused *refused = malloc(count * sizeof *refused);

	if (!refused) {
		holding->retry = true;
		return;
	}
	make_room(holding, refused, note_refused(holding, changes, errors, count, refused));
	free(refused);
	tell(holding);
}

void evict_applied(struct holding *holding, const struct target_change *changes,
		   const int *errors, size_t count)
{
	bool full = false;

	for (size_t i = 0; i < count; i++) {
		full |= errors[i] == -ENOSPC && changes[i].op != TARGET_DEL;
		if (!errors[i] && holding->full.count)
			note_done(holding, &changes[i]);
	}
	if (full && !holding->empty && !holding->dropped)
		take_refused(holding, changes, errors, count);
	count_out(holding);
}

/* ---- what returns ---- */

static void try_some(struct holding *holding)
{
	struct prefix some[EVICT_TRIES_MAX];
	size_t count = full_try(&holding->full, some, holding->tries);

	for (size_t i = 0; i < count; i++)
		holding_push(holding, &some[i]);
	holding->trying = count != 0;
	holding->tried = holding->queued;
	holding->refusals = 0;
}

void evict_return(struct holding *holding, bool tick)
{
	if (!holding->full.count || holding->phase != HOLDING_IDLE || holding->emptied)
		return;
	if (holding->trying) {
		if (holding->answered < holding->tried)
			return;
		holding->trying = false;
		holding->freed = !holding->refusals;
		holding->tries = holding->freed ? 2 * holding->tries : 1;
		if (holding->tries > EVICT_TRIES_MAX)
			holding->tries = EVICT_TRIES_MAX;
	}
	if (!holding->freed && !tick)
		return;
	holding->freed = false;
	holding->tries += !holding->tries;
	try_some(holding);
}
