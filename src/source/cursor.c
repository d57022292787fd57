/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "s=ID;i=SEQNUM;b=BOOT;m=MONOTONIC;t=REALTIME;x=HASH", numbers in hexadecimal. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "source/cursor.h"

#define MARK_LOW 8
#define MARK_HIGH 6 /* state keeps no tail_len over 64 */

bool cursor_names_entry(const struct position *position)
{
	return position->inode || position->head;
}

/* What stands behind "KEY=". */
static const char *part(const char *text, char key)
{
	for (; text; text = strchr(text, ';')) {
		text += *text == ';';
		if (text[0] == key && text[1] == '=')
			return text + 2;
	}
	return "";
}

static bool number(const char *text, char key, uint64_t *out)
{
	return sscanf(part(text, key), "%16" SCNx64, out) == 1;
}

bool cursor_parse(struct position *out, const char *text)
{
	struct position position = {0};
	uint64_t hash;

	if (sscanf(part(text, 's'), "%16" SCNx64 "%16" SCNx64, &position.inode,
		   &position.head) != 2 ||
	    !number(text, 'i', &position.offset) || !number(text, 't', &position.tail) ||
	    !number(text, 'x', &hash) || !cursor_names_entry(&position))
		return false;
	position.head_len = hash & ((1U << MARK_LOW) - 1);
	position.tail_len = (hash >> MARK_LOW) & ((1U << MARK_HIGH) - 1);
	*out = position;
	return true;
}

const char *cursor_print(const struct position *position, char *out)
{
	snprintf(out, CURSOR_TEXT_MAX,
		 "s=%016" PRIx64 "%016" PRIx64 ";i=%" PRIx64 ";t=%" PRIx64, position->inode,
		 position->head, position->offset, position->tail);
	return out;
}

bool cursor_alike(const struct position *a, const struct position *b)
{
	return a->tail == b->tail && a->head_len == b->head_len && a->tail_len == b->tail_len;
}
