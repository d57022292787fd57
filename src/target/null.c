/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/null.h"
#include "base/moment.h"

void null_define(struct targets *targets)
{
	for (size_t t = 0; t < targets->count; t++)
		if (targets->slots[t].options.kind == OPTIONS_NULL)
			targets_soon(targets);
}

void null_take(struct targets *targets, const struct request *request)
{
	window_push(&targets->local, request);
	targets_soon(targets);
}

static void say_ready(struct targets *targets)
{
	/* Nothing is held, so nothing need be taken out when its time is over. */
	const struct target_info info = {
		.way = TARGET_NOTHING, .timeouts = true, .longest = TIME_FOREVER};

	for (size_t t = 0; t < targets->count; t++) {
		struct slot *slot = &targets->slots[t];

		if (slot->options.kind != OPTIONS_NULL || slot->state != SLOT_WANTED)
			continue;
		slot->state = SLOT_READY;
		targets->events->ready(targets->arg, t, &info);
	}
}

void null_answer(struct targets *targets)
{
	unsigned waiting = targets->local.count;

	say_ready(targets);
	/* What the callbacks ask for waits for another turn of the loop. */
	for (; waiting && targets->local.count; waiting--) {
		struct request request = window_pop(&targets->local);

		if (request.packet->kind == WIRE_CHANGE)
			targets_applied(targets, &request, 0, NULL);
		else
			targets_done(targets, &request, 0);
		request_drop(&request);
	}
}
