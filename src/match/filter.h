/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter: its regular expressions, compiled, and what it finds in one line. */
#ifndef BANISH_MATCH_FILTER_H
#define BANISH_MATCH_FILTER_H

#include <stddef.h>

#include "base/diag.h"
#include "base/finding.h"
#include "base/rules.h"
#include "base/text.h"
#include "match/literal.h"
#include "match/regex.h"
#include "match/session.h"
#include "match/subject.h"

/* The working memory of all filters: what one needs for a line. */
struct scratch {
	struct search pref, fail, ignore; /* results of the first two are needed together */
	char content[SUBJECT_MAX + 1];
	uint64_t limited; /* searches that PCRE2 gave up on */
};

enum outcome {
	OUTCOME_NONE,
	OUTCOME_FOUND,
	OUTCOME_IGNORED,
};

struct filter;

/* 0, -ENOMEM, or -EINVAL after a diag_error for each expression that is wrong. */
int filter_compile(struct filter **out, const struct rules *rules, struct diag *diag);
void filter_free(struct filter *filter); /* takes NULL */

/* A set of failregex: bit i is for the one with index i, the last bit for all from there on. */
#define FILTER_BITS 64
#define FILTER_ALL UINT64_MAX
#define FILTER_OWNERS (FILTER_BITS + 1)

/*
 * Have lines that may match looked for. A word of the owner `first + i` in a line means that
 * the failregex of bit i may match it, and of `first + FILTER_BITS` that any may. 0, -ENOENT:
 * any may match any line, or -ENOMEM.
 */
int filter_add_literals(const struct filter *filter, struct literals *literals, size_t first);

/*
 * `subject` ends with a newline; `session` is this filter's for the source. Fills subject,
 * prefix, name and extra of *out when something is found.
 */
enum outcome filter_find(const struct filter *filter, uint64_t set, struct scratch *scratch,
			 struct session *session, struct text subject, int64_t now,
			 struct finding *out);

int scratch_init(struct scratch *scratch); /* 0 or -ENOMEM */
void scratch_clear(struct scratch *scratch);

#endif
