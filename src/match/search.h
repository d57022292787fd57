/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Searching with a regular expression, in bounded time whatever the line.
 *
 * Strangers write the lines, and what is a microsecond for a genuine line may be seconds for
 * 8 KiB of blanks. PCRE2's own limit does not help: neither JIT code nor its interpreter
 * counts the characters that `\s*` runs over. So only short subjects are given to JIT code as
 * it is, in which that cannot add up to much. For long ones it has callouts behind whatever may
 * run far, which count the characters; and where there is no JIT, or its limits do not do, the
 * interpreter has them before each item, which is much slower.
 */
#ifndef BANISH_MATCH_SEARCH_H
#define BANISH_MATCH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "match/regex.h"

/* About 3 ms on a machine of 2020. No genuine line of fail2ban's samples needs a hundredth. */
#define SEARCH_STEPS 600000

/* What a search needs and leaves behind. One for all expressions whose results are not needed
 * at the same time. */
struct search {
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	pcre2_match_data *data;
};

int search_init(struct search *search); /* 0 or -ENOMEM */
void search_clear(struct search *search);
/*
 * Search in valid UTF-8. 1: found, 0: not, -EOVERFLOW: given up. Takes what it cost off
 * *steps, which may be NULL: a search ends when either that or SEARCH_STEPS is used up, and one
 * in a short subject costs nothing unless it is given up. Never reports a group above
 * REGEX_GROUPS_MAX; there are at most so many in an expression.
 */
int search_run(struct search *search, struct regex *regex, struct text subject,
	       uint64_t *steps);
/* The same where it is known whether the subject is ASCII. */
int search_run_known(struct search *search, struct regex *regex, struct text subject,
		     bool ascii, uint64_t *steps);
/* From where to where the last search that found did. */
void search_span(const struct search *search, size_t *from, size_t *to);
/* What a group matched in the last search that found; false: it took no part. */
bool search_group(const struct search *search, struct text subject, unsigned group,
		  struct text *out);
/* The same for many groups. */
static inline const PCRE2_SIZE *search_spans(const struct search *search)
{
	return pcre2_get_ovector_pointer(search->data);
}

static inline bool spans_group(const PCRE2_SIZE *spans, struct text subject, unsigned group,
			       struct text *out)
{
	const PCRE2_SIZE *at = spans + 2 * (size_t)group;

	if (!group || at[0] == PCRE2_UNSET || at[0] > at[1] || at[1] > subject.len)
		return false;
	*out = (struct text){subject.at + at[0], at[1] - at[0]};
	return true;
}

#endif
