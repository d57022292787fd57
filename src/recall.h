/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What filters remembered when the process before this one ended: pieces by source, jail and
 * number, from the load of the state until the sources are followed.
 */
#ifndef BANISH_RECALL_H
#define BANISH_RECALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/text.h"

#define RECALL_MAX (UINT32_C(1) << 17)

struct recall_piece {
	uint32_t source, jail; /* names */
	uint32_t number;
	struct text bytes; /* without any: there is none */
};

struct recall {
	struct recall_piece *list; /* with bytes of its own */
	uint32_t count, room;
	struct hash_index index;
	struct hash_key key;
};

void recall_init(struct recall *recall);
void recall_clear(struct recall *recall); /* frees what it holds */
/* Replaces what there was. False: there is no room. */
bool recall_set(struct recall *recall, const struct recall_piece *piece);
/* Those of this source. */
void recall_forget(struct recall *recall, uint32_t source);
/* In order of their numbers from now on, and none is added any more. */
void recall_sort(struct recall *recall);

#endif
