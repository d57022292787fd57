/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BANISH_BASE_BAN_H
#define BANISH_BASE_BAN_H

#include <stdint.h>

#include "base/prefix.h"

/* (jail, prefix): since, until, why. No pointers: copied by assignment, written field by field.
 */
struct ban {
	struct prefix prefix;
	uint16_t strikes; /* its number among the bans of (jail, prefix), from 1, saturating;
			     0: it is not counted, as one by hand */
	uint32_t jail;	  /* a name (base/names.h) */
	uint32_t reason;  /* a name; 0: none was given */
	uint32_t count;	  /* offences that led to it; 0 for a ban by hand */
	int64_t since;	  /* ms */
	int64_t until;	  /* ms; TIME_FOREVER */
};

#endif
