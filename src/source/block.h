/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block of bytes read from a file, cut into runs of whole lines. Never holds more than
 * BLOCK_BYTES, whatever a line's length.
 */
#ifndef BANISH_SOURCE_BLOCK_H
#define BANISH_SOURCE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define BLOCK_BYTES (256 * 1024)
#define BLOCK_BEFORE 64 /* bytes already handed over that a block begins with, at most */

struct block {
	char *bytes; /* room for BLOCK_BEFORE + BLOCK_BYTES + 1 */
	size_t next; /* the first byte not handed over */
	size_t end;
};

/* What block_run() found. */
struct run {
	char *at;
	size_t len;  /* 0: nothing to hand over, the bytes up to `used` are skipped */
	size_t used; /* index in the block behind what the run takes from it */
	bool cut;    /* its last line is too long: at[len - 1] has to become '\n' */
};

int block_open(struct block *block); /* 0 or -ENOMEM */
void block_close(struct block *block);
/* Give touched memory back after a large read; what the block held is gone. */
void block_rest(struct block *block);
/*
 * The next run at block->next, which the caller moves to run->used. False: what is left (if
 * anything) is the begin of a line. *skip: the block begins within a line that was cut, or
 * ends so. The block's bytes stay as they were read, so that fingerprints can be taken.
 */
bool block_run(const struct block *block, bool *skip, struct run *out);
/* The newlines in `text`. */
uint64_t block_lines(struct text text);

#endif
