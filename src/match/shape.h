/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in front of the address in an expression, and behind it: how much text, and
 * whether ^ and $ tie it down.
 */
#ifndef BANISH_MATCH_SHAPE_H
#define BANISH_MATCH_SHAPE_H

#include <stdbool.h>

#include "base/text.h"
#include "match/span.h"

struct shape {
	bool host;	     /* the address is in it */
	bool begins;	     /* ^ is in front of all that takes text */
	bool ends;	     /* $ is behind the address; without an address, anywhere */
	enum breadth before; /* the widest that repeats, in front; without an address, any */
	enum breadth behind; /* the same behind it, up to $ */
	enum breadth one;    /* the widest that does not repeat, ... */
	unsigned ones;	     /* ... and of how many such there are, */
	bool tempered;	     /* where a look-ahead takes some away */
	struct text part;    /* what is widest in front, */
	struct text lead, lead_behind; /* and the plain text that stands right in front of
					* this and of what is widest behind */
};

/*
 * Expressions in Python's syntax with fail2ban's tags, which need not be valid. With `pref`
 * (NULL: none) it is that of `fail` in the place of <F-CONTENT>. `part` is a part of one of
 * them.
 */
struct shape shape_of(const char *pref, const char *fail);

#endif
