/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of points in time, each in order, in one pool that is bounded and grows as needed. */
#ifndef BANISH_JUDGE_TIMES_H
#define BANISH_JUDGE_TIMES_H

#include <stdbool.h>
#include <stdint.h>

#define TIMES_NONE UINT32_MAX

struct times_node {
	int64_t at;
	uint32_t later; /* the next of its list; of a free one: the next free one */
	uint32_t owner; /* whose list; TIMES_NONE: free */
};

struct times {
	struct times_node *nodes;
	uint32_t limit, capacity, used, free;
};

struct times_list {
	uint32_t oldest, newest, count; /* without any, only the count says so */
};

void times_init(struct times *times, uint32_t limit);
void times_clear(struct times *times); /* frees what it holds */
/* There is no room for another, and none to be had. */
bool times_full(struct times *times);
/* There is room. */
void times_add(struct times *times, struct times_list *list, uint32_t owner, int64_t at);
/* It is not empty. */
void times_drop_oldest(struct times *times, struct times_list *list);
int64_t times_newest(const struct times *times, const struct times_list *list);
/* How many of the list are `since` or later. */
uint32_t times_count(const struct times *times, const struct times_list *list, int64_t since);

/* The capacity that grows next: up to the limit. */
uint32_t times_doubled(uint32_t capacity, uint32_t limit);

#endif
