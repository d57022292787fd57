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

#include <stdbool.h>
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
	uint64_t found;	  /* failures delivered */
	uint64_t alarms;  /* likewise */
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
 * Warn of each expression with which a peer can have another's address found. For who writes
 * and chooses filters: fail2ban's own have some.
 */
void match_lint(const struct rules *rules, struct diag *diag);
/* Make ready to scan after the last match_add: milliseconds of work with many filters. 0 or
 * -ENOMEM. match_memory_new() does it where it was not done. */
int match_ready(struct match *match);
/*
 * Find. `memory` was made for this match after its last filter was added. `now` completes dates
 * without a year or a zone, and says how old what is remembered is. Call only with at least one
 * filter.
 *
 * The time of a finding is that of the run, and else the date of its line. A line that has no
 * date, or one that there is not, has that of the last line before it that has one (looked for
 * in the last 100 lines and 4 KiB, then the last that was found in), if that is less than a
 * minute before `now`; else it has none, or `now` when its place for the date is empty.
 */
void match_scan(struct match *match, struct match_memory *memory, const struct lines *lines,
		int64_t now, match_found *found, void *arg);
struct match_counts match_counts(const struct match *match);

/* ---- why ---- */

enum match_stage {
	MATCH_DATE,	   /* `text` was cut out, and says `time` */
	MATCH_PREFREGEX,   /* a search */
	MATCH_CONTENT,	   /* `text` takes the place of the line */
	MATCH_FAILREGEX,   /* a search: number `index` */
	MATCH_IGNOREREGEX, /* likewise */
	MATCH_SESSION,	   /* `text` is a connection's id; `index` is enum match_session */
	MATCH_HOST,	   /* `text` says who it was; result 0: nobody can be that */
};

enum match_session {
	MATCH_SESSION_NEW,
	MATCH_SESSION_KNOWN,	 /* what its earlier lines said counts here, too */
	MATCH_SESSION_FORGOTTEN, /* <F-MLFFORGET> */
	MATCH_SESSION_NOFAIL,	 /* no failure, or not yet */
	MATCH_SESSION_PENDING,	 /* a failure; who it was may come */
};

/* Texts die with the call. */
struct match_step {
	enum match_stage stage;
	size_t index;
	int result; /* of a search: 1 found, 0 not, -EOVERFLOW given up, -ECANCELED not tried
		       because the line had cost too much already */
	struct text text;
	int64_t time;
	const char *regex; /* of a search: as it was written */
	/* Of a search that did not find: how far it got. What of the line it read and what
	 * follows; and what of the expression, in PCRE2's words, it could not go on with. */
	struct text read, rest, stuck;
};

typedef void match_told(void *arg, const struct match_step *step);

/* As match_scan() with one line and one filter, and tell each step. Slow. */
void match_explain(struct match *match, struct match_memory *memory, size_t index,
		   const struct lines *line, int64_t now, match_told *told, match_found *found,
		   void *arg);

struct match_profile {
	const char *regex; /* as it was written */
	uint64_t searches, matches;
	int64_t ns; /* in all */
};

/* Measure the searches from now on; NULL: no longer. */
void match_measure(struct match *match, int64_t (*clock_ns)(void));
/* What was measured of a failregex from 0, or of prefregex behind the last. False: there is
 * none. */
bool match_profile(const struct match *match, size_t index, size_t regex,
		   struct match_profile *out);

/* For as many filters as the match has now. NULL: out of memory. */
struct match_memory *match_memory_new(struct match *match);
void match_memory_free(struct match_memory *memory); /* takes NULL */
/*
 * What a memory holds goes over a restart in pieces, each with a number of its own. `saved` is
 * told each piece that is another than when it was told last, or with `all` each that there is;
 * without bytes: there is none any more. All told up to now and given back, in order of their
 * numbers, make it what it is now. `now` is that of match_scan().
 */
#define MATCH_PIECE_MAX (LINE_MAX_BYTES + 16)
typedef void match_saved(void *arg, size_t index, uint32_t number, struct text bytes);
void match_memory_save(struct match *match, struct match_memory *memory, bool all, int64_t now,
		       match_saved *saved, void *arg);
/* False: it means nothing to the filter, or nothing any more, and is left out. */
bool match_memory_restore(struct match *match, struct match_memory *memory, size_t index,
			  uint32_t number, struct text bytes, int64_t now);
/* Take over what another memory (of another match) holds for its filter `from_index`. */
void match_memory_take(struct match_memory *memory, size_t index, struct match_memory *from,
		       size_t from_index);

#endif
