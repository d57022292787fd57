/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One date template: a pattern of fail2ban's datepattern as a regular expression. */
#ifndef BANISH_MATCH_TEMPLATE_H
#define BANISH_MATCH_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "match/bound.h"
#include "match/date.h"

enum template_kind {
	TEMPLATE_FIELDS,     /* groups named as directives say when */
	TEMPLATE_EPOCH,	     /* group `value` is in seconds */
	TEMPLATE_LONG_EPOCH, /* or in ms or µs, as its length tells */
	TEMPLATE_TAI,
};

struct template
{
	enum template_kind kind;
	enum date_way way; /* DATE_OTHER: the regular expression is the only one */
	unsigned value;
	struct bound bound;
};

/* Of a pattern that stands for itself: templates_add knows the others. 0, -ENOMEM, or -EINVAL
 * with the reason in `why` (room for `size`). */
int template_make(struct template *out, const char *pattern, char *why, size_t size);
void template_clear(struct template *t);

/* When that was, in ms, as a template that is not of TEMPLATE_FIELDS says. */
void template_stamp(struct date *out, enum template_kind kind, struct text value);

#endif
