/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports of this host. */
#ifndef BANISH_BASE_PORTS_H
#define BANISH_BASE_PORTS_H

#include <stdint.h>

#define PORTS_MAX 16 /* ranges of a jail */

struct port_range {
	uint16_t first, last; /* both included; first is at least 1 */
};

#endif
