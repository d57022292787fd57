/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter: its regular expressions, compiled, and what it finds in one line. */
#ifndef BANISH_MATCH_FILTER_H
#define BANISH_MATCH_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/finding.h"
#include "base/rules.h"
#include "base/text.h"
#include "match/captures.h"
#include "match/connections.h"
#include "match/literal.h"
#include "match/match.h"
#include "match/search.h"
#include "match/select.h"
#include "match/session.h"
#include "match/subject.h"

struct filter;

enum outcome {
	OUTCOME_NONE,
	OUTCOME_FOUND,
	OUTCOME_IGNORED,
};

/* ---- what it did, for who wants to know ---- */

/* As match.h's step; `index` of a session is a match_session. */
struct trace {
	void (*step)(void *arg, enum match_stage stage, size_t index, struct text subject,
		     int result);
	void *arg;
};

struct profile {
	uint64_t searches, matches;
	int64_t ns;
};

struct filter_counts {
	uint64_t limited; /* searches that were given up */
	uint64_t skipped; /* searches not tried in a line that had taken too long already */
};

/* The working memory of all filters: what one needs for a line. */
struct scratch {
	struct search pref, fail, ignore; /* results of the first two are needed together */
	char content[SUBJECT_MAX + 1];
	struct tuples tuples;
	struct connection connection; /* a copy */
	const struct trace *trace;    /* NULL: nobody looks */
	int64_t (*clock)(void);	      /* in ns; NULL: nothing is measured */
	uint64_t limited;	      /* of all filters: searches that were given up */
};

int scratch_init(struct scratch *scratch); /* 0 or -ENOMEM */
void scratch_clear(struct scratch *scratch);

/* ---- the filter ---- */

/* 0, -ENOMEM, or -EINVAL after a diag_error for each expression that is wrong. */
int filter_compile(struct filter **out, const struct rules *rules, struct diag *diag);
void filter_free(struct filter *filter); /* takes NULL */

/* Have lines that may match looked for, as select_words(): -ENOENT too with maxlines. */
int filter_add_literals(struct selection *out, const struct filter *filter,
			struct literals *literals, size_t owner, const struct words_use *use);

/* Which failregex do nothing but end a connection: what they match changes nothing where there
 * is none. */
uint64_t filter_ends(const struct filter *filter);

/*
 * What fail2ban's filter finds in the line, with usedns = no, or warn with rules.names (then
 * names are not resolved here).
 *
 * `set` says which failregex to try, `subject` ends with a newline, `session` is this filter's
 * for the source, and `now` says how old its connections are. Fills subject, prefix, name, kind
 * and extra of *out when something is found; name and extra point to `subject`, scratch or
 * session.
 *
 * Of the address and name in a line, or in earlier lines of its connection, the subject is, in
 * this order: an IPv4 address, an IPv6 address, a host name, what <F-ID> matched; but what
 * <F-ID> matched is the subject also when it is not the same text as the one chosen, and then
 * prefix is the address, if there is one (family 0: there is none). A name or id that reads as
 * an address is one. A text that looks like an address and is none ("192.0.2.09") is a name
 * where <HOST> takes names, and elsewhere nothing is found; fail2ban hands on the text.
 *
 * An address in the line takes the place of one that an earlier line of the connection had,
 * also of the other family; in fail2ban an earlier IPv4 address outlives a later IPv6 one.
 *
 * A line may cost about 15 ms: expressions that are left then are skipped, and counted.
 */
enum outcome filter_find(struct filter *filter, uint64_t set, struct scratch *scratch,
			 struct session *session, struct text subject, int64_t now,
			 struct finding *out);

struct filter_counts filter_counts(const struct filter *filter);

/* ---- its expressions ---- */

#define FILTER_PREFREGEX SIZE_MAX /* may stand for an index below */

size_t filter_regexes(const struct filter *filter); /* so many failregex */
/* NULL: there is no such expression. As it was written, and as PCRE2 has it. */
const char *filter_text(const struct filter *filter, size_t index);
const char *filter_pattern(const struct filter *filter, size_t index);
/* As regex_furthest(), of the pattern that filter_pattern() gives. -ENOENT: there is none. */
int filter_furthest(const struct filter *filter, size_t index, struct text subject,
		    size_t *pattern_at, size_t *subject_at);
/* While scratch had a clock. False: there is no such expression. */
bool filter_profile(const struct filter *filter, size_t index, struct profile *out);

#endif
