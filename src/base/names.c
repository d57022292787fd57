/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/names.h"

struct names {
	char **texts; /* by number; [0] is "" */
	uint32_t last, room;
	struct hash_index index;
	struct hash_key key;
};

struct names *names_new(void)
{
	struct names *names = calloc(1, sizeof *names);

	if (!names)
		return NULL;
	names->key = hash_key_random();
	names->room = 64;
	names->texts = calloc(names->room, sizeof *names->texts);
	if (!names->texts) {
		names_free(names);
		return NULL;
	}
	return names;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	for (uint32_t i = 1; names->texts && i <= names->last; i++)
		free(names->texts[i]);
	free(names->texts);
	hash_index_free(&names->index);
	free(names);
}

static bool names_same(const void *array, uint32_t slot, const void *key)
{
	char *const *texts = array;

	return text_equal(*(const struct text *)key, texts[slot]);
}

static uint32_t names_hash(const struct names *names, struct text t)
{
	return (uint32_t)hash_bytes(names->key, t.at, t.len);
}

uint32_t names_find(const struct names *names, struct text t)
{
	uint32_t slot = hash_index_find(&names->index, names_hash(names, t), names_same,
					names->texts, &t);

	return slot == HASH_NONE ? 0 : slot;
}

static bool names_grow(struct names *names)
{
	char **texts;

	if (names->last + 1 < names->room)
		return true;
	texts = realloc(names->texts, 2 * (size_t)names->room * sizeof *texts);
	if (!texts)
		return false;
	names->texts = texts;
	names->room *= 2;
	return true;
}

uint32_t names_add(struct names *names, struct text t)
{
	uint32_t number = names_find(names, t);
	char *copy;

	if (number || !t.len || t.len > NAME_MAX_BYTES || memchr(t.at, 0, t.len))
		return number;
	if (names->last >= NAMES_MAX || !names_grow(names))
		return 0;
	copy = text_dup(t);
	if (!copy)
		return 0;
	if (hash_index_add(&names->index, names_hash(names, t), names->last + 1)) {
		free(copy);
		return 0;
	}
	names->texts[++names->last] = copy;
	return names->last;
}

const char *names_text(const struct names *names, uint32_t number)
{
	return number && number <= names->last ? names->texts[number] : "";
}

uint32_t names_last(const struct names *names)
{
	return names->last;
}
