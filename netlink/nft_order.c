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

size_t nft_order(struct change *changes, size_t count)
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
	qsort(changes, left, sizeof *changes, by_slot);
	return left;
}
