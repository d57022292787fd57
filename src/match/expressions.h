/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a filter consists of, for filter.c, which compiles it, and find.c, which searches. */
#ifndef BANISH_MATCH_EXPRESSIONS_H
#define BANISH_MATCH_EXPRESSIONS_H

#include "match/filter.h"

struct filter {
	struct regex *pref; /* NULL: none */
	struct regex **fail;
	size_t fails;
	struct regex **ignore;
	size_t ignores;
	struct profile *profiles; /* one a failregex, and then that of prefregex */
	struct slots slots;
	unsigned lines; /* that are searched together */
	bool names;
	struct filter_counts counts;
};

#endif
