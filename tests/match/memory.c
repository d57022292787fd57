/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/match/room.h"

/* Under the address sanitizer malloc is its own. */
#ifndef __SANITIZE_ADDRESS__

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static size_t allocated;

void *malloc(size_t size)
{
	allocated++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocated++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	allocated++;
	return __libc_realloc(old, size);
}

static void count(void *arg, size_t index, const struct finding *finding)
{
	size_t *found = arg;

	(void)index;
	*found += finding->extras;
}

Test(memory, scanning_allocates_nothing)
{
	struct match_memory *memory;
	const struct pattern p = {
		.pref = "^ \\S+ \\w+: <F-CONTENT>.+</F-CONTENT>$",
		.fail = {"^bad <F-USER>\\S+</F-USER> <HOST>$", "<HOST>"},
	};
	const struct pattern worded = {
		.fail = {"^undated <F-USER>\\S+</F-USER> <HOST>$"},
		.dates = {"^[^\\[]*\\[({DATE})"},
	};
	const struct lines lines = {
		text_of("Nov 19 23:33:42 vm x: bad joe 192.0.2.1\n"
			"2025-11-19 23:33:42 vm x: bad \xff 2001:db8::1\nnothing\n"
			"undated joe 192.0.2.1\n"),
		TIME_NONE, true, false};
	struct match *match = room_match(&p);
	size_t found = 0, before;

	cr_assert_eq(room_add(match, &worded), 1);
	memory = match_memory_new(match);
	cr_assert_not_null(memory);
	match_scan(match, memory, &lines, NOW, count, &found);
	before = allocated;
	for (int64_t i = 0; i < 100; i++)
		match_scan(match, memory, &lines, NOW + i, count, &found);
	cr_expect_eq(allocated - before, 0, "%zu times", allocated - before);
	cr_expect_eq(found, 303, "%zu", found);
	cr_expect_gt(before, 0);
	match_memory_free(memory);
	match_free(match);
}

#endif
