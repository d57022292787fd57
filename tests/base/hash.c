/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "base/hash.h"
#include "base/names.h"

/* The reference vectors of SipHash-2-4: key 00 01 .. 0f, input 00 01 .. n-1. */
Test(hash, siphash_agrees_with_its_reference_vectors)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} table[] = {
		{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
		{8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
	};
	struct hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	unsigned char input[64];

	for (int i = 0; i < 64; i++)
		input[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		cr_expect_eq(hash_bytes(key, input, table[i].len), table[i].hash, "%zu bytes",
			     table[i].len);
}

static bool same_number(const void *array, uint32_t slot, const void *key)
{
	return ((const uint32_t *)array)[slot] == *(const uint32_t *)key;
}

/* Few distinct hashes, so that runs are long and wrap. */
static uint32_t bad_hash(uint32_t key)
{
	return key % 37 * 0x01000001;
}

Test(hash, an_index_finds_what_was_added_and_not_what_was_deleted)
{
	enum { KEYS = 500, STEPS = 20000 };
	uint32_t array[KEYS];
	bool in[KEYS] = {false};
	struct hash_index index = {0};

	srand(1);
	for (uint32_t i = 0; i < KEYS; i++)
		array[i] = i * 7;
	for (int step = 0; step < STEPS; step++) {
		uint32_t slot = (uint32_t)rand() % KEYS, key = array[slot];
		uint32_t found =
			hash_index_find(&index, bad_hash(key), same_number, array, &key);

		cr_assert_eq(found, in[slot] ? slot : HASH_NONE, "step %d", step);
		if (in[slot])
			hash_index_del(&index, bad_hash(key), slot);
		else
			cr_assert_eq(hash_index_add(&index, bad_hash(key), slot), 0);
		in[slot] = !in[slot];
	}
	hash_index_free(&index);
}

Test(names, a_text_keeps_its_number_and_a_number_its_text)
{
	struct names *names = names_new();
	uint32_t sshd = names_add(names, text_of("sshd"));
	char text[16];

	cr_expect_neq(sshd, 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof text, "jail-%d", i);
		cr_assert_neq(names_add(names, text_of(text)), 0);
	}
	cr_expect_eq(names_add(names, text_of("sshd")), sshd);
	cr_expect_eq(names_find(names, text_of("sshd")), sshd);
	cr_expect_str_eq(names_text(names, sshd), "sshd");
	cr_expect_eq(names_find(names, text_of("none")), 0);
	cr_expect_eq(names_add(names, text_of("")), 0);
	cr_expect_eq(names_add(names, (struct text){"a\0b", 3}), 0);
	cr_expect_str_eq(names_text(names, 99999), "");
	cr_expect_eq(names_last(names), 5001);
	names_free(names);
}

Test(names, a_full_table_gives_no_numbers)
{
	struct names *names = names_new();
	char text[16];

	for (int i = 0; i < NAMES_MAX; i++) {
		snprintf(text, sizeof text, "%d", i);
		names_add(names, text_of(text));
	}
	cr_expect_eq(names_last(names), NAMES_MAX);
	cr_expect_eq(names_add(names, text_of("one more")), 0);
	cr_expect_neq(names_add(names, text_of("0")), 0);
	names_free(names);
}
