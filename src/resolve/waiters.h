/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offences that wait to be told whose they are, each with its line. Bounded all together. */
#ifndef BANISH_RESOLVE_WAITERS_H
#define BANISH_RESOLVE_WAITERS_H

#include <stddef.h>

#include "base/offence.h"
#include "base/text.h"

struct waiter {
	struct offence offence;
	char *line;
	size_t len;
	struct waiter *next;
};

struct waiters {
	struct waiter *first, *last;
	size_t count;
};

/* Copied, the line as well, to the end. `all`: how many wait anywhere, kept up. 0, -ENOSPC when
 * that are RESOLVE_WAITING_MAX, or -ENOMEM. */
int waiters_add(struct waiters *waiters, size_t *all, const struct offence *offence,
		struct text line);
/* The first, for waiter_free(); NULL: none. */
struct waiter *waiters_take(struct waiters *waiters);
void waiter_free(struct waiter *waiter, size_t *all);
/* Forget all; so many they were. */
size_t waiters_clear(struct waiters *waiters, size_t *all);

#endif
