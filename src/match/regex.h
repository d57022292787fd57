/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A compiled regular expression of a filter, and searching with it. */
#ifndef BANISH_MATCH_REGEX_H
#define BANISH_MATCH_REGEX_H

#define PCRE2_CODE_UNIT_WIDTH 8

#include <stdbool.h>
#include <stddef.h>

#include <pcre2.h>

#include "base/text.h"

struct regex_group {
	char *name;	/* in lower case; of "alt_user_2" it is "user" */
	unsigned group; /* its number */
	bool alternate; /* counts only when nothing else gave the name a value */
};

struct regex {
	pcre2_code *code;
	char *pattern;		    /* what was compiled */
	unsigned ip4, ip6, content; /* numbers of the groups with these names; 0: none */
	struct regex_group *groups; /* all others with a name, alternates last */
	size_t group_count;
};

/* What a search needs and leaves behind. One for all expressions whose results are not needed
 * at the same time. */
struct search {
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	pcre2_match_data *data;
};

/*
 * Compile an expression in Python's syntax with fail2ban's tags. 0, -ENOMEM, or -EINVAL with
 * the reason in `why` (room for `size`).
 */
int regex_compile(struct regex **out, const char *text, char *why, size_t size);
void regex_free(struct regex *regex); /* takes NULL */

int search_init(struct search *search); /* 0 or -ENOMEM */
void search_clear(struct search *search);
/*
 * Search in valid UTF-8. 1: found, 0: not, -EOVERFLOW: PCRE2 gave up. Never reports a
 * group above 255; there are at most so many in an expression.
 */
int search_run(struct search *search, const struct regex *regex, struct text subject);
/* What a group matched in the last search that found; false: it took no part. */
bool search_group(const struct search *search, struct text subject, unsigned group,
		  struct text *out);

#endif
