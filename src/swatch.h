/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration of swatch or swatchdog, read for what of it can be a jail: a `watchfor` with
 * an `exec` that has a firewall stop an address. Nothing of it is ever executed, and nothing
 * but its text is looked at.
 */
#ifndef BANISH_SWATCH_H
#define BANISH_SWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/text.h"

#define SWATCH_TEXT_MAX 2048 /* of an expression, as it is written and as it becomes */
#define SWATCH_SET_MAX 64

/* `watchfor` or `ignore`, and what is done. */
struct swatch_block {
	unsigned line;
	bool ignore;
	bool goes_on; /* `continue`: the blocks behind it see the line as well */
	bool bans;
	char regex[SWATCH_TEXT_MAX]; /* what it watches for; "": it cannot be carried over */
	char fail[SWATCH_TEXT_MAX];  /* of one that bans: the same, with the address */
	char target[SWATCH_SET_MAX + 16];
	int64_t bantime; /* ms; 0: not said */
	unsigned maxretry;
	int64_t findtime; /* ms; 0: not said */
};

struct swatch {
	struct swatch_block *blocks;
	size_t count;
};

/*
 * `awk`: $N is the line's Nth field (swatchdog --awk-field-syntax), and not what the Nth group
 * of the expression matched. Every line that says something which is not carried over is a
 * diag_warning. 0 or -ENOMEM.
 */
int swatch_read(struct swatch *out, struct text text, const char *file, bool awk,
		struct diag *diag);
void swatch_clear(struct swatch *swatch);

#endif
