/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bans that another program made, with their times: "ADDR SINCE UNTIL", in seconds since 1970
 * or "forever", one a line. Whoever reads that program's files is not the daemon.
 */
#ifndef BANISH_IMPORTED_H
#define BANISH_IMPORTED_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conf/conf.h"

struct imported_counts {
	uint64_t taken, over, refused;
};

/* A line for imported_send(), of times in ms. */
void imported_line(FILE *lines, const struct prefix *prefix, int64_t since, int64_t until);
/* Give them to the daemon, or without one to the state and the kernel, as bans of this jail;
 * `lines` has been written by imported_line(), and has a descriptor. The counts are added to. 0
 * or -errno after a message. */
int imported_send(const char *file, const char *socket, const char *jail, FILE *lines,
		  struct imported_counts *counts);

#endif
