/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BANISH_STATE_BUFFER_H
#define BANISH_STATE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that grow at the end. All zero: empty. */
struct buffer {
	uint8_t *at;
	size_t len, room;
};

/* Room for `more` bytes at the end: where they go, or NULL: out of memory. */
uint8_t *buffer_reserve(struct buffer *buffer, size_t more);
/* Empty; memory beyond the ordinary is given back. */
void buffer_clear(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

#endif
