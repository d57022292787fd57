/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line as regular expressions see it: without its date, valid UTF-8, ended by one newline. */
#ifndef BANISH_MATCH_SUBJECT_H
#define BANISH_MATCH_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/line.h"
#include "base/text.h"
#include "match/dates.h"

/* A byte that is no UTF-8 becomes the three bytes of U+FFFD; and the newline. */
#define SUBJECT_MAX (3 * LINE_MAX_BYTES + 3 + 1)

struct subject {
	struct text text; /* in the line itself where it can be, else in `clean` */
	bool dated;
	struct date_found date; /* `at` is in the line as valid UTF-8 */
	char clean[SUBJECT_MAX];
};

/*
 * A line as long as lines may be was cut: U+FFFD is put behind it, so that nothing takes the
 * place where it was cut for its end. `line` is without its newline, `follows` whether one
 * comes right after it in memory. With `dates` the date is looked for in what is valid UTF-8 by
 * then, and cut out; of *steps as dates_find().
 */
void subject_make(struct subject *out, struct text line, bool follows, struct dates *dates,
		  uint64_t *steps);

/* Copy `in`, each maximal part of an ill-formed sequence as one U+FFFD (Unicode 3.9, what
 * Python's errors="replace" does). `out` has room for three times its length. Returns the new
 * length. */
size_t utf8_clean(char *out, struct text in);
bool utf8_is_ascii(struct text t);

#endif
