/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a finding's subject to an address. An address is its own answer, at once.
 */
#ifndef BANISH_RESOLVE_RESOLVE_H
#define BANISH_RESOLVE_RESOLVE_H

#include <stdint.h>

#include "base/finding.h"
#include "base/offence.h"

typedef void resolve_done(void *arg, const struct offence *offence,
			  const struct finding *finding);

struct resolve;

struct resolve_counts {
	uint64_t resolved, dropped;
};

struct resolve *resolve_new(resolve_done *done, void *arg); /* NULL: out of memory */
void resolve_free(struct resolve *resolve);
/* `done` is called, before this returns, when the subject is an address. What can never be an
 * offender (a prefix wider than one address, 0.0.0.0, ::) is dropped and counted. */
void resolve_finding(struct resolve *resolve, uint32_t jail, bool live,
		     const struct finding *finding);
struct resolve_counts resolve_counts(const struct resolve *resolve);

#endif
