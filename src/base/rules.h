/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter after its files were read, included, interpolated and split: regular expressions in
 * Python's syntax with fail2ban's tags (<HOST>, <F-USER>...) still in them, each with its
 * place.
 */
#ifndef BANISH_BASE_RULES_H
#define BANISH_BASE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

#define RULES_LINES_MAX 100

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
	struct rule *dates; /* datepattern, one pattern each; none: the default templates */
	size_t date_count;
	struct rule *journal; /* journalmatch, one line each: the entries of any of them */
	size_t journal_count;
	char *logtimezone; /* of dates without a zone, as fail2ban writes it; NULL: local time
			    */
	unsigned maxlines; /* matched together, up to RULES_LINES_MAX; 0 and 1: one by one */
	bool names;	   /* <HOST> takes host names as well as addresses */
	char **files;	   /* every file read; the places point to these */
	size_t file_count;
};

void rules_free(struct rules *rules); /* takes NULL */

#endif
