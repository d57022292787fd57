/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that are not answered yet, oldest first: at most WIRE_WINDOW. */
#ifndef BANISH_TARGET_WINDOW_H
#define BANISH_TARGET_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/wire.h"

struct request {
	struct wire_head *packet; /* owned; its records follow it */
	size_t len;
	uint32_t generation; /* of the definitions it was made under */
	bool sent;
};

struct window {
	struct request at[WIRE_WINDOW];
	unsigned first, count;
};

/* A request with room for `count` records of `size`, zeroed but for its head. False: out of
 * memory. */
bool request_new(struct request *out, enum wire_kind kind, size_t target, size_t count,
		 size_t size);
void request_drop(struct request *request);
/* Its records. */
void *request_records(const struct request *request);

/* The window owns it from now on. There must be room. */
void window_push(struct window *window, const struct request *request);
/* NULL: none. */
struct request *window_oldest(struct window *window);
struct request *window_unsent(struct window *window);
/* The caller owns it from now on. There must be one. */
struct request window_pop(struct window *window);
void window_clear(struct window *window);

#endif
