/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hashing of keys that a stranger chooses, and the index that finds a slot by such a key.
 */
#ifndef BANISH_BASE_HASH_H
#define BANISH_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* A key that nobody outside knows: getrandom(2). */
struct hash_key hash_key_random(void);
/* SipHash-2-4 (Aumasson, Bernstein 2012). */
uint64_t hash_bytes(struct hash_key key, const void *at, size_t len);
/* A fixed key, for fingerprints that go to disk and are compared, never used for tables. */
uint64_t hash_fingerprint(const void *at, size_t len);

/*
 * An index from hashes to the slots of an array that the caller owns. Grows by doubling;
 * cells hold hash and slot, so growing needs no keys. Linear probing, deletion by shifting
 * back.
 */
struct hash_index {
	struct hash_cell *cells;
	uint32_t mask; /* cells - 1; 0: nothing allocated */
	uint32_t used;
};

#define HASH_NONE UINT32_MAX

/* Is slot's key the one looked for? */
typedef bool hash_same(const void *array, uint32_t slot, const void *key);

int hash_index_reserve(struct hash_index *index, uint32_t slots); /* 0 or -ENOMEM */
void hash_index_free(struct hash_index *index); /* the cells; index is empty again */
/* The slot with this key, or HASH_NONE. */
uint32_t hash_index_find(const struct hash_index *index, uint32_t hash, hash_same *same,
			 const void *array, const void *key);
/* 0 or -ENOMEM. The caller has looked first: keys are not compared. */
int hash_index_add(struct hash_index *index, uint32_t hash, uint32_t slot);
void hash_index_del(struct hash_index *index, uint32_t hash, uint32_t slot);

#endif
