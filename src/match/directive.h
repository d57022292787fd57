/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The % directives of date patterns: what they match, and what the matched text means. */
#ifndef BANISH_MATCH_DIRECTIVE_H
#define BANISH_MATCH_DIRECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/text.h"
#include "match/calendar.h"

/*
 * Write `pattern` with each directive as a regular expression in Python's syntax, in which its
 * value is a group with the directive's letter for a name. False, with the reason in `why`,
 * for a directive that there is not.
 */
bool directives_expand(FILE *out, const char *pattern, char *why, size_t size);

/* A group that took part in a match. A pattern may have such groups of its own. */
struct directive_value {
	char letter;
	struct text text;
};

/* Whether a group of this name has a value that is read. */
bool directive_known(const char *name);
/* What all values say together, in the order in which they stand in the pattern. */
void directives_read(struct date *out, const struct directive_value *values, size_t count);

#endif
