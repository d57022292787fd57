/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define ACCOUNTS_MAX (256u << 10)
#define SNAPSHOT_STEP 2000 /* records a step: well under a millisecond */

/* Where the snapshot in the making has got to. */
struct memory_snapshot {
	uint32_t slot, credit;
	uint64_t evidence, evidence_end;
};

struct memory *memory_new(uint32_t maxbans)
{
	struct judge_limits limits = {.bans = maxbans, .accounts = ACCOUNTS_MAX};
	struct memory *memory = calloc(1, sizeof *memory);

	if (!memory)
		return NULL;
	memory->maxbans = maxbans;
	removals_init(&memory->removals);
	memory->names = names_new();
	memory->evidence = evidence_new(EVIDENCE_BYTES);
	memory->tarpit = tarpit_new();
	if (!memory->names || !memory->evidence || !memory->tarpit ||
	    judge_new(&memory->judge, &limits)) {
		memory_free(memory);
		return NULL;
	}
	return memory;
}

void memory_free(struct memory *memory)
{
	if (!memory)
		return;
	store_close(memory->store);
	free(memory->snapshot);
	free(memory->positions);
	removals_clear(&memory->removals);
	free(memory->written);
	judge_free(memory->judge);
	evidence_free(memory->evidence);
	tarpit_free(memory->tarpit);
	names_free(memory->names);
	free(memory);
}

/* ---- reading ---- */

struct load {
	struct memory *memory;
	int64_t now;
	struct names *disk; /* every text on disk; memory's table gets those that are used */
	struct load_name {
		uint32_t text;	 /* in `disk` */
		uint32_t number; /* in memory's table; 0: not used yet */
	} * map;		 /* by number on disk */
	uint32_t map_size;
	void (*note)(void *arg, const char *text);
	void *arg;
};

static void load_name(struct load *load, uint32_t number, struct text text)
{
	if (!number || number > NAMES_MAX)
		return;
	if (number >= load->map_size) {
		uint32_t size = number + 64;
		struct load_name *map = realloc(load->map, size * sizeof *map);

		if (!map)
			return;
		memset(map + load->map_size, 0, (size - load->map_size) * sizeof *map);
		load->map = map;
		load->map_size = size;
	}
	load->map[number] = (struct load_name){.text = names_add(load->disk, text)};
}

static uint32_t load_number(struct load *load, uint32_t number)
{
	struct load_name *name = number < load->map_size ? &load->map[number] : NULL;

	if (!name)
		return 0;
	if (!name->number)
		name->number = names_add(load->memory->names,
					 text_of(names_text(load->disk, name->text)));
	return name->number;
}

static void load_ban(struct load *load, const struct ban *ban)
{
	struct memory *memory = load->memory;
	struct ban mine = *ban;

	mine.jail = load_number(load, ban->jail);
	if (!mine.jail)
		return;
	judge_undo(memory->judge, mine.jail, &mine.prefix, NULL);
	if (!moment_left(mine.until, load->now)) {
		memory->expired++;
	} else if (judge_never(memory->judge, mine.jail, &mine.prefix)) {
		memory->outlawed++;
	} else {
		mine.reason = load_number(load, ban->reason);
		judge_put(memory->judge, &mine);
	}
}

static void put_position(struct memory *memory, uint32_t source,
			 const struct position *position)
{
	struct memory_position *grown;
	size_t i;

	for (i = 0; i < memory->position_count; i++)
		if (memory->positions[i].source == source)
			break;
	if (i == memory->position_count) {
		grown = realloc(memory->positions, (i + 1) * sizeof *grown);
		if (!grown)
			return;
		memory->positions = grown;
		memory->position_count++;
	}
	memory->positions[i].source = source;
	memory->positions[i].position = *position;
}

static void load_record(void *arg, const struct record *record)
{
	struct load *load = arg;
	struct memory *memory = load->memory;

	switch (record->kind) {
	case RECORD_NAME:
		load_name(load, record->name.number, record->name.text);
		break;
	case RECORD_OFFENCE:
		judge_put_offence(memory->judge, load_number(load, record->offence.jail),
				  &record->offence.prefix, record->offence.time);
		break;
	case RECORD_BAN:
		load_ban(load, &record->ban);
		break;
	case RECORD_UNBAN:
		judge_undo(memory->judge, load_number(load, record->unban.jail),
			   &record->unban.prefix, NULL);
		break;
	case RECORD_POSITION:
		put_position(memory, load_number(load, record->position.source),
			     &record->position.position);
		break;
	case RECORD_EVIDENCE:
		evidence_add(memory->evidence,
			     &(struct evidence_entry){record->evidence.prefix,
						      load_number(load, record->evidence.jail),
						      record->evidence.time,
						      record->evidence.line});
		break;
	case RECORD_REMOVAL:
	case RECORD_REMOVED:
		removals_set(&memory->removals,
			     &(struct removal){load_number(load, record->removal.target),
					       record->removal.prefix, TIME_NONE},
			     record->kind == RECORD_REMOVAL);
		break;
	case RECORD_STRIKE:
	case RECORD_MEMORY:
		break;
	case RECORD_CREDIT:
		tarpit_put(memory->tarpit, &record->credit);
		break;
	}
}

static void load_note(void *arg, const char *text)
{
	struct load *load = arg;

	load->note(load->arg, text);
}

int memory_open(struct memory *memory, const char *dir, enum store_mode mode, int64_t now,
		void (*note)(void *arg, const char *text), void *arg)
{
	struct load load = {.memory = memory, .now = now, .note = note, .arg = arg};
	struct store_load events = {.record = load_record, .note = load_note};
	int error = -ENOMEM;

	load.disk = names_new();
	if (!load.disk)
		return error;
	/* A lower maxbans than before must not lose what was acknowledged. */
	judge_set_limit(memory->judge, UINT32_MAX);
	error = store_open(&memory->store, dir, mode, &events, &load);
	judge_set_limit(memory->judge, memory->maxbans);
	tarpit_loaded(memory->tarpit);
	memory->writes = !error && mode == STORE_WRITE;
	names_free(load.disk);
	free(load.map);
	return error;
}

/* ---- writing ---- */

/* What is only read, for a restore, changes in memory alone. */
static void put(struct memory *memory, const struct record *record)
{
	if (memory->writes)
		store_put(memory->store, record);
}

/* A number is good on disk only after its text was written in this journal. */
static uint32_t written(struct memory *memory, uint32_t number)
{
	struct record record = {.kind = RECORD_NAME};

	if (!number)
		return 0;
	if (number >= memory->written_size) {
		uint32_t size = number + 64;
		bool *grown = realloc(memory->written, size);

		if (!grown)
			return 0;
		memset(grown + memory->written_size, 0, size - memory->written_size);
		memory->written = grown;
		memory->written_size = size;
	}
	if (!memory->written[number]) {
		record.name.number = number;
		record.name.text = text_of(names_text(memory->names, number));
		put(memory, &record);
		memory->written[number] = true;
	}
	return number;
}

static void write_ban(struct memory *memory, const struct ban *ban)
{
	struct record record = {.kind = RECORD_BAN, .ban = *ban};

	written(memory, ban->jail);
	written(memory, ban->reason);
	put(memory, &record);
}

int memory_ban(struct memory *memory, const struct ban *ban)
{
	int result = judge_put(memory->judge, ban);

	if (result >= 0)
		write_ban(memory, ban);
	return result;
}

bool memory_unban(struct memory *memory, uint32_t jail, const struct prefix *prefix)
{
	struct record record = {.kind = RECORD_UNBAN};

	if (!judge_undo(memory->judge, jail, prefix, NULL))
		return false;
	record.unban.jail = written(memory, jail);
	record.unban.prefix = *prefix;
	put(memory, &record);
	return true;
}

void memory_offence(struct memory *memory, enum judge_verdict verdict,
		    const struct offence *offence, const struct ban *ban, int64_t time,
		    struct text line)
{
	struct evidence_entry entry = {offence->prefix, offence->jail, time, line};
	struct record record = {.kind = RECORD_EVIDENCE};

	if (verdict != JUDGE_COUNTED && verdict != JUDGE_BANNED && verdict != JUDGE_EXTENDED)
		return;
	if (entry.line.len > EVIDENCE_LINE_MAX)
		entry.line.len = EVIDENCE_LINE_MAX;
	evidence_add(memory->evidence, &entry);
	record.evidence.prefix = entry.prefix;
	record.evidence.jail = written(memory, entry.jail);
	record.evidence.time = time;
	record.evidence.line = entry.line;
	put(memory, &record);
	if (verdict != JUDGE_COUNTED) {
		write_ban(memory, ban);
		return;
	}
	record = (struct record){.kind = RECORD_OFFENCE};
	record.offence.prefix = ban->prefix;
	record.offence.jail = offence->jail;
	record.offence.time = time;
	put(memory, &record);
}

void memory_position(struct memory *memory, uint32_t source, const struct position *position)
{
	struct record record = {.kind = RECORD_POSITION};

	put_position(memory, source, position);
	record.position.source = written(memory, source);
	record.position.position = *position;
	put(memory, &record);
}

const struct position *memory_find_position(const struct memory *memory, uint32_t source)
{
	for (size_t i = 0; i < memory->position_count; i++)
		if (memory->positions[i].source == source)
			return &memory->positions[i].position;
	return NULL;
}

void memory_removal(struct memory *memory, const struct removal *removal, bool pending)
{
	struct record record = {.kind = pending ? RECORD_REMOVAL : RECORD_REMOVED};

	if (!removal->target || !removals_set(&memory->removals, removal, pending))
		return;
	record.removal.target = written(memory, removal->target);
	record.removal.prefix = removal->prefix;
	put(memory, &record);
}

void memory_credit(struct memory *memory, const struct prefix *address, int64_t now,
		   struct credit *out)
{
	struct record record = {.kind = RECORD_CREDIT};

	if (!tarpit_add(memory->tarpit, address, now, out))
		return;
	record.credit = *out;
	put(memory, &record);
}

bool memory_discredit(struct memory *memory, const struct prefix *prefix, int64_t now,
		      struct credit *out)
{
	struct record record = {.kind = RECORD_CREDIT};

	if (!tarpit_del(memory->tarpit, prefix, now, out))
		return false;
	record.credit.prefix = out->prefix;
	put(memory, &record);
	return true;
}

/* ---- the snapshot ---- */

/* Everything whose records are not repeatable (an offence counts once more each time it is
 * read) or must agree with them goes in at once; bans, credits and evidence follow in steps,
 * for their records in the new journal replace what the snapshot says. */
static void snapshot_start(struct memory *memory)
{
	struct record record;
	uint64_t cursor = 0;

	for (uint32_t i = 1; i <= names_last(memory->names); i++) {
		record = (struct record){.kind = RECORD_NAME};
		record.name.number = i;
		record.name.text = text_of(names_text(memory->names, i));
		store_snapshot_put(memory->store, &record);
	}
	record = (struct record){.kind = RECORD_OFFENCE};
	while (judge_each_offence(memory->judge, &cursor, &record.offence.jail,
				  &record.offence.prefix, &record.offence.time))
		store_snapshot_put(memory->store, &record);
	for (size_t i = 0; i < memory->position_count; i++) {
		record = (struct record){.kind = RECORD_POSITION};
		record.position.source = memory->positions[i].source;
		record.position.position = memory->positions[i].position;
		store_snapshot_put(memory->store, &record);
	}
	for (uint32_t i = 0; i < memory->removals.count; i++) {
		record = (struct record){.kind = RECORD_REMOVAL};
		record.removal.target = memory->removals.list[i].target;
		record.removal.prefix = memory->removals.list[i].prefix;
		store_snapshot_put(memory->store, &record);
	}
}

static bool snapshot_begin(struct memory *memory, bool force)
{
	if (!force && !store_wants_snapshot(memory->store))
		return false;
	memory->snapshot = calloc(1, sizeof *memory->snapshot);
	if (!memory->snapshot)
		return false;
	if (store_snapshot_begin(memory->store)) {
		free(memory->snapshot);
		memory->snapshot = NULL;
		return false;
	}
	memory->snapshot->evidence_end = evidence_head(memory->evidence);
	/* The new journal starts without names. */
	if (memory->written)
		memset(memory->written, 0, memory->written_size);
	snapshot_start(memory);
	return true;
}

bool memory_snapshot_step(struct memory *memory, bool force)
{
	struct memory_snapshot *at = memory->snapshot;
	struct evidence_entry entry;
	struct record record;

	if (!at)
		return snapshot_begin(memory, force);
	for (unsigned i = 0; i < SNAPSHOT_STEP; i++) {
		const struct credit *credit;
		const struct ban *ban;

		if (at->slot < judge_slots(memory->judge)) {
			ban = judge_at(memory->judge, at->slot++);
			if (!ban)
				continue;
			record = (struct record){.kind = RECORD_BAN, .ban = *ban};
		} else if (at->credit < tarpit_slots(memory->tarpit)) {
			credit = tarpit_at(memory->tarpit, at->credit++);
			if (!credit)
				continue;
			record = (struct record){.kind = RECORD_CREDIT, .credit = *credit};
		} else if (at->evidence < at->evidence_end &&
			   evidence_each(memory->evidence, &at->evidence, &entry)) {
			record = (struct record){.kind = RECORD_EVIDENCE};
			record.evidence.prefix = entry.prefix;
			record.evidence.jail = entry.jail;
			record.evidence.time = entry.time;
			record.evidence.line = entry.line;
		} else {
			store_snapshot_end(memory->store);
			free(at);
			memory->snapshot = NULL;
			return false;
		}
		store_snapshot_put(memory->store, &record);
	}
	return true;
}
