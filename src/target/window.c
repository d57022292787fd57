/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "target/window.h"

bool request_new(struct request *out, enum wire_kind kind, size_t target, size_t count,
		 size_t size)
{
	size_t len = sizeof *out->packet + count * size;
	struct wire_head *packet = calloc(1, len);

	if (!packet)
		return false;
	packet->version = WIRE_VERSION;
	packet->kind = (uint8_t)kind;
	packet->target = (uint8_t)target;
	packet->count = (uint16_t)count;
	*out = (struct request){.packet = packet, .len = len};
	return true;
}

void request_drop(struct request *request)
{
	free(request->packet);
	*request = (struct request){0};
}

void *request_records(const struct request *request)
{
	return request->packet + 1;
}

void window_push(struct window *window, const struct request *request)
{
	window->at[(window->first + window->count++) % WIRE_WINDOW] = *request;
}

struct request *window_oldest(struct window *window)
{
	return window->count ? &window->at[window->first] : NULL;
}

struct request *window_unsent(struct window *window)
{
	for (unsigned i = 0; i < window->count; i++) {
		struct request *request = &window->at[(window->first + i) % WIRE_WINDOW];

		if (!request->sent)
			return request;
	}
	return NULL;
}

struct request window_pop(struct window *window)
{
	struct request oldest = window->at[window->first];

	window->first = (window->first + 1) % WIRE_WINDOW;
	window->count--;
	return oldest;
}

void window_clear(struct window *window)
{
	while (window->count) {
		struct request request = window_pop(window);

		request_drop(&request);
	}
}
