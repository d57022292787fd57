/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "resolve/resolve.h"
#include "resolve/waiters.h"

int waiters_add(struct waiters *waiters, size_t *all, const struct offence *offence,
		struct text line)
{
	struct waiter *w;

	if (*all >= RESOLVE_WAITING_MAX)
		return -ENOSPC;
	w = malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct waiter){.offence = *offence, .line = text_dup(line), .len = line.len};
	if (!w->line) {
		free(w);
		return -ENOMEM;
	}
	if (waiters->last)
		waiters->last->next = w;
	else
		waiters->first = w;
	waiters->last = w;
	waiters->count++;
	++*all;
	return 0;
}

struct waiter *waiters_take(struct waiters *waiters)
{
	struct waiter *w = waiters->first;

	if (!w)
		return NULL;
	waiters->first = w->next;
	if (!w->next)
		waiters->last = NULL;
	waiters->count--;
	return w;
}

void waiter_free(struct waiter *waiter, size_t *all)
{
	free(waiter->line);
	free(waiter);
	--*all;
}

size_t waiters_clear(struct waiters *waiters, size_t *all)
{
	size_t count = waiters->count;
	struct waiter *w;

	while ((w = waiters_take(waiters)))
		waiter_free(w, all);
	return count;
}
