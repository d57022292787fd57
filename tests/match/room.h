/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters written as C strings, and what they find in lines written as C strings. */
#ifndef TESTS_MATCH_ROOM_H
#define TESTS_MATCH_ROOM_H

#include "match/match.h"

#define NOW INT64_C(1763600000000) /* 2025-11-20 00:53:20 UTC */

/* The last argument of each list is NULL; `pref` may be. */
struct pattern {
	const char *pref;
	const char *fail[8];
	const char *ignore[4];
	const char *dates[4];
};

/* As match_add; what went wrong is in room_error(). */
int room_add(struct match *match, const struct pattern *pattern);
const char *room_error(void);
struct match *room_match(const struct pattern *pattern);

/*
 * Scan, and print each finding to a static text: "index:number host time name=value...;" with
 * `-` for a time that is not known.
 */
const char *room_scan(struct match *match, struct text text, int64_t time);
const char *room_find(const struct pattern *pattern, const char *lines);

#endif
