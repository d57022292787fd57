/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of the state as JSON, an object a line, with names in the place of their numbers. */
#ifndef BANISH_DUMP_H
#define BANISH_DUMP_H

#include <stdio.h>

#include "state/store.h"

struct dump {
	FILE *out;
	void *names;		/* tsearch(3) */
	size_t records, failed; /* printed; not, for want of memory */
};

void dump_record(struct dump *dump, const struct record *record);
void dump_clear(struct dump *dump); /* frees what it holds */

#endif
