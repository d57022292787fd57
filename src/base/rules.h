/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter after its files were read, included, interpolated and split: regular expressions in
 * Python's syntax with fail2ban's tags (<HOST>, <F-USER>...) still in them, each with its
 * place.
 */
#ifndef BANISH_BASE_RULES_H
#define BANISH_BASE_RULES_H

#include <stddef.h>

#include "base/diag.h"

struct rule {
	char *regex;
	struct place place;
};

struct rules {
	char *name;	       /* as it was asked for */
	struct rule prefregex; /* regex NULL: none */
	struct rule *fail;
	size_t fails;
	struct rule *ignore;
	size_t ignores;
	char **files; /* every file read; the places point to these */
	size_t file_count;
};

void rules_free(struct rules *rules); /* takes NULL */

#endif
