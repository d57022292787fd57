/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "netlink/nft_msg.h"
#include "netlink/nft_order.h"

/* Records stand in one array, in their order. */
static int by_place(const struct change *x, const struct change *y)
{
	return x->wire < y->wire ? -1 : x->wire > y->wire;
}

static int by_prefix(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int order = memcmp(&x->wire->prefix, &y->wire->prefix, sizeof x->wire->prefix);

	return order ? order : by_place(x, y);
}

static int by_slot(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	unsigned s = nft_slot(&x->wire->prefix), t = nft_slot(&y->wire->prefix);

	if (s != t)
		return s < t ? -1 : 1;
	if (x->wire->op != y->wire->op)
		return x->wire->op < y->wire->op ? -1 : 1;
	return by_place(x, y);
}

/* `later` is of the same prefix. A fill leaves the present set alone. */
static bool supersedes(const struct change *later, const struct change *earlier)
{
	return later->wire->op != WIRE_FILL || earlier->wire->op == WIRE_FILL;
}

/* All of an IPv4 prefix; of an IPv6 one enough to tell most of them apart. */
static uint64_t key_of(const struct prefix *prefix)
{
	uint64_t head, tail;

	memcpy(&head, prefix, sizeof head);
	memcpy(&tail, prefix->addr + sizeof prefix->addr - sizeof tail, sizeof tail);
	return head ^ tail;
}

static int compare_keys(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* False: some may be of one prefix. */
static bool are_distinct(const struct change *changes, size_t count)
{
	uint64_t keys[WIRE_RECORDS_MAX];
	size_t i;

	for (i = 0; i < count; i++)
		keys[i] = key_of(&changes[i].wire->prefix);
	qsort(keys, count, sizeof *keys, compare_keys);
	for (i = 1; i < count && keys[i] != keys[i - 1]; i++)
		;
	return i >= count;
}

static size_t drop_superseded(struct change *changes, size_t count)
{
	size_t i, left = 0;

	qsort(changes, count, sizeof *changes, by_prefix);
	for (i = 0; i < count; i++) {
		while (left &&
		       prefix_equal(&changes[left - 1].wire->prefix,
				    &changes[i].wire->prefix) &&
		       supersedes(&changes[i], &changes[left - 1]))
			left--;
		changes[left++] = changes[i];
	}
	return left;
}

static bool are_in_order(const struct change *changes, size_t count)
{
	size_t i;

	for (i = 1; i < count && by_slot(&changes[i - 1], &changes[i]) < 0; i++)
		;
	return i >= count;
}

/* A bulk load is nearly always in order: of one set, and each prefix once. Then the changes are
 * not sorted, which takes longer than to build their messages. */
size_t nft_order(struct change *changes, size_t count)
{
	if (!are_distinct(changes, count))
		count = drop_superseded(changes, count);
	if (!are_in_order(changes, count))
		qsort(changes, count, sizeof *changes, by_slot);
	return count;
}
