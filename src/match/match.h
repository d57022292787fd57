/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matching: runs of lines against the filters of every jail that reads them, in one pass.
 * No clock, no I/O, no allocation per line.
 *
 * Semantics are fail2ban's (jail.conf(5), fail2ban-regex(1)): the date is found and cut out,
 * then prefregex, whose <F-CONTENT> replaces the line, then the first failregex that matches
 * wins, unless an ignoreregex matches.
 */
#ifndef BANISH_MATCH_MATCH_H
#define BANISH_MATCH_MATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/finding.h"
#include "base/line.h"
#include "base/rules.h"

struct match;

/*
 * What is remembered from line to line of one source: for each filter the open connections
 * (<F-MLFID>), the lines that are matched together (maxlines), and the last date. Bounded.
 */
struct match_memory;

struct match_counts {
	uint64_t lines;	  /* seen */
	uint64_t found;	  /* findings delivered */
	uint64_t ignored; /* by an ignoreregex */
	uint64_t undated; /* findings without a usable date */
	uint64_t limited; /* searches that PCRE2 gave up on (match or stack limit) */
};

/* `index` is the number match_add returned. */
typedef void match_found(void *arg, size_t index, const struct finding *finding);

struct match *match_new(void); /* NULL: out of memory */
void match_free(struct match *match);
/*
 * Compile and add a filter. Its index from 0, or -EINVAL after a diag_error for each regular
 * expression that is broken, with its place and PCRE2's words; -ENOMEM. `rules` may be freed
 * after.
 */
int match_add(struct match *match, const struct rules *rules, struct diag *diag);
/*
 * Find. `memory` was made for this match. `now` completes dates without a year or a zone, and
 * says how old what is remembered is. Call only with at least one filter.
 */
void match_scan(struct match *match, struct match_memory *memory, const struct lines *lines,
		int64_t now, match_found *found, void *arg);
struct match_counts match_counts(const struct match *match);

/* For as many filters as the match has now. NULL: out of memory. */
struct match_memory *match_memory_new(const struct match *match);
void match_memory_free(struct match_memory *memory); /* takes NULL */
/* Take over what another memory (of another match) holds for its filter `from_index`. */
void match_memory_take(struct match_memory *memory, size_t index, struct match_memory *from,
		       size_t from_index);

#endif
