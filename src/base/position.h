/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BANISH_BASE_POSITION_H
#define BANISH_BASE_POSITION_H

#include <stdint.h>

/*
 * How far a file was read: enough to find the place again after the file was renamed, and to
 * see that another file has its inode or that it was cut and written anew. All zero: nowhere.
 * The place in a journal is kept in the same fields, see source/cursor.h.
 */
struct position {
	uint64_t inode;
	uint64_t offset;   /* the first byte not yet handed over */
	uint64_t head;	   /* hash of the first `head_len` bytes */
	uint64_t tail;	   /* hash of the `tail_len` bytes before offset; where the head is all
			      that was read, of so many of its first line */
	uint32_t head_len; /* up to 256 */
	uint32_t tail_len; /* up to 64 */
};

#endif
