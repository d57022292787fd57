/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of each jail. */
#ifndef BANISH_JUDGE_JAILS_H
#define BANISH_JUDGE_JAILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/ignore.h"
#include "judge/judge.h"

struct jail {
	uint32_t name;
	unsigned maxretry; /* at least 1 */
	int64_t findtime, bantime;
	struct increment increment;
	bool unverified;
	unsigned prefix6;
	struct ignore ignore;
	bool gone; /* of a former configuration: its offences stay open for their findtime */
};

struct jails {
	struct jail *at; /* sorted by name */
	size_t count;
};

/* *jails becomes these, and what it had besides, marked as gone. Of two with one name the last
 * counts. 0 or -ENOMEM, then nothing changed. */
int jails_set(struct jails *jails, const struct judge_jail *list, size_t count);
void jails_clear(struct jails *jails); /* frees what it holds; it is empty again */
/* NULL: there never was one. Also finds what is gone. */
const struct jail *jails_find(const struct jails *jails, uint32_t name);

#endif
