/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "match/dates.h"

struct dates {
	char none;
};

int dates_compile(struct dates **out, const struct rules *rules, struct diag *diag)
{
	(void)rules;
	(void)diag;
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void dates_free(struct dates *dates)
{
	free(dates);
}

bool dates_equal(const struct dates *a, const struct dates *b)
{
	(void)a;
	(void)b;
	return true;
}

bool dates_at_start(const struct dates *dates)
{
	(void)dates;
	return true;
}

bool dates_find(struct dates *dates, struct date_found *out, struct text line)
{
	(void)dates;
	if (!date_find(&out->date, line))
		return false;
	out->at = out->date.at;
	out->len = out->date.len;
	return true;
}

int64_t dates_time(const struct dates *dates, const struct date_found *found,
		   struct date_cache *cache, int64_t now)
{
	(void)dates;
	return date_time(&found->date, cache, now);
}
