/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "evidence.h"
#include "reading.h"

/* The pieces of the matcher are all below these. */
#define PIECE_SESSION 0x10000u
#define PIECE_WAITING 0x20000u

static_assert(MATCH_PIECE_MAX <= STORE_PIECE_MAX && RESOLVE_PIECE_MAX <= STORE_PIECE_MAX,
	      "a piece goes into a record");
static_assert(PIECE_SESSION + SESSIONS_PLACES <= PIECE_WAITING, "each has a number of its own");
static_assert(RESOLVE_LINE_MAX >= EVIDENCE_LINE_MAX, "a line that waited is evidence, too");

/* ---- the jails ---- */

static void jails_free(struct reading_jail *jails, size_t count)
{
	for (size_t i = 0; jails && i < count; i++)
		sessions_free(jails[i].sessions);
	free(jails);
}

void reading_clear(struct reading *reading)
{
	match_memory_free(reading->lines);
	jails_free(reading->jails, reading->count);
	*reading = (struct reading){0};
}

/* What was remembered for jails that stay. */
static void keep(struct reading *fresh, struct reading *old)
{
	for (size_t i = 0; i < fresh->count; i++)
		for (size_t j = 0; j < old->count; j++) {
			struct reading_jail *to = &fresh->jails[i], *from = &old->jails[j];

			if (to->resolve.name != from->resolve.name)
				continue;
			match_memory_take(fresh->lines, i, old->lines, j);
			to->sessions = from->sessions;
			to->alarm_at = from->alarm_at;
			from->sessions = NULL;
		}
}

static struct reading_jail jail_of(struct names *names, uint32_t source,
				   const struct conf_jail *jail)
{
	return (struct reading_jail){
		.resolve = {.name = names ? names_add(names, text_of(jail->name)) : 0,
			    .source = source,
			    .names = jail->rules->names,
			    .ports = jail->ports,
			    .port_count = jail->tcp ? jail->port_count : 0},
		.answer = jail->answer,
	};
}

int reading_aim(struct reading *reading, struct names *names, const struct setup *setup,
		const struct setup_feed *feed)
{
	struct reading fresh = {.match = feed->match, .count = feed->count};

	if (names)
		fresh.source = names_add(names, text_of(feed->path));
	fresh.jails = calloc(feed->count, sizeof *fresh.jails);
	fresh.lines = match_memory_new(feed->match);
	if (!fresh.jails || !fresh.lines || (names && !fresh.source)) {
		reading_clear(&fresh);
		return -ENOMEM;
	}
	for (size_t i = 0; i < feed->count; i++)
		fresh.jails[i] =
			jail_of(names, fresh.source, &setup->conf->jails[feed->jails[i]]);
	keep(&fresh, reading);
	reading_clear(reading);
	*reading = fresh;
	return 0;
}

/* ---- into the state ---- */

struct saving {
	struct memory *memory;
	struct reading *reading;
};

static void put(struct memory *memory, uint32_t source, uint32_t jail, uint32_t number,
		struct text bytes)
{
	memory_piece(memory, &(struct recall_piece){source, jail, number, bytes});
}

static void on_piece(void *arg, size_t index, uint32_t number, struct text bytes)
{
	struct saving *saving = arg;

	put(saving->memory, saving->reading->source, saving->reading->jails[index].resolve.name,
	    number, bytes);
}

static void save_sessions(struct saving *saving, size_t index, bool whole)
{
	struct sessions *sessions = saving->reading->jails[index].sessions;
	unsigned place = whole ? 0 : sessions_changed(sessions, 0);
	char bytes[SESSION_PACKED];

	while (place < SESSIONS_PLACES) {
		size_t len = sessions_pack(sessions, place, bytes);

		if (len || !whole)
			on_piece(saving, index, PIECE_SESSION + place,
				 (struct text){bytes, len});
		place = whole ? place + 1 : sessions_changed(sessions, place + 1);
	}
}

void reading_save(struct reading *reading, struct memory *memory, bool whole)
{
	struct saving saving = {memory, reading};

	match_memory_save(reading->match, reading->lines, whole, moment_now(), on_piece,
			  &saving);
	for (size_t i = 0; i < reading->count; i++)
		save_sessions(&saving, i, whole);
}

static void on_waiting(void *arg, uint32_t source, uint32_t jail, unsigned place,
		       struct text bytes)
{
	put(arg, source, jail, PIECE_WAITING + place, bytes);
}

void reading_save_waiting(struct memory *memory, struct resolve *resolve, bool whole)
{
	resolve_save(resolve, whole, on_waiting, memory);
}

/* ---- and back ---- */

/* It was read before, should a power cut have left it to be read again. */
static void restore_waiting(struct reading *reading, size_t index, struct memory *memory,
			    struct resolve *resolve, const struct recall_piece *piece)
{
	int64_t time = resolve_restore(resolve, &reading->jails[index].resolve, piece->bytes);

	put(memory, piece->source, piece->jail, piece->number, (struct text){NULL, 0});
	/* One that is dated ahead of the clock says nothing of what came before it. */
	if (memory->counted < time && time <= moment_now())
		memory->counted = time;
}

static void restore_piece(struct reading *reading, size_t index, struct memory *memory,
			  struct resolve *resolve, const struct recall_piece *piece)
{
	if (piece->number >= PIECE_WAITING)
		restore_waiting(reading, index, memory, resolve, piece);
	else if (piece->number >= PIECE_SESSION)
		sessions_unpack(&reading->jails[index].sessions, piece->number - PIECE_SESSION,
				piece->bytes);
	else
		match_memory_restore(reading->match, reading->lines, index, piece->number,
				     piece->bytes, moment_now());
}

void reading_restore(struct reading *reading, struct memory *memory, struct resolve *resolve)
{
	const struct recall *pieces = &memory->recall;

	for (uint32_t i = 0; i < pieces->count; i++) {
		const struct recall_piece *piece = &pieces->list[i];

		if (piece->source != reading->source || !piece->bytes.len)
			continue;
		for (size_t j = 0; j < reading->count; j++)
			if (reading->jails[j].resolve.name == piece->jail)
				restore_piece(reading, j, memory, resolve, piece);
	}
}
