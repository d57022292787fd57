/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a peer can choose the address that an expression finds.
 *
 * A line says what the server knows and what the peer said. When what may be the peer's stands
 * in front of the address and nothing ties the address to the end of the line, the peer writes
 * the rest of the expression itself, with an address of its choice.
 */
#ifndef BANISH_MATCH_LINT_H
#define BANISH_MATCH_LINT_H

#include "base/text.h"

enum lint {
	LINT_GOOD,
	LINT_LOOSE,  /* neither the start nor the end of the line is tied to the address */
	LINT_GREEDY, /* what stands in front of the address may be as much as a peer likes */
};

/*
 * Expressions in Python's syntax with fail2ban's tags, which need not be valid; `pref` may be
 * NULL. For LINT_GREEDY *part is what is too wide, a part of `pref` or `fail`.
 */
enum lint lint_regex(struct text *part, const char *pref, const char *fail);

#endif
