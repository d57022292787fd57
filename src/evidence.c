/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "evidence.h"

/*
 * Entries follow each other without a gap, counted in bytes since ever: `head` is where the
 * next one goes, `tail` where the oldest starts. Both wrap into the buffer by its size.
 */
struct evidence {
	size_t size;
	uint64_t head, tail;
	char *bytes;
};

struct entry_head {
	int64_t time;
	uint32_t jail;
	uint16_t len;
	struct prefix prefix;
};

struct evidence *evidence_new(size_t bytes)
{
	struct evidence *evidence = calloc(1, sizeof *evidence);

	if (!evidence)
		return NULL;
	evidence->size = bytes;
	evidence->bytes = malloc(bytes);
	if (!evidence->bytes) {
		free(evidence);
		return NULL;
	}
	return evidence;
}

void evidence_free(struct evidence *evidence)
{
	if (!evidence)
		return;
	free(evidence->bytes);
	free(evidence);
}

static void ring_write(struct evidence *evidence, uint64_t at, const void *from, size_t len)
{
	size_t start = at % evidence->size, first = evidence->size - start;

	if (first > len)
		first = len;
	memcpy(evidence->bytes + start, from, first);
	memcpy(evidence->bytes, (const char *)from + first, len - first);
}

static void ring_read(const struct evidence *evidence, uint64_t at, void *to, size_t len)
{
	size_t start = at % evidence->size, first = evidence->size - start;

	if (first > len)
		first = len;
	memcpy(to, evidence->bytes + start, first);
	memcpy((char *)to + first, evidence->bytes, len - first);
}

/* A line must not wrap, for it is handed out as one slice: when it would, the entry is moved
 * to the start of the buffer and the rest is filled with an empty head. */
static uint64_t line_pad(const struct evidence *evidence, uint64_t at, size_t len)
{
	size_t start = (at + sizeof(struct entry_head)) % evidence->size;

	return start + len > evidence->size ? evidence->size - start : 0;
}

static uint64_t entry_bytes(const struct evidence *evidence, uint64_t at)
{
	struct entry_head head;

	ring_read(evidence, at, &head, sizeof head);
	return sizeof head + line_pad(evidence, at, head.len) + head.len;
}

void evidence_add(struct evidence *evidence, const struct evidence_entry *entry)
{
	struct entry_head head = {.time = entry->time,
				  .jail = entry->jail,
				  .len = (uint16_t)(entry->line.len > EVIDENCE_LINE_MAX
							    ? EVIDENCE_LINE_MAX
							    : entry->line.len),
				  .prefix = entry->prefix};
	uint64_t pad = line_pad(evidence, evidence->head, head.len);
	uint64_t need = sizeof head + pad + head.len;

	while (evidence->head + need - evidence->tail > evidence->size)
		evidence->tail += entry_bytes(evidence, evidence->tail);
	ring_write(evidence, evidence->head, &head, sizeof head);
	if (head.len)
		ring_write(evidence, evidence->head + sizeof head + pad, entry->line.at,
			   head.len);
	evidence->head += need;
}

uint64_t evidence_head(const struct evidence *evidence)
{
	return evidence->head;
}

bool evidence_each(const struct evidence *evidence, uint64_t *cursor,
		   struct evidence_entry *entry)
{
	uint64_t at = *cursor > evidence->tail ? *cursor : evidence->tail, pad;
	struct entry_head head;

	if (at >= evidence->head)
		return false;
	ring_read(evidence, at, &head, sizeof head);
	pad = line_pad(evidence, at, head.len);
	entry->prefix = head.prefix;
	entry->jail = head.jail;
	entry->time = head.time;
	entry->line.at = evidence->bytes + (at + sizeof head + pad) % evidence->size;
	entry->line.len = head.len;
	*cursor = at + sizeof head + pad + head.len;
	return true;
}
