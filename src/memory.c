/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-id128.h>

#include "memory.h"

#define ACCOUNTS_MAX (256u << 10)
#ifndef SNAPSHOT_STEP
#define SNAPSHOT_STEP 2000 /* records a step: well under a millisecond */
#endif
/* A name's number on disk: that in memory's table, and behind it the process. */
#define NUMBER_BITS 20
#define NUMBER_MASK ((1u << NUMBER_BITS) - 1)
/* How old the last stamp may be when something is written, and when nothing is. */
#define STAMP_BUSY_MS 10000
#define STAMP_IDLE_MS (10 * 60000)
#define AHEAD_MS 60000 /* that a line's own time may be */

/* Where the snapshot in the making has got to. */
struct memory_snapshot {
	uint32_t slot, credit;
	uint64_t strike, evidence, evidence_end;
	uint32_t names; /* that are in it, up to this number */
	uint32_t slots; /* when it began */
	bool early[];	/* by slot: its ban went in ahead of its offences */
};

struct memory *memory_new(uint32_t maxbans)
{
	struct judge_limits limits = {.bans = maxbans, .accounts = ACCOUNTS_MAX};
	struct memory *memory = calloc(1, sizeof *memory);

	if (!memory)
		return NULL;
	memory->maxbans = maxbans;
	removals_init(&memory->removals);
	recall_init(&memory->recall);
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
	recall_clear(&memory->recall);
	free(memory->written);
	judge_free(memory->judge);
	evidence_free(memory->evidence);
	tarpit_free(memory->tarpit);
	names_free(memory->names);
	free(memory);
}

/* ---- time ---- */

int64_t memory_now(const struct memory *memory)
{
	return steady_now(&memory->clock, moment_uptime());
}

struct ban memory_shown(const struct memory *memory, const struct ban *ban)
{
	struct ban shown = *ban;

	shown.since = steady_to_wall(&memory->clock, ban->since);
	shown.until = steady_to_wall(&memory->clock, ban->until);
	return shown;
}

static uint64_t this_boot(void)
{
	sd_id128_t id;

	return sd_id128_get_boot(&id) < 0 ? 0 : id.qwords[0] ^ id.qwords[1];
}

static struct record clock_record(struct memory *memory)
{
	struct record record = {.kind = RECORD_CLOCK};

	record.clock.boot = this_boot();
	record.clock.uptime = moment_uptime();
	memory->stamped = steady_now(&memory->clock, record.clock.uptime);
	record.clock.now = steady_to_wall(&memory->clock, memory->stamped);
	record.clock.ahead = memory->clock.ahead;
	memory->unstamped = false;
	return record;
}

/* ---- writing a record ---- */

/* A number is good on disk only after its text was written in this journal. There it goes with
 * a number of the process: after a damaged place it is not taken for one of the process before.
 */
static bool mark_written(struct memory *memory, uint32_t number)
{
	if (number >= memory->written_size) {
		uint32_t size = number + 64;
		bool *grown = realloc(memory->written, size);

		if (!grown)
			return false; /* it is written again */
		memset(grown + memory->written_size, 0, size - memory->written_size);
		memory->written = grown;
		memory->written_size = size;
	}
	if (memory->written[number])
		return true;
	memory->written[number] = true;
	return false;
}

static uint32_t written(struct memory *memory, uint32_t number)
{
	struct record record = {.kind = RECORD_NAME};

	if (!number)
		return 0;
	record.name.number = number | memory->process << NUMBER_BITS;
	if (!mark_written(memory, number)) {
		record.name.text = text_of(names_text(memory->names, number));
		store_put(memory->store, &record);
	}
	return record.name.number;
}

/* What is only read, for a restore, changes in memory alone. Takes memory's own numbers. */
static void put(struct memory *memory, struct record *record)
{
	uint32_t *numbers[RECORD_NUMBERS_MAX];
	unsigned count;

	if (!memory->writes)
		return;
	count = record_numbers(record, numbers);
	for (unsigned i = 0; i < count; i++)
		*numbers[i] = written(memory, *numbers[i]);
	store_put(memory->store, record);
	memory->unstamped = true;
}

/* ---- reading ---- */

struct load {
	struct memory *memory;
	int64_t now, uptime; /* when it began: it may take long */
	struct names *disk;  /* every text on disk; memory's table gets those that are used */
	struct load_name {
		uint32_t disk;	 /* the whole number, with its process */
		uint32_t text;	 /* in `disk` */
		uint32_t number; /* in memory's table; 0: not used yet */
	} * map;		 /* by number on disk, without its process */
	uint32_t map_size;
	uint32_t process;    /* that the last name is of */
	struct record clock; /* the last that was loaded; kind 0: none */
	uint64_t unnamed;    /* records that say a number of no name */
	void (*note)(void *arg, const char *text);
	void *arg;
};

static void load_name(struct load *load, uint32_t disk, struct text text)
{
	uint32_t number = disk & NUMBER_MASK;

	load->process = disk >> NUMBER_BITS;
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
	load->map[number] = (struct load_name){disk, names_add(load->disk, text), 0};
}

static uint32_t load_number(struct load *load, uint32_t disk)
{
	uint32_t number = disk & NUMBER_MASK;
	struct load_name *name = number < load->map_size ? &load->map[number] : NULL;

	if (!name || name->disk != disk)
		return 0;
	if (!name->number)
		name->number = names_add(load->memory->names,
					 text_of(names_text(load->disk, name->text)));
	return name->number;
}

static void load_ban(struct load *load, const struct ban *ban)
{
	struct memory *memory = load->memory;

	/* One that seems to be over may not be: a record to come says how its times are read.
	 */
	if (!judge_never(memory->judge, ban->jail, &ban->prefix)) {
		judge_put(memory->judge, ban);
		return;
	}
	judge_undo(memory->judge, ban->jail, &ban->prefix, NULL);
	memory->outlawed++;
}

static void load_strike(struct load *load, const struct record *record)
{
	struct judge_strike strike = {
		.prefix = record->strike.prefix,
		.jail = record->strike.jail,
		.count = record->strike.count,
		.since = record->strike.since,
		.until = record->strike.until,
	};

	if (strike.count)
		judge_put_strike(load->memory->judge, &strike);
}

/* All times of before, for the clock was set. How many were ahead of `latest`. */
static uint64_t shift(struct memory *memory, int64_t by, int64_t latest)
{
	tarpit_shift(memory->tarpit, by);
	return judge_shift(memory->judge, by, latest);
}

/* Times that a process before this one wrote, by a clock that was set meanwhile. */
static void load_clock(struct load *load, const struct record *record)
{
	shift(load->memory, record->clock.shift, TIME_FOREVER);
	load->clock = *record;
}

/* Numbers on disk become memory's own. False: one that matters is of no name, which was lost
 * with a damaged place. */
static bool load_numbers(struct load *load, struct record *record)
{
	uint32_t *numbers[RECORD_NUMBERS_MAX];
	unsigned count = record_numbers(record, numbers);

	for (unsigned i = 0; i < count; i++) {
		uint32_t mine = load_number(load, *numbers[i]);

		bool reason = record->kind == RECORD_BAN && i == 1;

		load->unnamed += !mine && (*numbers[i] || !reason);
		if (!mine && !reason)
			return false;
		*numbers[i] = mine;
	}
	return true;
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

static void load_record(void *arg, const struct record *on_disk)
{
	struct load *load = arg;
	struct memory *memory = load->memory;
	struct record mine = *on_disk, *record = &mine;

	if (!load_numbers(load, record))
		return;
	switch (record->kind) {
	case RECORD_NAME:
		load_name(load, record->name.number, record->name.text);
		break;
	case RECORD_OFFENCE:
		judge_put_offence(memory->judge, record->offence.jail, &record->offence.prefix,
				  record->offence.time);
		break;
	case RECORD_BAN:
		load_ban(load, &record->ban);
		break;
	case RECORD_UNBAN:
		judge_undo(memory->judge, record->unban.jail, &record->unban.prefix, NULL);
		break;
	case RECORD_POSITION:
		put_position(memory, record->position.source, &record->position.position);
		break;
	case RECORD_EVIDENCE:
		if (memory->counted < record->evidence.time)
			memory->counted = record->evidence.time;
		evidence_add(memory->evidence, &(struct evidence_entry){record->evidence.prefix,
									record->evidence.jail,
									record->evidence.time,
									record->evidence.line});
		break;
	case RECORD_REMOVAL:
	case RECORD_REMOVED:
		removals_set(&memory->removals,
			     &(struct removal){record->removal.target, record->removal.prefix,
					       TIME_NONE},
			     record->kind == RECORD_REMOVAL);
		break;
	case RECORD_CLOCK:
		load_clock(load, record);
		break;
	case RECORD_STRIKE:
		load_strike(load, record);
		break;
	case RECORD_MEMORY:
		recall_set(&memory->recall,
			   &(struct recall_piece){record->memory.source, record->memory.jail,
						  record->memory.key, record->memory.bytes});
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

__attribute__((format(printf, 2, 3))) static void say(struct load *load, const char *format,
						      ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	load->note(load->arg, text);
}

/* By how much the clock was set since the last record of it. How much time has passed in the
 * same boot is known. In another the clock is believed, unless it is behind what it was, in
 * 1970 even: then no time has passed. */
static int64_t find_jump(const struct load *load, const struct record *start)
{
	int64_t expected = load->clock.clock.now, jump;
	bool same;

	if (!load->clock.kind)
		return 0;
	same = start->clock.boot && start->clock.boot == load->clock.clock.boot;
	if (same)
		expected += load->uptime - load->clock.clock.uptime;
	jump = load->now - expected;
	if (jump > -STEADY_SLACK_MS && (!same || jump < STEADY_SLACK_MS))
		return 0;
	return jump;
}

/* How much later the times are that were loaded. */
static int64_t find_shift(struct load *load, const struct record *start)
{
	int64_t jump = find_jump(load, start);
	char span[24];

	if (jump)
		say(load,
		    "the clock was set %s %s since the state was written: bans keep the time "
		    "they had left",
		    text_print_duration((jump < 0 ? -jump : jump) / 1000 * 1000, span),
		    jump < 0 ? "back" : "ahead");
	return load->clock.clock.ahead + jump;
}

/* No ban has begun ahead of the clock; it keeps its length. */
static uint64_t clamp_bans(struct memory *memory, int64_t now)
{
	uint64_t clamped = 0;

	for (uint32_t slot = 0; slot < judge_slots(memory->judge); slot++) {
		const struct ban *at = judge_at(memory->judge, slot);
		struct ban ban;

		if (!at || at->since <= now)
			continue;
		ban = *at;
		ban.until = moment_after(
			now, ban.until == TIME_FOREVER ? TIME_FOREVER : ban.until - ban.since);
		ban.since = now;
		memory_ban(memory, &ban);
		clamped++;
	}
	return clamped;
}

/* All is loaded. */
static void settle(struct load *load)
{
	struct memory *memory = load->memory;
	struct record start = clock_record(memory);
	uint64_t clamped;
	struct ban ban;

	memory->process = (load->process + 1) & (UINT32_MAX >> NUMBER_BITS);
	start.clock.shift = find_shift(load, &start);
	put(memory, &start);
	clamped = shift(memory, start.clock.shift, load->now + AHEAD_MS);
	clamped += clamp_bans(memory, load->now);
	while (judge_expire(memory->judge, load->now, &ban))
		memory->expired++;
	if (clamped)
		say(load, "%" PRIu64 " stamps were ahead of the clock and count as now",
		    clamped);
	if (load->unnamed)
		say(load,
		    "%" PRIu64 " times a name was lost with a damaged place: what it belongs "
		    "to is left out",
		    load->unnamed);
}

int memory_open(struct memory *memory, const char *dir, enum store_mode mode, int64_t now,
		void (*note)(void *arg, const char *text), void *arg)
{
	struct load load = {.memory = memory,
			    .now = now,
			    .uptime = moment_uptime(),
			    .note = note,
			    .arg = arg};
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
	steady_set(&memory->clock, now, load.uptime);
	if (!error)
		settle(&load);
	recall_sort(&memory->recall);
	names_free(load.disk);
	free(load.map);
	return error;
}

/* ---- changes ---- */

static void write_ban(struct memory *memory, const struct ban *ban)
{
	struct record record = {.kind = RECORD_BAN, .ban = *ban};

	put(memory, &record);
}

static struct record strike_record(const struct judge_strike *strike)
{
	struct record record = {.kind = RECORD_STRIKE};

	record.strike.prefix = strike->prefix;
	record.strike.jail = strike->jail;
	record.strike.count = strike->count;
	record.strike.since = strike->since;
	record.strike.until = strike->until;
	return record;
}

static struct judge_strike strike_of(const struct ban *ban)
{
	return (struct judge_strike){ban->prefix, ban->jail, ban->strikes, ban->since,
				     ban->until};
}

/* Behind the ban itself. */
static void write_strike(struct memory *memory, const struct ban *ban)
{
	struct judge_strike strike = strike_of(ban);
	struct record record = strike_record(&strike);

	if (ban->strikes)
		put(memory, &record);
}

static void write_unban(struct memory *memory, uint32_t jail, const struct prefix *prefix)
{
	struct record record = {.kind = RECORD_UNBAN};

	record.unban.jail = jail;
	record.unban.prefix = *prefix;
	put(memory, &record);
}

static void write_offence(struct memory *memory, const struct ban *ban, int64_t time)
{
	unsigned weight = judge_weight(memory->judge, ban->jail, &ban->prefix, time);

	while (weight--) {
		struct record record = {.kind = RECORD_OFFENCE};

		record.offence.prefix = ban->prefix;
		record.offence.jail = ban->jail;
		record.offence.time = time;
		put(memory, &record);
	}
}

int memory_ban(struct memory *memory, const struct ban *ban)
{
	int result = judge_put(memory->judge, ban);

	if (result < 0)
		return result;
	write_ban(memory, ban);
	write_strike(memory, ban);
	return result;
}

bool memory_unban(struct memory *memory, uint32_t jail, const struct prefix *prefix)
{
	if (!judge_undo(memory->judge, jail, prefix, NULL))
		return false;
	write_unban(memory, jail, prefix);
	return true;
}

bool memory_forgive(struct memory *memory, uint32_t jail, const struct prefix *prefix)
{
	if (!judge_forgive(memory->judge, jail, prefix))
		return false;
	write_unban(memory, jail, prefix);
	return true;
}

void memory_offence(struct memory *memory, enum judge_verdict verdict,
		    const struct offence *offence, const struct ban *ban, int64_t time,
		    struct text line)
{
	/* As the line says it, and not for comparing. */
	int64_t wall = steady_to_wall(&memory->clock, time);
	struct evidence_entry entry = {offence->prefix, offence->jail, wall, line};
	struct record record = {.kind = RECORD_EVIDENCE};

	if (verdict != JUDGE_COUNTED && verdict != JUDGE_BANNED && verdict != JUDGE_EXTENDED)
		return;
	if (entry.line.len > EVIDENCE_LINE_MAX)
		entry.line.len = EVIDENCE_LINE_MAX;
	evidence_add(memory->evidence, &entry);
	record.evidence.prefix = entry.prefix;
	record.evidence.jail = entry.jail;
	record.evidence.time = wall;
	record.evidence.line = entry.line;
	put(memory, &record);
	if (verdict == JUDGE_COUNTED)
		write_offence(memory, ban, time);
	else
		write_ban(memory, ban);
	if (verdict == JUDGE_BANNED)
		write_strike(memory, ban);
}

void memory_position(struct memory *memory, uint32_t source, const struct position *position)
{
	struct record record = {.kind = RECORD_POSITION};

	put_position(memory, source, position);
	record.position.source = source;
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
	record.removal.target = removal->target;
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

/* ---- the clock ---- */

bool memory_stamp(struct memory *memory, int64_t wall, int64_t *jump)
{
	int64_t age = memory_now(memory) - memory->stamped;
	bool idle = !memory->unstamped;
	struct record record;

	*jump = steady_look(&memory->clock, wall, moment_uptime());
	if (idle && !judge_counts(memory->judge).live)
		age = 0;
	if (!*jump && age < (idle ? STAMP_IDLE_MS : STAMP_BUSY_MS))
		return false;
	record = clock_record(memory);
	put(memory, &record);
	memory->unstamped = false;
	return true;
}

/* ---- the snapshot ---- */

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
		put(memory, &record);
}

static void snapshot_strike(struct memory *memory, const struct judge_strike *strike)
{
	struct record record = strike_record(strike);

	if (strike->count)
		snapshot_put(memory, &record);
}

static void snapshot_ban(struct memory *memory, const struct ban *ban)
{
	struct record record = {.kind = RECORD_BAN, .ban = *ban};
	struct judge_strike strike = strike_of(ban);

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

/* Everything whose records are not repeatable (an offence counts once more each time it is
 * read) or must agree with them goes in at once; bans, credits and evidence follow in steps,
 * for their records in the new journal replace what the snapshot says. */
static void snapshot_start(struct memory *memory)
{
	struct record record;
	uint64_t cursor = 0;

	record = clock_record(memory);
	snapshot_put(memory, &record);
	snapshot_names(memory, names_last(memory->names));
	record = (struct record){.kind = RECORD_OFFENCE};
	while (judge_each_offence(memory->judge, &cursor, &record.offence.jail,
				  &record.offence.prefix, &record.offence.time)) {
		put_early(memory, record.offence.jail, &record.offence.prefix);
		snapshot_put(memory, &record);
	}
	for (size_t i = 0; i < memory->position_count; i++) {
		record = (struct record){.kind = RECORD_POSITION};
		record.position.source = memory->positions[i].source;
		record.position.position = memory->positions[i].position;
		snapshot_put(memory, &record);
	}
	for (uint32_t i = 0; i < memory->removals.count; i++) {
		record = (struct record){.kind = RECORD_REMOVAL};
		record.removal.target = memory->removals.list[i].target;
		record.removal.prefix = memory->removals.list[i].prefix;
		snapshot_put(memory, &record);
	}
}

static void snapshot_pieces(struct memory *memory)
{
	if (!memory->filters)
		return;
	memory->aside = true;
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
