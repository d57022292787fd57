/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log lines behind recent offences: a ring of bytes in which new lines push out the oldest.
 */
#ifndef BANISH_EVIDENCE_H
#define BANISH_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/prefix.h"
#include "base/text.h"

#define EVIDENCE_BYTES (8u << 20)
#define EVIDENCE_LINE_MAX 1024 /* of a line, what is kept */

struct evidence;

/* Slices live until the next evidence_add. */
struct evidence_entry {
	struct prefix prefix; /* the address in the line */
	uint32_t jail;	      /* a name */
	int64_t time;	      /* as it was counted */
	struct text line;
};

struct evidence *evidence_new(size_t bytes); /* NULL: out of memory */
void evidence_free(struct evidence *evidence);
void evidence_add(struct evidence *evidence, const struct evidence_entry *entry);
/* Oldest first; *cursor starts at 0. What is added or pushed out between two calls is seen or
 * passed over. */
bool evidence_each(const struct evidence *evidence, uint64_t *cursor,
		   struct evidence_entry *entry);
/* Where the cursor is behind what there is now. */
uint64_t evidence_head(const struct evidence *evidence);

#endif
