/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "netlink/target.h"

int target_no_refill(struct target *t, const struct wire_refill *refill)
{
	(void)t;
	(void)refill;
	return -EOPNOTSUPP;
}

int target_no_list(struct target *t, struct packet_stream *held)
{
	(void)t;
	(void)held;
	return -EOPNOTSUPP;
}

void target_where(struct wire_defined *defined, const char *text)
{
	snprintf(defined->where, sizeof defined->where, "%s", text);
}

size_t target_drop_fills(struct change *changes, size_t count)
{
	size_t i, kept = 0;

	for (i = 0; i < count; i++) {
		if (changes[i].wire->op == WIRE_FILL)
			changes[i].result->error = -EINVAL;
		else
			changes[kept++] = changes[i];
	}
	return kept;
}
