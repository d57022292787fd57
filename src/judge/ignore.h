/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of prefixes that are never banned. Questions take O(log n). */
#ifndef BANISH_JUDGE_IGNORE_H
#define BANISH_JUDGE_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/prefix.h"

struct ignore {
	struct prefix *at; /* sorted by address; none covers another */
	size_t count;
};

/* Copies; *out need not be set before. What is not a valid prefix is left out. 0 or -ENOMEM. */
int ignore_set(struct ignore *out, const struct prefix *prefixes, size_t count);
void ignore_clear(struct ignore *ignore); /* frees what it holds; it is empty again */

/* Does one of the set cover the prefix, or equal it? */
bool ignore_covers(const struct ignore *ignore, const struct prefix *prefix);
/* Does the prefix cover one of the set, or equal it? */
bool ignore_inside(const struct ignore *ignore, const struct prefix *prefix);

#endif
