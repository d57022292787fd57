/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BANISH_BASE_CREDIT_H
#define BANISH_BASE_CREDIT_H

#include <stdint.h>

#include "base/prefix.h"

/* What a mail client has earned in the tarpit: messages that it completed. No pointers: copied
 * by assignment, written field by field. */
struct credit {
	struct prefix prefix;
	uint32_t count;
	int64_t first, last; /* ms: the first message, and the latest */
};

#endif
