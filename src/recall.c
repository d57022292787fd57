/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "recall.h"

void recall_init(struct recall *recall)
{
	*recall = (struct recall){.key = hash_key_random()};
}

void recall_clear(struct recall *recall)
{
	for (uint32_t i = 0; i < recall->count; i++)
		free((char *)recall->list[i].bytes.at);
	free(recall->list);
	hash_index_free(&recall->index);
	recall->list = NULL;
	recall->count = recall->room = 0;
}

static bool is_same(const void *array, uint32_t slot, const void *key)
{
	const struct recall_piece *a = (const struct recall_piece *)array + slot, *b = key;

	return a->source == b->source && a->jail == b->jail && a->number == b->number;
}

static uint32_t hash_of(const struct recall *recall, const struct recall_piece *piece)
{
	uint32_t words[] = {piece->source, piece->jail, piece->number};

	return (uint32_t)hash_bytes(recall->key, words, sizeof words);
}

/* A place for one that there is not yet, or NULL. */
static struct recall_piece *add(struct recall *recall, const struct recall_piece *piece,
				uint32_t hash)
{
	uint32_t room = recall->room ? 2 * recall->room : 64;
	struct recall_piece *grown;

	if (recall->count == recall->room) {
		grown = room > RECALL_MAX ? NULL
					  : reallocarray(recall->list, room, sizeof *grown);
		if (!grown)
			return NULL;
		recall->list = grown;
		recall->room = room;
	}
	if (hash_index_add(&recall->index, hash, recall->count))
		return NULL;
	recall->list[recall->count] = *piece;
	recall->list[recall->count].bytes = (struct text){NULL, 0};
	return &recall->list[recall->count++];
}

bool recall_set(struct recall *recall, const struct recall_piece *piece)
{
	uint32_t hash = hash_of(recall, piece);
	uint32_t slot = hash_index_find(&recall->index, hash, is_same, recall->list, piece);
	struct recall_piece *at = slot == HASH_NONE ? NULL : &recall->list[slot];
	char *copy = NULL;

	if (!at && !piece->bytes.len)
		return true;
	if (!at)
		at = add(recall, piece, hash);
	if (piece->bytes.len)
		copy = text_dup(piece->bytes);
	if (!at || (piece->bytes.len && !copy)) {
		free(copy);
		return false;
	}
	free((char *)at->bytes.at);
	at->bytes = (struct text){copy, piece->bytes.len};
	return true;
}

void recall_forget(struct recall *recall, uint32_t source)
{
	for (uint32_t i = 0; i < recall->count; i++) {
		struct recall_piece *piece = &recall->list[i];

		if (piece->source != source)
			continue;
		free((char *)piece->bytes.at);
		piece->bytes = (struct text){NULL, 0};
	}
}

static int compare(const void *left, const void *right)
{
	const struct recall_piece *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

void recall_sort(struct recall *recall)
{
	if (recall->count)
		qsort(recall->list, recall->count, sizeof *recall->list, compare);
	hash_index_free(&recall->index);
}
