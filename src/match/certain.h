/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every match of an expression has. */
#ifndef BANISH_MATCH_CERTAIN_H
#define BANISH_MATCH_CERTAIN_H

#include <stdbool.h>

/* A group of this name takes part in whatever the expression, in PCRE2's words and valid,
 * matches; `filled`: and its text is not empty. False: it may not, or that is not to be seen.
 */
bool certain_group(const char *pattern, const char *name, bool filled);

#endif
