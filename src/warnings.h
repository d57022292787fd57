/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether bans have an effect: what is in the way, from the facts of the kernel, from sysctls
 * and files that anybody may read, and from what a target has come to. Each warning is a line
 * that says what is wrong and one that says what to do.
 */
#ifndef BANISH_WARNINGS_H
#define BANISH_WARNINGS_H

#include "enforce.h"

#define WARNINGS_MAX 200 /* more are counted and not kept */

struct warning {
	char *target; /* as in the configuration; owned, as the others */
	char *wrong, *mend;
};

struct warnings {
	struct warning at[WARNINGS_MAX];
	size_t count; /* of those kept */
	size_t lost;
};

/* A target, and what is known of it. */
struct warnings_about {
	const struct spec *spec;
	const struct enforce_target *target;
	const struct target_fact *facts;
	size_t fact_count;
	bool bans6; /* it is to hold bans of IPv6 */
};

void warnings_clear(struct warnings *warnings); /* frees what it holds; it is empty again */
void warnings_look(struct warnings *out, const struct warnings_about *about);

#endif
