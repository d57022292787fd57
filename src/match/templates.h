/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The date templates that a filter's datepattern stands for, in the order of their trial. */
#ifndef BANISH_MATCH_TEMPLATES_H
#define BANISH_MATCH_TEMPLATES_H

#include <stddef.h>

#include "match/template.h"

struct templates {
	struct template *list;
	size_t count;
};

/*
 * Add what one pattern stands for: itself, or with {^LN-BEG}, {DEFAULT} and {DATE} several,
 * without those that are there. 0, -ENOMEM, or -EINVAL with the reason in `why` (room for
 * `size`), after which the list is good still.
 */
int templates_add(struct templates *t, const char *pattern, char *why, size_t size);
/* It stands for nothing but those that are known without being told, which are valid. */
bool templates_known(const char *pattern);
void templates_clear(struct templates *t);

#endif
