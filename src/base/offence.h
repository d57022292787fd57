/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BANISH_BASE_OFFENCE_H
#define BANISH_BASE_OFFENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/prefix.h"

/* A finding whose subject is an address: this address did this, at this time. No pointers. */
struct offence {
	struct prefix prefix; /* a single address */
	uint32_t jail;	      /* a name (base/names.h) */
	int64_t time;	      /* of the line; TIME_NONE: not known */
	bool live;	      /* the line was written while we watched */
};

#endif
