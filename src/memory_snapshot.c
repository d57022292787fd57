/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The snapshot, written in small steps while the daemon goes on. */
#include <stdlib.h>
#include <string.h>

#include "memory_parts.h"

#ifndef SNAPSHOT_STEP
#define SNAPSHOT_STEP 2000 /* records a step: well under a millisecond */
#endif

/* Where the snapshot in the making has got to. */
struct memory_snapshot {
	uint32_t slot, credit;
	uint64_t strike, evidence, evidence_end;
	uint32_t names; /* that are in it, up to this number */
	uint32_t slots; /* when it began */
	bool early[];	/* by slot: its ban went in ahead of its offences */
};

/* Names up to this number. */
static void snapshot_names(struct memory *memory, uint32_t last)
{
	struct record record = {.kind = RECORD_NAME};

	while (memory->snapshot->names < last) {
		uint32_t number = ++memory->snapshot->names;

		record.name.number = number | memory->process << NUMBER_BITS;
		record.name.text = text_of(names_text(memory->names, number));
		store_snapshot_put(memory->store, &record);
	}
}

/* It has all names in front, but those that are new since. Takes memory's own numbers. */
static void snapshot_put(struct memory *memory, struct record *record)
{
	uint32_t *numbers[RECORD_NUMBERS_MAX];
	unsigned count = record_numbers(record, numbers);

	for (unsigned i = 0; i < count; i++) {
		snapshot_names(memory, *numbers[i]);
		if (*numbers[i])
			*numbers[i] |= memory->process << NUMBER_BITS;
	}
	store_snapshot_put(memory->store, record);
}

void memory_piece(struct memory *memory, const struct recall_piece *piece)
{
	struct record record = {.kind = RECORD_MEMORY};

	record.memory.source = piece->source;
	record.memory.jail = piece->jail;
	record.memory.key = piece->number;
	record.memory.bytes = piece->bytes;
	if (memory->aside)
		snapshot_put(memory, &record);
	else
		memory_put(memory, &record);
}

static void snapshot_strike(struct memory *memory, const struct judge_strike *strike)
{
	struct record record = memory_strike_record(strike);

	if (strike->count)
		snapshot_put(memory, &record);
}

static void snapshot_ban(struct memory *memory, const struct ban *ban)
{
	struct record record = {.kind = RECORD_BAN, .ban = *ban};
	struct judge_strike strike = memory_strike_of(ban);

	snapshot_put(memory, &record);
	snapshot_strike(memory, &strike);
}

/* A ban clears its offences when it is read: one that has some already, counted since it was
 * made, goes ahead of them. */
static void put_early(struct memory *memory, uint32_t jail, const struct prefix *prefix)
{
	uint32_t slot = judge_first(memory->judge, prefix);
	bool *early = memory->snapshot->early;

	while (slot != UINT32_MAX && judge_at(memory->judge, slot)->jail != jail)
		slot = judge_next(memory->judge, slot);
	if (slot == UINT32_MAX || early[slot])
		return;
	early[slot] = true;
	snapshot_ban(memory, judge_at(memory->judge, slot));
}

static void snapshot_positions(struct memory *memory, bool followed)
{
	for (size_t i = 0; i < memory->position_count; i++) {
		struct record record = {.kind = RECORD_POSITION};

		if ((memory->positions[i].at != TIME_NONE) != followed)
			continue;
		record.position.source = memory->positions[i].source;
		record.position.position = memory->positions[i].position;
		snapshot_put(memory, &record);
	}
}

/* Everything whose records are not repeatable (an offence counts once more each time it is
 * read) or must agree with them goes in at once; bans, credits and evidence follow in steps,
 * for their records in the new journal replace what the snapshot says. Positions of sources
 * that nobody reads any more go before the clock's record: they are not of that time. */
static void snapshot_start(struct memory *memory)
{
	struct record record;
	uint64_t cursor = 0;

	snapshot_positions(memory, false);
	record = memory_clock(memory);
	snapshot_put(memory, &record);
	snapshot_names(memory, names_last(memory->names));
	record = (struct record){.kind = RECORD_OFFENCE};
	while (judge_each_offence(memory->judge, &cursor, &record.offence.jail,
				  &record.offence.prefix, &record.offence.time)) {
		put_early(memory, record.offence.jail, &record.offence.prefix);
		snapshot_put(memory, &record);
	}
	snapshot_positions(memory, true);
	for (uint32_t i = 0; i < memory->removals.count; i++) {
		record = (struct record){.kind = RECORD_REMOVAL};
		record.removal.target = memory->removals.list[i].target;
		record.removal.prefix = memory->removals.list[i].prefix;
		snapshot_put(memory, &record);
	}
}

/* What no source has taken over is as it was loaded, without a daemon all of it. */
static void snapshot_pieces(struct memory *memory)
{
	memory->aside = true;
	for (uint32_t i = 0; i < memory->recall.count; i++)
		if (memory->recall.list[i].bytes.len)
			memory_piece(memory, &memory->recall.list[i]);
	if (memory->filters)
		memory->filters(memory->filters_arg);
	memory->aside = false;
}

static bool snapshot_begin(struct memory *memory, bool force)
{
	uint32_t slots = judge_slots(memory->judge);

	if (!force && !store_wants_snapshot(memory->store))
		return false;
	memory->snapshot = calloc(1, sizeof *memory->snapshot + slots);
	if (!memory->snapshot)
		return false;
	memory->snapshot->slots = slots;
	/* The new journal starts without names, also when no snapshot comes of it. */
	if (memory->written)
		memset(memory->written, 0, memory->written_size);
	if (store_snapshot_begin(memory->store)) {
		free(memory->snapshot);
		memory->snapshot = NULL;
		return false;
	}
	memory->snapshot->evidence_end = evidence_head(memory->evidence);
	snapshot_start(memory);
	snapshot_pieces(memory);
	return true;
}

/* The next of the live bans, and of those that are over; false: there is none. */
static bool step_bans(struct memory *memory)
{
	struct memory_snapshot *at = memory->snapshot;
	struct judge_strike strike;
	const struct ban *ban;
	uint32_t slot;

	if (at->slot >= judge_slots(memory->judge)) {
		if (!judge_each_strike(memory->judge, &at->strike, &strike))
			return false;
		snapshot_strike(memory, &strike);
		return true;
	}
	slot = at->slot++;
	ban = judge_at(memory->judge, slot);
	/* What has taken an early one's slot is in the new journal. */
	if (ban && (slot >= at->slots || !at->early[slot]))
		snapshot_ban(memory, ban);
	return true;
}

static bool step_credits(struct memory *memory)
{
	struct memory_snapshot *at = memory->snapshot;
	const struct credit *credit;

	if (at->credit >= tarpit_slots(memory->tarpit))
		return false;
	credit = tarpit_at(memory->tarpit, at->credit++);
	if (credit)
		snapshot_put(memory,
			     &(struct record){.kind = RECORD_CREDIT, .credit = *credit});
	return true;
}

static bool step_evidence(struct memory *memory)
{
	struct memory_snapshot *at = memory->snapshot;
	struct record record = {.kind = RECORD_EVIDENCE};
	struct evidence_entry entry;

	if (at->evidence >= at->evidence_end ||
	    !evidence_each(memory->evidence, &at->evidence, &entry))
		return false;
	record.evidence.prefix = entry.prefix;
	record.evidence.jail = entry.jail;
	record.evidence.time = entry.time;
	record.evidence.line = entry.line;
	snapshot_put(memory, &record);
	return true;
}

bool memory_snapshot_step(struct memory *memory, bool force)
{
	if (!memory->snapshot)
		return snapshot_begin(memory, force);
	for (unsigned i = 0; i < SNAPSHOT_STEP; i++)
		if (!step_bans(memory) && !step_credits(memory) && !step_evidence(memory)) {
			store_snapshot_end(memory->store);
			free(memory->snapshot);
			memory->snapshot = NULL;
			return false;
		}
	return true;
}
