/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/ignore.h"

/*
 * Two prefixes are either disjoint or one covers the other. With every covered one left out,
 * what remains is a sorted row of disjoint ranges: only the last that begins at or before an
 * address can cover it, and only the first that begins there or later can lie inside a prefix.
 */

/* By address; of two that begin at the same address the wider comes first. */
static int compare(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;
	int order = (a->family > b->family) - (a->family < b->family);

	if (!order)
		order = memcmp(a->addr, b->addr, sizeof(a->addr));
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static size_t take_valid(struct prefix *out, const struct prefix *prefixes, size_t count)
{
	size_t taken = 0;

	for (size_t i = 0; i < count; i++)
		if (prefix_valid(&prefixes[i]))
			out[taken++] = prefixes[i];
	return taken;
}

static size_t leave_out_covered(struct prefix *sorted, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!kept || !prefix_covers(&sorted[kept - 1], &sorted[i]))
			sorted[kept++] = sorted[i];
	return kept;
}

/* The first that compares greater than `prefix`, or `count`. */
static size_t first_after(const struct ignore *ignore, const struct prefix *prefix)
{
	size_t low = 0, high = ignore->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&ignore->at[middle], prefix) > 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int ignore_set(struct ignore *out, const struct prefix *prefixes, size_t count)
{
	struct ignore fresh = {0};

	if (count) {
		fresh.at = calloc(count, sizeof(*fresh.at));
		if (!fresh.at)
			return -ENOMEM;
		fresh.count = take_valid(fresh.at, prefixes, count);
		qsort(fresh.at, fresh.count, sizeof(*fresh.at), compare);
		fresh.count = leave_out_covered(fresh.at, fresh.count);
	}
	*out = fresh;
	return 0;
}

void ignore_clear(struct ignore *ignore)
{
	free(ignore->at);
	*ignore = (struct ignore){0};
}

bool ignore_covers(const struct ignore *ignore, const struct prefix *prefix)
{
	size_t after = first_after(ignore, prefix);

	return after && prefix_covers(&ignore->at[after - 1], prefix);
}

bool ignore_inside(const struct ignore *ignore, const struct prefix *prefix)
{
	size_t after = first_after(ignore, prefix);

	if (after && prefix_equal(&ignore->at[after - 1], prefix))
		return true;
	return after < ignore->count && prefix_covers(prefix, &ignore->at[after]);
}
