/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sync of one target: what it holds becomes what is wanted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "holding.h"
#include "shared.h"

#define SAME_END_MS 2000 /* the kernel counts in seconds, and time passes on the way */
#define ROOM_FOR_NEWS 2	 /* batches that a sync leaves for changes */

void holding_sync(struct holding *holding, bool empty)
{
	holding->again = true;
	holding->asked++;
	holding->empty_next = empty || holding->dropped;
	holding->emptied &= empty;
}

void holding_heal(struct holding *holding)
{
	if (holding->phase == HOLDING_OUT || holding->emptied || holding->dropped)
		return;
	holding->heal = true;
	holding->asked++;
}

int64_t holding_rests(const struct holding *holding, int64_t ticks)
{
	if (!holding->heal || holding->again || holding->phase != HOLDING_IDLE)
		return 0;
	return holding->rested > ticks ? holding->rested : 0;
}

static void sync_over(struct holding *holding)
{
	free(holding->seen);
	holding->seen = NULL;
	log_debug("target %s: sync over%s", holding->text, holding->empty ? ", empty" : "");
	holding->emptied = holding->empty;
	holding->empty = holding->refill = false;
	holding->is.info.created = false;
	holding->phase = HOLDING_IDLE;
	/* Whoever takes entries out in a loop does not make this all that is done. */
	holding->rested = moment_ticks() + (moment_ticks() - holding->started) / 4;
	holding->answered += holding->lost;
	holding->lost = 0;
	holding->done = holding->begun;
	holding->is.syncs++;
	while (holding->late_count)
		holding_push(holding, &holding->late[--holding->late_count]);
}

/* False: no room, or no memory; tried again later. */
static bool sync_list(struct holding *holding)
{
	uint32_t slots = judge_slots(holding->memory->judge);
	unsigned char *seen = calloc(slots / 8 + 1, 1);

	if (!seen || target_list(holding->targets, holding->number)) {
		free(seen);
		return false;
	}
	free(holding->seen);
	holding->seen = seen;
	holding->seen_slots = slots;
	holding->phase = HOLDING_LIST;
	return true;
}

static bool sync_refill(struct holding *holding, enum target_phase phase)
{
	size_t expect = holding->empty ? 0 : memory_expect(holding->memory);

	if (target_refill(holding->targets, holding->number, phase, expect))
		return false;
	holding->phase = phase == TARGET_REFILL_BEGIN ? HOLDING_BEGIN : HOLDING_COMMIT;
	holding->refill = true;
	return true;
}

static bool is_shared(const struct holding *holding)
{
	return holding->is.info.way == TARGET_SHARED;
}

/* One request, and the kernel's own way where it has one. */
static bool sync_flush(struct holding *holding)
{
	if (target_flush(holding->targets, holding->number))
		return false;
	holding->phase = HOLDING_COMMIT;
	return true;
}

/* As long as bans are read it is not known what a target should not hold: only what is empty is
 * filled. */
static bool can_start(const struct holding *holding)
{
	const struct target_info *info = &holding->is.info;

	return !holding->memory->loading || info->way == TARGET_NOTHING ||
	       info->way == TARGET_REFILL || (info->created && !is_shared(holding));
}

/* What was made just now is empty: no need to list it, or to fill a second set. Someone else's
 * ipset can be listed, and has to be: there an add of what is there costs a list of its own. */
static bool sync_start(struct holding *holding)
{
	bool started = true;

	holding->slot = 0;
	holding->started = moment_ticks();
	holding->begun = holding->asked;
	holding->is.sync_error = 0;
	holding->empty = holding->empty_next;
	if (holding->is.info.way == TARGET_NOTHING)
		sync_over(holding);
	else if ((is_shared(holding) && !holding->is.info.silent) || holding->is.info.created)
		holding->phase = HOLDING_WALK;
	else if (holding->is.info.way == TARGET_REFILL)
		started = sync_refill(holding, TARGET_REFILL_BEGIN);
	else
		started = holding->empty && !is_shared(holding) ? sync_flush(holding)
								: sync_list(holding);
	if (!started) {
		holding->empty = false;
		return false;
	}
	log_debug("target %s: sync%s", holding->text, holding->empty ? ", to be empty" : "");
	holding->again = holding->heal = holding->empty_next = holding->emptied = false;
	holding->freed = true;
	if (holding->phase == HOLDING_WALK || is_shared(holding))
		shared_push(holding);
	return true;
}

static bool was_seen(const struct holding *holding, uint32_t slot)
{
	return holding->seen && slot < holding->seen_slots &&
	       holding->seen[slot / 8] >> (slot % 8) & 1;
}

/* Does the walk have to send something for this slot? An empty second set needs no deletes. */
static bool walk_change(const struct holding *holding, uint32_t slot, int64_t now,
			struct target_change *change)
{
	const struct ban *ban = judge_at(holding->memory->judge, slot);
	enum target_way way = holding->is.info.way;

	if (!ban || was_seen(holding, slot) || full_leaves(&holding->full, &ban->prefix) ||
	    !wanted_decides(holding->wanted, holding->number, slot))
		return false;
	*change = holding_work_out_slot(holding, slot, &ban->prefix, now);
	if (change->op == TARGET_DEL)
		return way == TARGET_SHARED;
	if (holding->refill)
		change->op = TARGET_FILL;
	return true;
}

static bool walk_step(struct holding *holding, int64_t now)
{
	struct target_change changes[TARGET_BATCH_MAX];
	uint32_t end = memory_slots(holding->memory), slot = holding->slot;
	bool loading = holding->memory->loading;
	size_t count = 0;

	if (targets_room(holding->targets) <= ROOM_FOR_NEWS ||
	    holding->sent_count == HOLDING_SENT)
		return false;
	/* Batches are full. */
	if (loading && end < slot + TARGET_BATCH_MAX)
		return false;
	for (; slot < end && count < TARGET_BATCH_MAX; slot++)
		count += walk_change(holding, slot, now, &changes[count]);
	if (!count && !loading) {
		holding->phase = HOLDING_DRAIN;
		holding->drain = holding->queued;
		return true;
	}
	if (count && !holding_send(holding, changes, count, 0))
		return false;
	holding->slot = slot;
	return true;
}

bool holding_step(struct holding *holding, int64_t now)
{
	switch (holding->phase) {
	case HOLDING_IDLE:
		return (holding->again ||
			(holding->heal && !holding_rests(holding, moment_ticks()))) &&
		       can_start(holding) && targets_room(holding->targets) &&
		       sync_start(holding);
	case HOLDING_WALK:
		return walk_step(holding, now);
	case HOLDING_DRAIN:
		/* Requests are done in order: the commit needs not wait for the fills. */
		if (holding->refill)
			return targets_room(holding->targets) &&
			       sync_refill(holding, TARGET_REFILL_COMMIT);
		if (holding->walks || holding->answered + holding->lost < holding->drain)
			return false;
		sync_over(holding);
		return true;
	default:
		return false;
	}
}

/* ---- what the target says ---- */

/* Does an entry end when it is to? A later end in someone else's set is theirs. */
static bool is_good(const struct holding *holding, int64_t left, int64_t wanted)
{
	if (!holding->is.info.timeouts || left == wanted)
		return true;
	if (is_shared(holding) && left != TIME_FOREVER && wanted != TIME_FOREVER)
		return left > wanted - SAME_END_MS;
	if (is_shared(holding))
		return left == TIME_FOREVER;
	return left != TIME_FOREVER && wanted != TIME_FOREVER &&
	       llabs(left - wanted) <= SAME_END_MS;
}

void holding_held(struct holding *holding, const struct prefix *prefix, int64_t left,
		  int64_t now)
{
	uint32_t slot = wanted_slot(holding->wanted, holding->number, prefix);
	struct target_change change = holding_work_out_slot(holding, slot, prefix, now);

	if (holding->phase != HOLDING_LIST)
		return;
	/* What lets through is listed of our own sets alone, also where others are someone's.
	 */
	if (change.op == TARGET_DEL) {
		if (!is_shared(holding) || !left)
			holding_push(holding, prefix);
		return;
	}
	if (!is_good(holding, left, change.left))
		return;
	if (slot < holding->seen_slots)
		holding->seen[slot / 8] |= (unsigned char)(1 << slot % 8);
}

static void sync_failed(struct holding *holding, const char *what, int error)
{
	if (holding->is.last_error != error)
		log_error("target %s: cannot %s: %s", holding->text, what, strerror(-error));
	holding->is.last_error = holding->is.sync_error = error;
	holding->retry = true;
	if (error == -ENOENT || error == -ESTALE)
		holding_set_is_gone(holding);
}

void holding_listed(struct holding *holding, int error)
{
	if (holding_worker_died(holding, error) || holding->phase != HOLDING_LIST)
		return;
	if (error)
		sync_failed(holding, "be listed", error);
	holding->phase = HOLDING_WALK;
}

void holding_done(struct holding *holding, int error)
{
	if (holding_worker_died(holding, error))
		return;
	if (error) {
		sync_failed(holding, holding->refill ? "be filled anew" : "be emptied", error);
		sync_over(holding);
	} else if (holding->phase == HOLDING_BEGIN) {
		holding->phase = HOLDING_WALK;
	} else if (holding->phase == HOLDING_COMMIT) {
		sync_over(holding);
	}
}
