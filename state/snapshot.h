/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot: a GDBM file, readable with gdbmtool. Key "meta": magic 8 | u32 format |
 * u32 generation | u32 values | u64 records | u32 CRC32C of what is before. Keys
 * "records.00000000" and on: u32 CRC32C of generation, number and the rest | packed records,
 * in order, up to SNAPSHOT_VALUE bytes in all: one record a value takes 40 times as long.
 *
 * Beside it, snapshot.NNNNNNNN.sum: magic 8 | u32 format | u32 generation | u64 size and
 * u32 CRC32C of the GDBM file | u32 CRC32C of what is before. The whole file is summed before
 * libgdbm sees a byte of it, because that trusts lengths and offsets it reads.
 */
#ifndef BANISH_STATE_SNAPSHOT_H
#define BANISH_STATE_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "state/io.h"

#define SNAPSHOT_VALUE 65536
#define SNAPSHOT_SUM 4 /* room for the checksum at the start of a value */

struct snapshot;

/* Writing, under another name until it is published. All return 0 or -errno. */
int snapshot_create(struct snapshot **out, const struct io *io, int dir, uint32_t generation);
/* The next value: `len` bytes, room for its checksum at the start, with `records` records. */
int snapshot_add(struct snapshot *snapshot, uint8_t *value, size_t len, uint64_t records);
/* Complete and durable, but for its name. */
int snapshot_finish(struct snapshot *snapshot);
/* Give it its name, durably. */
int snapshot_publish(struct snapshot *snapshot);

/* Reading: -EBADMSG: damaged, -EPROTONOSUPPORT: of another format, and why[] says what is
 * wrong; any other -errno: nothing is known about the file. All of it is verified before this
 * returns 0. */
#define SNAPSHOT_WHY 128
int snapshot_open(struct snapshot **out, char *why, int dir, uint32_t generation);
/* Each value without its checksum, in order. 0 or -errno. */
int snapshot_each(struct snapshot *snapshot,
		  int (*value)(void *arg, const uint8_t *at, size_t len), void *arg);

uint64_t snapshot_size(const struct snapshot *snapshot); /* of a finished or open file */
/* Of an open file: records of that kind. 0 if there are such as end one: a repair keeps all. */
uint64_t snapshot_bans(const struct snapshot *snapshot);
/* What was not published is deleted. Takes NULL. */
void snapshot_close(struct snapshot *snapshot);

#endif
