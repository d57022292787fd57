/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"

struct hash_cell {
	uint32_t hash;
	uint32_t slot; /* HASH_NONE: the cell is free */
};

struct hash_key hash_key_random(void)
{
	struct hash_key key;

	/* Blocks at most until the kernel's pool is first filled, and never fails after. */
	while (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
		;
	return key;
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32) + s->v3;
	s->v2 += s->v1;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

uint64_t hash_bytes(struct hash_key key, const void *at, size_t len)
{
	struct sip s = {key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d,
			key.k0 ^ 0x6c7967656e657261, key.k1 ^ 0x7465646279746573};
	const unsigned char *byte = at;
	uint64_t word, last = (uint64_t)len << 56;
	size_t left = len;

	for (; left >= 8; left -= 8, byte += 8) {
		memcpy(&word, byte, 8);
		sip_word(&s, le64toh(word));
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)byte[i] << (8 * i);
	sip_word(&s, last);
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t hash_fingerprint(const void *at, size_t len)
{
	return hash_bytes((struct hash_key){0x62616e697368, 1}, at, len);
}

static void cell_place(struct hash_cell *cells, uint32_t mask, struct hash_cell cell)
{
	uint32_t i = cell.hash & mask;

	while (cells[i].slot != HASH_NONE)
		i = (i + 1) & mask;
	cells[i] = cell;
}

static int index_resize(struct hash_index *index, uint32_t count)
{
	struct hash_cell *cells = malloc((size_t)count * sizeof *cells);

	if (!cells)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		cells[i].slot = HASH_NONE;
	for (uint32_t i = 0; index->cells && i <= index->mask; i++)
		if (index->cells[i].slot != HASH_NONE)
			cell_place(cells, count - 1, index->cells[i]);
	free(index->cells);
	index->cells = cells;
	index->mask = count - 1;
	return 0;
}

/* Cells are kept at most three quarters full. */
int hash_index_reserve(struct hash_index *index, uint32_t slots)
{
	uint64_t count = index->cells ? (uint64_t)index->mask + 1 : 16;

	while (count * 3 / 4 < slots)
		count *= 2;
	if (count > UINT32_C(1) << 31)
		return -ENOMEM;
	if (index->cells && count == (uint64_t)index->mask + 1)
		return 0;
	return index_resize(index, (uint32_t)count);
}

void hash_index_free(struct hash_index *index)
{
	free(index->cells);
	*index = (struct hash_index){0};
}

uint32_t hash_index_find(const struct hash_index *index, uint32_t hash, hash_same *same,
			 const void *array, const void *key)
{
	if (!index->cells)
		return HASH_NONE;
	for (uint32_t i = hash & index->mask; index->cells[i].slot != HASH_NONE;
	     i = (i + 1) & index->mask)
		if (index->cells[i].hash == hash && same(array, index->cells[i].slot, key))
			return index->cells[i].slot;
	return HASH_NONE;
}

int hash_index_add(struct hash_index *index, uint32_t hash, uint32_t slot)
{
	int error = hash_index_reserve(index, index->used + 1);

	if (error)
		return error;
	cell_place(index->cells, index->mask, (struct hash_cell){hash, slot});
	index->used++;
	return 0;
}

void hash_index_del(struct hash_index *index, uint32_t hash, uint32_t slot)
{
	uint32_t mask = index->mask, hole, i;

	if (!index->cells)
		return;
	for (hole = hash & mask; index->cells[hole].slot != slot; hole = (hole + 1) & mask)
		if (index->cells[hole].slot == HASH_NONE)
			return;
	/* Close the hole: a later cell of the run moves back unless that would put it before
	 * the place its hash asks for. */
	for (i = (hole + 1) & mask; index->cells[i].slot != HASH_NONE; i = (i + 1) & mask) {
		uint32_t home = index->cells[i].hash & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			index->cells[hole] = index->cells[i];
			hole = i;
		}
	}
	index->cells[hole].slot = HASH_NONE;
	index->used--;
}
