/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "evict.h"
#include "holding.h"
#include "shared.h"

#define TELL_MS 10000
#define LATER_MS 5000 /* until what may pass is tried again */

/* A delete says as well until when the entry was wanted: in someone else's set what ends later
 * is not ours. */
struct target_change holding_work_out_slot(const struct holding *holding, uint32_t slot,
					   const struct prefix *prefix, int64_t now)
{
	struct target_change change =
		wanted_change(holding->wanted, slot, prefix, holding->is.info.longest, now);

	if (holding->empty || holding->dropped || full_leaves(&holding->full, prefix)) {
		change.op = TARGET_DEL;
		change.whole = 0;
	}
	/* Of a ban that ended while the change waited nothing is left; 0 would take out
	 * whatever is there. */
	if (change.op == TARGET_DEL && !change.left && holding->is.info.way == TARGET_SHARED)
		change.left = 1;
	return change;
}

struct target_change holding_work_out(const struct holding *holding,
				      const struct prefix *prefix, int64_t now)
{
	return holding_work_out_slot(
		holding, wanted_slot(holding->wanted, holding->number, prefix), prefix, now);
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
	memset(holding->owed, 0, sizeof holding->owed);
	full_clear(&holding->full);
	holding->freed = holding->trying = false;
	holding->is.evicted = 0;
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

void holding_change(struct holding *holding, const struct prefix *prefix)
{
	if (evict_changed(holding, prefix))
		return;
	shared_changed(holding, prefix);
	if (holding->empty && !holding->dropped && holding->late_count < HOLDING_LATE)
		holding->late[holding->late_count++] = *prefix;
	else if (holding->empty && !holding->dropped)
		holding->again = true;
	else
		holding_push(holding, prefix);
}

bool holding_send(struct holding *holding, const struct target_change *changes, size_t count,
		  size_t queued)
{
	struct holding_sent *sent;

	if (holding->sent_count == HOLDING_SENT ||
	    target_apply(holding->targets, holding->number, changes, count))
		return false;
	sent = &holding->sent[(holding->sent_head + holding->sent_count++) % HOLDING_SENT];
	*sent = (struct holding_sent){.queued = queued, .walk = !queued};
	holding->walks += !queued;
	return true;
}

/* What is queued becomes at most two changes each. */
static bool pump_batch(struct holding *holding, int64_t now)
{
	struct target_change changes[TARGET_BATCH_MAX];
	size_t taken = 0, count = 0;

	if (!holding->count || !targets_room(holding->targets) ||
	    holding->sent_count == HOLDING_SENT)
		return false;
	for (; taken < holding->count && count + 2 <= TARGET_BATCH_MAX; taken++)
		count += shared_changes(
			holding, &holding->queue[(holding->head + taken) % holding->room], now,
			&changes[count]);
	if (!holding_send(holding, changes, count, taken))
		return false;
	holding->head = (holding->head + taken) % holding->room;
	holding->count -= taken;
	return true;
}

void holding_pump(struct holding *holding, int64_t now)
{
	if (holding->phase == HOLDING_OUT)
		return;
	while (pump_batch(holding, now))
		;
}

bool holding_settled(const struct holding *holding)
{
	if (holding->phase == HOLDING_OUT)
		return holding->is.info.error != -EINPROGRESS;
	return holding->phase == HOLDING_IDLE && !holding->again && !holding->heal &&
	       !holding->count && !holding->sent_count;
}

bool holding_synced(const struct holding *holding, uint64_t asked)
{
	if (holding->phase == HOLDING_OUT)
		return holding->is.info.error != -EINPROGRESS;
	return holding->done >= asked;
}

bool holding_answered(const struct holding *holding, uint64_t queued)
{
	uint64_t needed = queued;

	for (unsigned i = 0; i < HOLDING_SENT; i++)
		if (holding->owed[i].from < queued && holding->owed[i].until > needed)
			needed = holding->owed[i].until;
	return holding->answered >= needed;
}

/* ---- what the target says ---- */

/* Until it is ready again. A flush that was under way is not forgotten. */
static void holding_out(struct holding *holding)
{
	log_debug("target %s: out", holding->text);
	queue_drop(holding);
	free(holding->seen);
	holding->seen = NULL;
	holding->empty_next |= holding->empty || holding->dropped;
	holding->empty = holding->refill = holding->heal = false;
	holding->phase = HOLDING_OUT;
	holding->is.info.error = -EINPROGRESS;
}

void holding_redefine(struct holding *holding)
{
	/* A sync follows. */
	holding->redefine = holding->retry = false;
	holding->redefined = moment_ticks();
	holding_out(holding);
	target_redefine(holding->targets, holding->number);
}

bool holding_worker_died(struct holding *holding, int error)
{
	if (error == -EPIPE && holding->phase != HOLDING_OUT)
		holding_out(holding);
	return error == -EPIPE;
}

/* What is tried again every few seconds is not told of each time. */
static void tell_ready(const struct holding *holding, const struct target_info *info)
{
	bool failed = holding->is.info.text[0] != 0;

	if (!info->error && failed)
		log_info("target %s: in use again", holding->text);
	else if (!info->error)
		log_debug("target %s is ready", holding->text);
	else if (strcmp(info->text, holding->is.info.text) != 0)
		log_error("target %s: %s", holding->text, info->text);
}

void holding_ready(struct holding *holding, const struct target_info *info)
{
	holding_out(holding);
	holding->empty_next |= holding->emptied;
	tell_ready(holding, info);
	holding->is.info = *info;
	holding->again = !info->error;
	holding->asked += !holding->asked;
	holding->phase = info->error ? HOLDING_OUT : HOLDING_IDLE;
	if (!info->error)
		holding->attempts = 0;
	if (!info->error && info->way != TARGET_SHARED)
		shared_forget(holding);
}

void holding_set_is_gone(struct holding *holding)
{
	holding->retry = true;
	holding->redefine |= holding->is.info.way != TARGET_REFILL;
}

/* Nothing is wrong with the record: the kernel was short of memory, or an answer was lost. */
static bool may_pass(int error)
{
	return error == -ENOMEM || error == -ENOBUFS || error == -EBADMSG || error == -EINTR ||
	       error == -EBUSY || error == -EAGAIN;
}

static void note_refusal(struct holding *holding, const struct target_change *change, int error)
{
	char text[PREFIX_TEXT_MAX];

	/* Once for each kind in a row: a set that is gone refuses by the thousand. */
	if (holding->is.last_error != error)
		log_error("target %s: cannot %s %s: %s", holding->text,
			  change->op == TARGET_DEL ? "delete" : "add",
			  prefix_print(&change->prefix, text), strerror(-error));
	holding->is.refused++;
	holding->is.last_error = error;
	if (may_pass(error) && !holding->later)
		holding->later = moment_ticks() + LATER_MS;
}

/* What took somebody's place has been queued once more: those who wait for it go on waiting. */
static void owe(struct holding *holding, uint64_t from, bool walk)
{
	struct holding_owed *next = &holding->owed[holding->owed_next];

	if (walk) {
		holding->drain = holding->queued;
		return;
	}
	if (next->until > holding->answered) { /* none is over: the last stands for both */
		next = &holding->owed[(holding->owed_next + HOLDING_SENT - 1) % HOLDING_SENT];
		next->until = holding->queued;
		return;
	}
	*next = (struct holding_owed){from, holding->queued};
	holding->owed_next = (holding->owed_next + 1) % HOLDING_SENT;
}

void holding_applied(struct holding *holding, const struct target_change *changes,
		     const int *errors, size_t count)
{
	struct holding_sent sent;
	uint64_t from, before;

	if ((count && holding_worker_died(holding, errors[0])) || !holding->sent_count)
		return;
	sent = holding->sent[holding->sent_head];
	holding->sent_head = (holding->sent_head + 1) % HOLDING_SENT;
	holding->sent_count--;
	from = holding->answered;
	before = holding->queued;
	holding->answered += sent.queued;
	holding->walks -= sent.walk;
	evict_applied(holding, changes, errors, count);
	if (holding->queued > before)
		owe(holding, from, sent.walk);
	for (size_t i = 0; i < count; i++) {
		if (errors[i] && errors[i] != -ENOSPC)
			note_refusal(holding, &changes[i], errors[i]);
		/* The set or table itself is gone: a sync makes ours anew. After a flush that
		 * leaves nothing, so what was banned since comes behind it. */
		if (errors[i] == -ENOENT)
			holding_set_is_gone(holding);
		if (errors[i] == -ENOENT && holding->emptied &&
		    holding->late_count < HOLDING_LATE)
			holding->late[holding->late_count++] = changes[i].prefix;
		if (!errors[i] && changes[i].op == TARGET_DEL)
			shared_deleted(holding, &changes[i].prefix);
	}
}

/* Once for a storm of them. */
static void tell_removed(struct holding *holding, const char *who)
{
	int64_t ticks = moment_ticks();
	char more[64] = "";

	if (holding->told && ticks - holding->told < TELL_MS) {
		holding->untold++;
		return;
	}
	if (holding->untold)
		snprintf(more, sizeof more, " (as %u times since that was last said)",
			 holding->untold);
	log_warning("target %s: entries were removed%s%s%s: putting them back", holding->text,
		    *who ? " by " : "", who, more);
	holding->told = ticks;
	holding->untold = 0;
}

void holding_removed(struct holding *holding, const char *who)
{
	if (holding->phase == HOLDING_OUT || holding->emptied || holding->dropped)
		return;
	tell_removed(holding, who);
	holding_heal(holding);
}
