/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "judge/times.h"

#define FIRST_CAPACITY 64u

void times_init(struct times *times, uint32_t limit)
{
	*times = (struct times){.limit = limit, .free = TIMES_NONE};
}

void times_clear(struct times *times)
{
	free(times->nodes);
	times_init(times, times->limit);
}

uint32_t times_doubled(uint32_t capacity, uint32_t limit)
{
	if (!capacity)
		return limit < FIRST_CAPACITY ? limit : FIRST_CAPACITY;
	return capacity < limit / 2 ? capacity * 2 : limit;
}

static bool grow(struct times *times)
{
	uint32_t want = times_doubled(times->capacity, times->limit);
	struct times_node *fresh;

	if (want == times->capacity)
		return false;
	fresh = reallocarray(times->nodes, want, sizeof(*fresh));
	if (!fresh)
		return false;
	times->nodes = fresh;
	times->capacity = want;
	return true;
}

bool times_full(struct times *times)
{
	return times->free == TIMES_NONE && times->used == times->capacity && !grow(times);
}

static uint32_t take(struct times *times)
{
	uint32_t node = times->free;

	if (node == TIMES_NONE)
		return times->used++;
	times->free = times->nodes[node].later;
	return node;
}

void times_drop_oldest(struct times *times, struct times_list *list)
{
	struct times_node *node = &times->nodes[list->oldest];
	uint32_t number = list->oldest;

	list->oldest = node->later;
	list->count--;
	node->owner = TIMES_NONE;
	node->later = times->free;
	times->free = number;
}

static void insert(struct times_node *nodes, struct times_list *list, uint32_t node)
{
	uint32_t at = list->oldest;

	if (nodes[list->newest].at <= nodes[node].at) {
		nodes[list->newest].later = node;
		list->newest = node;
	} else if (nodes[node].at < nodes[at].at) {
		nodes[node].later = at;
		list->oldest = node;
	} else {
		while (nodes[nodes[at].later].at <= nodes[node].at)
			at = nodes[at].later;
		nodes[node].later = nodes[at].later;
		nodes[at].later = node;
	}
}

void times_add(struct times *times, struct times_list *list, uint32_t owner, int64_t at)
{
	uint32_t node = take(times);

	times->nodes[node] = (struct times_node){at, TIMES_NONE, owner};
	if (list->count)
		insert(times->nodes, list, node);
	else
		*list = (struct times_list){node, node, 0};
	list->count++;
}

int64_t times_newest(const struct times *times, const struct times_list *list)
{
	return times->nodes[list->newest].at;
}

uint32_t times_count(const struct times *times, const struct times_list *list, int64_t since)
{
	uint32_t count = list->count, node = list->oldest;

	for (; count && times->nodes[node].at < since; count--)
		node = times->nodes[node].later;
	return count;
}
