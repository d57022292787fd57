/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the named groups of a filter's expressions matched in a line, by name. */
#ifndef BANISH_MATCH_CAPTURES_H
#define BANISH_MATCH_CAPTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "match/regex.h"
#include "match/search.h"

/* The names that mean something; the others follow as they occur. */
enum slot {
	SLOT_IP4,
	SLOT_IP6,
	SLOT_DNS,
	SLOT_CIDR,
	SLOT_FID,
	SLOT_CONTENT,
	SLOT_MLFID,
	SLOT_NOFAIL,
	SLOT_FORGET,
	SLOT_GAINED,
	SLOT_PENDING,
	SLOT_ALARM,
	SLOT_SESSION,
	SLOT_SESSION_OPEN,
	SLOT_SESSION_END,
	SLOT_TELLS,
	SLOT_USER, /* the first that is handed on with a finding */
	SLOTS_MAX = 64,
};

/* The names of all groups of a filter. They live as long as its expressions. */
struct slots {
	const char *name[SLOTS_MAX];
	size_t count;
};

/* at NULL: the group took no part, which is not the same as an empty text. */
struct captures {
	struct text value[SLOTS_MAX];
	uint64_t have; /* bit n: there is a group of the name n */
};

/* Where the parts of <F-TUPLE_NAME> are put together. A tuple that does not fit is no value. */
struct tuples {
	char text[65536];
	size_t used;
};

void slots_init(struct slots *slots);
/* Number the groups of an expression. Names beyond SLOTS_MAX get none and are not seen; those
 * that mean something always have theirs. */
void slots_learn(struct slots *slots, struct regex *regex);

/* Of the last search with `regex`, which found; of all names the filter has `slots`. Alternates
 * and tuples are put under their plain names. */
void captures_read(struct captures *out, size_t slots, const struct regex *regex,
		   const struct search *search, struct text subject, struct tuples *tuples);
/* The same, and what `regex` has a group for takes the place of what was there, also when it is
 * no value; the rest stays. */
void captures_update(struct captures *captures, size_t slots, const struct regex *regex,
		     const struct search *search, struct text subject, struct tuples *tuples);

/* There is a value, and it is not empty. */
bool captures_true(const struct captures *captures, enum slot slot);

#endif
