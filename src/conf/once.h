/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A diag that passes each message on once: a mistake in [DEFAULT] is met again in every jail.
 */
#ifndef BANISH_CONF_ONCE_H
#define BANISH_CONF_ONCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

#define ONCE_MAX 1000 /* messages remembered; more are passed on as they come */

struct once {
	struct diag diag; /* report here */
	struct diag *to;
	uint64_t seen[ONCE_MAX];
	size_t count;
};

void once_init(struct once *once, struct diag *to);

#endif
