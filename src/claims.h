/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For `banish match`: lines that give a message and no address, and whose they are by other
 * lines of the message. No process is looked at, since a log may be old, or another host's.
 */
#ifndef BANISH_CLAIMS_H
#define BANISH_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/finding.h"

/* A line is claimed: `finding` has an address, its time and its line, and nothing more. */
typedef void claims_found(void *arg, size_t filter, uint32_t number,
			  const struct finding *finding);

struct claims;

struct claims *claims_new(claims_found *found, void *arg); /* NULL: out of memory */
void claims_free(struct claims *claims);		   /* takes NULL */
/* False: the finding is not about a message. `number` is handed on. */
bool claims_take(struct claims *claims, size_t filter, uint32_t number,
		 const struct finding *finding);
/* Lines that nothing has claimed. */
uint64_t claims_open(const struct claims *claims);

#endif
