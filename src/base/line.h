/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a source hands over. */
#ifndef BANISH_BASE_LINE_H
#define BANISH_BASE_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/moment.h"
#include "base/text.h"

#define LINE_MAX_BYTES 8192 /* a longer line is cut to this by its source, and counted */

/*
 * A run of whole lines from one source, each ended by '\n' and at most LINE_MAX_BYTES + 1 long.
 * Bytes are as they were logged: NUL and invalid UTF-8 occur. A run rather than a line, so
 * that a scanner can look at a megabyte at once.
 */
struct lines {
	struct text text;
	int64_t time; /* of every line of the run, when the source knows it; TIME_NONE: it is in
			 the text */
	bool live;    /* written while we follow the source, not found there at start */
	bool again; /* found at start in a file that begins as the one that was read and is not
		       as long: the power was cut. Lines that were read are among these. */
};

#endif
