/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "connections.h"

static bool is_full(const struct connections_queue *queue)
{
	return queue->count == CONNECTIONS_ASKERS;
}

static void push(struct connections_queue *queue, const struct connections_asker *asker)
{
	queue->askers[queue->count++] = asker;
}

/* NULL: nobody asked. */
static const struct connections_asker *pop(struct connections_queue *queue)
{
	const struct connections_asker *first = queue->askers[0];

	if (!queue->count)
		return NULL;
	queue->count--;
	for (size_t i = 0; i < queue->count; i++)
		queue->askers[i] = queue->askers[i + 1];
	return first;
}

int connections_list(struct connections *c, struct targets *targets, struct port_range ports,
		     const struct connections_asker *asker)
{
	int error = is_full(&c->lists) ? -EAGAIN : targets_sockets(targets, ports);

	if (!error)
		push(&c->lists, asker);
	return error;
}

int connections_close(struct connections *c, struct targets *targets,
		      const struct target_close *closes, size_t count,
		      const struct connections_asker *asker)
{
	int error =
		is_full(&c->closes) ? -EAGAIN : targets_close_sockets(targets, closes, count);

	if (!error)
		push(&c->closes, asker);
	return error;
}

void connections_socket(struct connections *c, const struct target_socket *socket)
{
	if (c->lists.count)
		c->lists.askers[0]->socket(c->lists.askers[0]->arg, socket);
}

void connections_listed(struct connections *c, int error)
{
	const struct connections_asker *asker = pop(&c->lists);

	if (asker)
		asker->done(asker->arg, error);
}

void connections_closed(struct connections *c, uint64_t sockets, int error)
{
	const struct connections_asker *asker = pop(&c->closes);

	if (asker)
		asker->closed(asker->arg, sockets, error);
}
