/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "daemon.h"

/* The store tries again every second: an error that outlives that is told to the caller. */
#define PATIENCE_MS 1200

void wait_add(struct daemon *daemon, struct call *call, bool settle,
	      void (*done)(struct daemon *daemon, struct call *call, int durable))
{
	struct waiting *waiting;

	feeds_write_positions(daemon);
	if (daemon->waiting_count == CONTROL_CALLS_MAX) {
		done(daemon, call, 0);
		return;
	}
	waiting = &daemon->waiting[daemon->waiting_count++];
	*waiting = (struct waiting){.call = call, .settle = settle, .done = done};
	waiting->ticket = store_commit(daemon->memory->store, true);
	waiting->since = moment_ticks();
	enforce_mark(daemon->enforce, &waiting->mark);
}

static void wait_remove(struct daemon *daemon, size_t at)
{
	daemon->waiting_count--;
	memmove(&daemon->waiting[at], &daemon->waiting[at + 1],
		(daemon->waiting_count - at) * sizeof *daemon->waiting);
}

void wait_drop(struct daemon *daemon, const struct call *call)
{
	for (size_t i = 0; i < daemon->stalled_count; i++)
		if (daemon->stalled[i] == call)
			daemon->stalled[i] = daemon->stalled[--daemon->stalled_count];
	for (size_t i = 0; i < daemon->waiting_count; i++)
		if (daemon->waiting[i].call == call) {
			wait_remove(daemon, i);
			return;
		}
}

void wait_stall(struct daemon *daemon, struct call *call)
{
	for (size_t i = 0; i < daemon->stalled_count; i++)
		if (daemon->stalled[i] == call)
			return;
	if (daemon->stalled_count == CONTROL_CALLS_MAX)
		return;
	daemon->stalled[daemon->stalled_count++] = call;
	call_pause(call, true);
}

void wait_resume(struct daemon *daemon)
{
	if (enforce_crowded(daemon->enforce))
		return;
	while (daemon->stalled_count)
		call_pause(daemon->stalled[--daemon->stalled_count], false);
}

/* 1: keep waiting; else 0 or -errno as the caller is to be told. */
static int wait_state(const struct daemon *daemon, const struct waiting *waiting)
{
	const struct store *store = daemon->memory->store;

	if (!(waiting->settle ? enforce_synced : enforce_reached)(daemon->enforce,
								  &waiting->mark))
		return 1;
	if (store_durable(store) >= waiting->ticket)
		return 0;
	if (store_error(store) && moment_ticks() - waiting->since > PATIENCE_MS)
		return store_error(store);
	return 1;
}

void wait_check(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->waiting_count;) {
		struct waiting waiting = daemon->waiting[i];
		int state = wait_state(daemon, &waiting);

		if (state > 0) {
			i++;
			continue;
		}
		wait_remove(daemon, i);
		waiting.done(daemon, waiting.call, state);
		i = 0; /* `done` may have changed the list */
	}
}
