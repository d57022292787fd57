/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "state/buffer.h"

#define KEPT (64u << 10) /* after a burst no more than this stays allocated */

uint8_t *buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t room = buffer->room ? buffer->room : 16384;
	uint8_t *at;

	while (room - buffer->len < more)
		room *= 2;
	if (room == buffer->room)
		return buffer->at + buffer->len;
	at = realloc(buffer->at, room);
	if (!at)
		return NULL;
	buffer->at = at;
	buffer->room = room;
	return at + buffer->len;
}

void buffer_clear(struct buffer *buffer)
{
	buffer->len = 0;
	if (buffer->room > KEPT)
		buffer_free(buffer);
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->at);
	*buffer = (struct buffer){0};
}
