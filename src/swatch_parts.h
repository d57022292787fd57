/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What swatch.c is made of, and nobody else needs. */
#ifndef BANISH_SWATCH_PARTS_H
#define BANISH_SWATCH_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "swatch.h"

/* An expression in Perl's syntax. */
struct swatch_regex {
	struct text text;
	bool caseless;
	bool awk; /* $N is a field of the line, and no group */
};

/*
 * Write it as a filter has it. The address stands in place of `field`, the group or the field
 * of the line of that number; 0: it does not matter where. Why it cannot be written, or NULL.
 */
const char *swatch_regex_print(const struct swatch_regex *regex, char *out, size_t size,
			       unsigned field);

/* The target and the time of a command that has `field` stopped. False: it is none of those
 * that are known, and *block is as good as lost. */
bool swatch_exec_read(struct swatch_block *block, struct text command, unsigned *field);

#endif
