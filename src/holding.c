/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "holding.h"

#define SAME_END_MS 2000 /* the kernel counts in seconds, and time passes on the way */
#define ROOM_FOR_NEWS 2	 /* batches that a sync leaves for changes */

static struct target_change change_of(const struct holding *holding,
				      const struct prefix *prefix, int64_t now)
{
	if (holding->empty || holding->dropped)
		return (struct target_change){.prefix = *prefix, .op = TARGET_DEL};
	return wanted_change(holding->wanted, holding->number, prefix, holding->is.info.longest,
			     now);
}

/* ---- the queue ---- */

static bool queue_grow(struct holding *holding)
{
	size_t room = holding->room ? holding->room * 2 : 1024;
	struct prefix *queue = malloc(room * sizeof *queue);

	if (!queue)
		return false;
	for (size_t i = 0; i < holding->count; i++)
		queue[i] = holding->queue[(holding->head + i) % holding->room];
	free(holding->queue);
	holding->queue = queue;
	holding->room = room;
	holding->head = 0;
	return true;
}

static void queue_drop(struct holding *holding)
{
	free(holding->queue);
	holding->queue = NULL;
	holding->room = holding->head = holding->count = 0;
	holding->lost = holding->queued - holding->answered;
	holding->sent_head = holding->sent_count = holding->walks = 0;
}

void holding_clear(struct holding *holding)
{
	queue_drop(holding);
	free(holding->seen);
	free(holding->text);
	holding->seen = NULL;
	holding->text = NULL;
}

/* While a target is out nothing is queued: the sync that follows sees it all. */
void holding_push(struct holding *holding, const struct prefix *prefix)
{
	if (holding->phase == HOLDING_OUT)
		return;
	if (holding->count == holding->room && !queue_grow(holding)) {
		holding->again = true;
		return;
	}
	holding->queue[(holding->head + holding->count) % holding->room] = *prefix;
	holding->count++;
	holding->queued++;
}

/* In someone else's set only what we know to have added may be deleted: a deletion that was
 * not done is written down until it is. */
void holding_note_removal(struct holding *holding, const struct prefix *prefix, bool pending)
{
	memory_removal(holding->memory,
		       names_add(holding->memory->names, text_of(holding->text)), prefix,
		       pending);
}

/* A target that is out may be anyone's. */
static bool may_be_shared(const struct holding *holding)
{
	return holding->is.info.way == TARGET_SHARED || holding->phase == HOLDING_OUT;
}

void holding_change(struct holding *holding, const struct prefix *prefix)
{
	if (may_be_shared(holding) &&
	    wanted_slot(holding->wanted, holding->number, prefix) == WANTED_NO_SLOT)
		holding_note_removal(holding, prefix, true);
	if (holding->empty && !holding->dropped && holding->late_count < HOLDING_LATE)
		holding->late[holding->late_count++] = *prefix;
	else if (holding->empty && !holding->dropped)
		holding->again = true;
	else
		holding_push(holding, prefix);
}

static bool batch_send(struct holding *holding, const struct target_change *changes,
		       size_t count, bool walk)
{
	struct holding_sent *sent;

	if (holding->sent_count == HOLDING_SENT ||
	    target_apply(holding->targets, holding->number, changes, count))
		return false;
	sent = &holding->sent[(holding->sent_head + holding->sent_count++) % HOLDING_SENT];
	*sent = (struct holding_sent){.queued = walk ? 0 : count, .walk = walk};
	holding->walks += walk;
	return true;
}

static bool pump_batch(struct holding *holding, int64_t now)
{
	struct target_change changes[TARGET_BATCH_MAX];
	size_t count = holding->count < TARGET_BATCH_MAX ? holding->count : TARGET_BATCH_MAX;

	if (!count || !targets_room(holding->targets) || holding->sent_count == HOLDING_SENT)
		return false;
	for (size_t i = 0; i < count; i++)
		changes[i] = change_of(
			holding, &holding->queue[(holding->head + i) % holding->room], now);
	if (!batch_send(holding, changes, count, false))
		return false;
	holding->head = (holding->head + count) % holding->room;
	holding->count -= count;
	return true;
}

void holding_pump(struct holding *holding, int64_t now)
{
	if (holding->phase == HOLDING_OUT)
		return;
	while (pump_batch(holding, now))
		;
}

/* ---- sync ---- */

void holding_sync(struct holding *holding, bool empty)
{
	holding->again = true;
	holding->asked++;
	holding->empty_next = empty || holding->dropped;
}

static void sync_over(struct holding *holding)
{
	free(holding->seen);
	holding->seen = NULL;
	log_debug("target %s: sync over%s", holding->text, holding->empty ? ", empty" : "");
	holding->empty = holding->refill = false;
	holding->is.info.created = false;
	holding->phase = HOLDING_IDLE;
	holding->answered += holding->lost;
	holding->lost = 0;
	holding->done = holding->begun;
	holding->is.syncs++;
	while (holding->late_count)
		holding_push(holding, &holding->late[--holding->late_count]);
}

static void removals_push(struct holding *holding)
{
	struct memory *memory = holding->memory;
	uint32_t name = names_find(memory->names, text_of(holding->text));

	for (uint32_t i = 0; i < memory->removals.count; i++)
		if (memory->removals.list[i].target == name)
			holding_push(holding, &memory->removals.list[i].prefix);
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
	size_t expect = holding->empty ? 0 : judge_counts(holding->memory->judge).live;

	if (target_refill(holding->targets, holding->number, phase, expect))
		return false;
	holding->phase = phase == TARGET_REFILL_BEGIN ? HOLDING_BEGIN : HOLDING_COMMIT;
	holding->refill = true;
	return true;
}

/* What was made just now is empty: no need to list it, or to fill a second set. */
static bool sync_start(struct holding *holding)
{
	bool started = true;

	holding->slot = 0;
	holding->begun = holding->asked;
	holding->is.sync_error = 0;
	holding->empty = holding->empty_next;
	if (holding->is.info.way == TARGET_NOTHING)
		sync_over(holding);
	else if (holding->is.info.way == TARGET_SHARED || holding->is.info.created)
		holding->phase = HOLDING_WALK;
	else if (holding->is.info.way == TARGET_REFILL)
		started = sync_refill(holding, TARGET_REFILL_BEGIN);
	else
		started = sync_list(holding);
	if (!started) {
		holding->empty = false;
		return false;
	}
	log_debug("target %s: sync%s", holding->text, holding->empty ? ", to be empty" : "");
	holding->again = holding->empty_next = false;
	if (holding->phase == HOLDING_WALK)
		removals_push(holding);
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

	if (!ban || was_seen(holding, slot) ||
	    wanted_slot(holding->wanted, holding->number, &ban->prefix) != slot)
		return false;
	*change = change_of(holding, &ban->prefix, now);
	if (change->op == TARGET_DEL)
		return way == TARGET_SHARED;
	if (holding->refill)
		change->op = TARGET_FILL;
	return true;
}

static bool walk_step(struct holding *holding, int64_t now)
{
	struct target_change changes[TARGET_BATCH_MAX];
	uint32_t end = judge_slots(holding->memory->judge), slot = holding->slot;
	size_t count = 0;

	if (targets_room(holding->targets) <= ROOM_FOR_NEWS ||
	    holding->sent_count == HOLDING_SENT)
		return false;
	for (; slot < end && count < TARGET_BATCH_MAX; slot++)
		count += walk_change(holding, slot, now, &changes[count]);
	if (!count) {
		holding->phase = HOLDING_DRAIN;
		holding->drain = holding->queued;
		return true;
	}
	if (!batch_send(holding, changes, count, true))
		return false;
	holding->slot = slot;
	return true;
}

bool holding_step(struct holding *holding, int64_t now)
{
	switch (holding->phase) {
	case HOLDING_IDLE:
		return holding->again && targets_room(holding->targets) && sync_start(holding);
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

bool holding_settled(const struct holding *holding)
{
	if (holding->phase == HOLDING_OUT)
		return holding->is.info.error != -EINPROGRESS;
	return holding->phase == HOLDING_IDLE && !holding->again && !holding->count &&
	       !holding->sent_count;
}

bool holding_synced(const struct holding *holding, uint64_t asked)
{
	if (holding->phase == HOLDING_OUT)
		return holding->is.info.error != -EINPROGRESS;
	return holding->done >= asked;
}

/* ---- what the target says ---- */

/* In what is ours a sync leaves nothing that is not wanted. */
static void removals_forget(struct holding *holding)
{
	struct memory *memory = holding->memory;
	uint32_t name = names_find(memory->names, text_of(holding->text));

	for (uint32_t i = memory->removals.count; name && i-- > 0;) {
		struct prefix prefix = memory->removals.list[i].prefix;

		if (memory->removals.list[i].target == name)
			holding_note_removal(holding, &prefix, false);
	}
}

/* Until it is ready again. A flush that was under way is not forgotten. */
static void holding_out(struct holding *holding)
{
	log_debug("target %s: out", holding->text);
	queue_drop(holding);
	free(holding->seen);
	holding->seen = NULL;
	holding->empty_next |= holding->empty || holding->dropped;
	holding->empty = holding->refill = false;
	holding->phase = HOLDING_OUT;
	holding->is.info.error = -EINPROGRESS;
}

/* The worker is gone, and with it every request. Did it go? */
static bool worker_died(struct holding *holding, int error)
{
	if (error == -EPIPE && holding->phase != HOLDING_OUT)
		holding_out(holding);
	return error == -EPIPE;
}

void holding_ready(struct holding *holding, const struct target_info *info)
{
	holding_out(holding);
	holding->is.info = *info;
	holding->again = !info->error;
	holding->asked += !holding->asked;
	holding->phase = info->error ? HOLDING_OUT : HOLDING_IDLE;
	if (!info->error && info->way != TARGET_SHARED)
		removals_forget(holding);
	if (info->error)
		log_error("target %s: %s", holding->text, info->text);
	else
		log_debug("target %s is ready", holding->text);
}

/* Our own nft sets are made anew by a refill; others by the definition of their target. */
static void set_is_gone(struct holding *holding)
{
	holding->retry = true;
	holding->redefine |= holding->is.info.way != TARGET_REFILL;
}

static void note_refusal(struct holding *holding, const struct target_change *change, int error)
{
	char text[PREFIX_TEXT_MAX];

	/* Once for each kind in a row: a full set refuses by the thousand. */
	if (holding->is.last_error != error)
		log_error("target %s: cannot %s %s: %s", holding->text,
			  change->op == TARGET_DEL ? "delete" : "add",
			  prefix_print(&change->prefix, text),
			  error == -ENOSPC ? "the set is full" : strerror(-error));
	holding->is.refused++;
	holding->is.last_error = error;
}

void holding_applied(struct holding *holding, const struct target_change *changes,
		     const int *errors, size_t count)
{
	struct holding_sent sent;

	if ((count && worker_died(holding, errors[0])) || !holding->sent_count)
		return;
	sent = holding->sent[holding->sent_head];
	holding->sent_head = (holding->sent_head + 1) % HOLDING_SENT;
	holding->sent_count--;
	holding->answered += sent.queued;
	holding->walks -= sent.walk;
	for (size_t i = 0; i < count; i++) {
		if (errors[i])
			note_refusal(holding, &changes[i], errors[i]);
		/* The set or table itself is gone: a sync makes ours anew. */
		if (errors[i] == -ENOENT)
			set_is_gone(holding);
		if (!errors[i] && holding->is.info.way == TARGET_SHARED)
			holding_note_removal(holding, &changes[i].prefix, false);
	}
}

void holding_held(struct holding *holding, const struct prefix *prefix, int64_t left,
		  int64_t now)
{
	struct target_change change = change_of(holding, prefix, now);
	uint32_t slot;

	if (holding->phase != HOLDING_LIST)
		return;
	if (change.op == TARGET_DEL) {
		holding_push(holding, prefix);
		return;
	}
	if (holding->is.info.timeouts && left != change.left &&
	    (left == TIME_FOREVER || change.left == TIME_FOREVER ||
	     llabs(left - change.left) > SAME_END_MS))
		return;
	slot = wanted_slot(holding->wanted, holding->number, prefix);
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
		set_is_gone(holding);
}

void holding_listed(struct holding *holding, int error)
{
	if (worker_died(holding, error) || holding->phase != HOLDING_LIST)
		return;
	if (error)
		sync_failed(holding, "be listed", error);
	holding->phase = HOLDING_WALK;
}

void holding_done(struct holding *holding, int error)
{
	if (worker_died(holding, error))
		return;
	if (error) {
		sync_failed(holding, "be filled anew", error);
		sync_over(holding);
	} else if (holding->phase == HOLDING_BEGIN) {
		holding->phase = HOLDING_WALK;
	} else if (holding->phase == HOLDING_COMMIT) {
		sync_over(holding);
	}
}
