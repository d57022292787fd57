/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a regular expression in Python's syntax with fail2ban's tags is made of. */
#ifndef BANISH_MATCH_TOKEN_H
#define BANISH_MATCH_TOKEN_H

#include <stdbool.h>

#include "base/text.h"

struct repeat {
	unsigned min, max; /* UINT_MAX: as many as there are */
};

/* Each reads at `at`, up to `end`; what is behind `end` is other text or NUL. */

/* A quantifier: returns where it ends, which is `at` when there is none. */
const char *token_repeat(struct repeat *out, const char *at, const char *end);
/* A group: where it ends, behind its parenthesis. */
const char *token_group(const char *at, const char *end);
/* A tag, with its brackets; empty when there is none. */
struct text token_tag(const char *at, const char *end);
/* Where </NAME> of the tag <NAME> is, or NULL. */
const char *token_tag_end(struct text tag, const char *end);
/* It stands for an address, a network or a name. */
bool token_is_host(struct text tag);

#endif
