/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter alone: lines without dates, and what it finds in them. */
#ifndef TESTS_MATCH_FINDER_H
#define TESTS_MATCH_FINDER_H

#include "match/filter.h"

struct finder_rules {
	const char *pref; /* NULL: none */
	const char *fail[16], *ignore[4];
	unsigned maxlines;
	bool names;
};

struct filter *finder_compile(const struct finder_rules *rules);
/* Why a filter is refused: "line: reason"; empty: it is not. */
const char *finder_refusal(const struct finder_rules *rules);

/*
 * Search in lines, each with a newline behind it, and print what is found in each to a static
 * text: an address, "name x", "id x", or "id x of address", behind what
 * kind of finding it is when it is no failure, and " name=value" for what else
 * there is; "-" for nothing and "!" for a line that is ignored; and ";". A line "@300" is no
 * line, but 300 seconds go by.
 */
const char *finder_run(const struct finder_rules *rules, const char *lines);
/* The same with a filter and a session that are there; both go on. */
const char *finder_search(struct filter *filter, struct scratch *scratch,
			  struct session *session, int64_t *now, const char *lines);

struct finder_row {
	struct finder_rules rules;
	const char *lines, *found;
};

void finder_check(const struct finder_row *rows, size_t count);

#define FINDER_TABLE(table) finder_check(table, sizeof(table) / sizeof(*(table)))

#endif
