/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What waited when the daemon ended, as it comes back from the disk: a piece is packed into the
 * same bytes again; and whatever the bytes are, they wait, or are dropped, once, and what is
 * saved of them reads the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/waiters.h"

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

static const struct resolve_jail jail = {.name = 7, .source = 3};

static void on_offence(void *arg, const struct offence *offence, struct text line)
{
	(void)arg;
	(void)offence;
	(void)line;
	CLAIM(!"nobody was named");
}

static void on_piece(void *arg, uint32_t source, uint32_t number, unsigned place,
		     struct text bytes)
{
	const struct text *whole = arg;

	CLAIM(source == jail.source && number == jail.name && place < RESOLVE_PLACES);
	CLAIM(bytes.len == whole->len && !memcmp(bytes.at, whole->at, bytes.len));
}

static void check_back(struct text whole)
{
	struct resolve *resolve = resolve_new(NULL, on_offence, NULL);
	struct resolve_counts counts;

	CLAIM(resolve && !resolve_proc(resolve, "/nonexistent"));
	resolve_restore(resolve, &jail, whole);
	counts = resolve_counts(resolve);
	CLAIM(counts.waiting + counts.dropped <= 1);
	resolve_save(resolve, false, on_piece, &whole);
	resolve_free(resolve);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text whole = {(const char *)data, size};
	struct wait wait = {.jail = &jail};
	char again[WAIT_PACKED_MAX];

	check_back(whole);
	if (!wait_unpack(&wait, whole)) {
		CLAIM(wait.jail == &jail);
		return 0;
	}
	CLAIM(wait.line.len <= RESOLVE_LINE_MAX);
	CLAIM(wait_pack(again, &wait) == size && !memcmp(again, data, size));
	return 0;
}
