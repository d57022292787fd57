/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish scan, whatever it is called as. */
#ifndef BANISH_SCAN_H
#define BANISH_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "setup.h"

enum scan_voice { SCAN_QUIET, SCAN_USUAL, SCAN_VERBOSE };

struct scan {
	const char *file; /* the configuration */
	const char *jail;
	int64_t now; /* 0: the clock's */
	bool json, debug;
	bool block, expire, print; /* none: the offenders as deny rules */
	enum scan_voice voice;
};

/* The offenders of conf's jail number `jail`, as deny rules or JSON, on standard output. An
 * exit code. */
int scan_offenders(const struct scan *scan, const struct setup *setup, size_t jail);
/* What --block, --expire and --print ask for, in the order that smtpban has: expire, print,
 * block. An exit code. */
int scan_bans(const struct scan *scan);

#endif
