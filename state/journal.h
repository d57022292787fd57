/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A journal: a head, then frames. A frame is a packed record (state/record.h), a byte that is 1
 * when the frame ends a group and else 0, and the CRC32C of the journal's seed, the frame's
 * offset, the record and that byte. A group counts whole or not at all, for the position at its
 * end says that the lines behind it were counted. The seed is drawn at random for each
 * journal, so a frame is valid in this file at this place only: neither what a deleted journal
 * left in a block of the disk passes for one, nor what a stranger wrote into a log line that
 * was kept as evidence.
 *
 * The head stands twice, 32 bytes each: magic 8 | u32 format | u32 flags | u32 generation |
 * u32 seed | u32 zero | u32 CRC32C of what is before.
 */
#ifndef BANISH_STATE_JOURNAL_H
#define BANISH_STATE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/io.h"

#define JOURNAL_FORMAT 2
#define JOURNAL_HEAD 64
#define FRAME_TAIL 5 /* behind a record: whether the group ends, and the checksum */

struct journal {
	int fd; /* -1: none */
	uint32_t generation;
	uint32_t seed;
	uint64_t end; /* behind what is durable */
	bool gap;   /* records before this journal were given up: only its snapshot has them */
	bool start; /* a process began with it, and had loaded what was whole before it */
};

/* A new file, durable with its name. Fills in the rest of *journal, whose generation, gap
 * and start are set. 0 or -errno. */
int journal_create(struct journal *journal, const struct io *io, int dir);
/* Append whole groups whose checksums are still to be filled in, and wait until they are
 * durable. On an error nothing counts as written: give it the same bytes again. */
int journal_append(struct journal *journal, const struct io *io, uint8_t *frames, size_t len);
void journal_close(struct journal *journal);

/* The head of an open file: fills in *journal but for `fd` and `end`, whose generation is set
 * to what the file's name says. 0; -EBADMSG; -EPROTONOSUPPORT: of another format; or -errno. */
int journal_read_head(struct journal *journal, int fd);
/* `len` is the record's length; the byte behind it is summed as well. */
uint32_t journal_frame_sum(uint32_t seed, uint64_t offset, const uint8_t *record, size_t len);

#endif
