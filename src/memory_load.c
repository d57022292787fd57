/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read from the state folder, and how its times are to be read now. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ahead.h"
#include "memory_parts.h"

#define AHEAD_MS 60000	 /* that a line's own time may be */
#define HAND_RECORDS 500 /* half a batch: the helper never waits for us to look */

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
	enum store_part part;
	bool handing;	/* bans that are read are firm */
	uint64_t taken; /* records */
	struct ahead ahead;
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

static void take_kept(struct load *load);

/* A ban that was taken for firm is not. */
static void stop_handing(struct load *load)
{
	struct memory *memory = load->memory;

	if (!load->handing)
		return;
	memory->upset |= memory->firm > 0;
	memory->firm = 0;
	take_kept(load);
}

static void load_ban(struct load *load, const struct ban *ban)
{
	struct memory *memory = load->memory;
	bool never = judge_never(memory->judge, ban->jail, &ban->prefix) != NULL;

	/* One that seems to be over may not be: a record to come says how its times are read.
	 */
	if (never ? judge_undo(memory->judge, ban->jail, &ban->prefix, NULL)
		  : judge_put(memory->judge, ban) > 0)
		stop_handing(load);
	memory->outlawed += never;
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
	if (record->clock.shift)
		stop_handing(load);
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

/* It is as old as the clock's record before it at most; see snapshot_start(). */
static void load_position(struct load *load, const struct record *record)
{
	int64_t at = load->clock.kind ? load->clock.clock.now : TIME_NONE;

	memory_keep_position(load->memory, record->position.source, &record->position.position,
			     at < load->now ? at : load->now);
}

static void take_record(struct load *load, const struct record *record)
{
	struct memory *memory = load->memory;

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
		load_position(load, record);
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

/* They come behind the others of the snapshot, in their order. */
static void take_kept(struct load *load)
{
	load->handing = false;
	for (uint32_t i = 0; i < load->ahead.count; i++)
		take_record(load, &load->ahead.kept[i]);
	load->ahead.count = 0;
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

static bool is_same_boot(const struct load *load, const struct record *start)
{
	return load->clock.kind && start->clock.boot &&
	       start->clock.boot == load->clock.clock.boot;
}

/* By how much the clock was set since the last record of it. How much time has passed in the
 * same boot is known. In another the clock is believed, unless it is behind what it was, in
 * 1970 even: then no time has passed. */
static int64_t find_jump(const struct load *load, const struct record *start)
{
	int64_t expected = load->clock.clock.now, jump;
	bool same = is_same_boot(load, start);

	if (!load->clock.kind)
		return 0;
	if (same)
		expected += load->uptime - load->clock.clock.uptime;
	jump = load->now - expected;
	if (jump > -STEADY_SLACK_MS && (!same || jump < STEADY_SLACK_MS))
		return 0;
	return jump;
}

/* Will the times in the snapshot stay what they are? */
static bool times_stand(const struct load *load)
{
	struct record start = memory_clock(load->memory);
	struct load end = *load;

	if (load->ahead.clock.kind)
		end.clock = load->ahead.clock;
	return !(load->ahead.shift + end.clock.clock.ahead + find_jump(&end, &start));
}

static void hand_on(struct load *load)
{
	struct memory *memory = load->memory;

	if (load->handing && !memory->loading && !times_stand(load))
		stop_handing(load);
	memory->loading |= load->handing;
	if (load->handing)
		memory->firm = judge_slots(memory->judge);
	if (memory->loading)
		memory->hand(memory->hand_arg);
}

static void load_record(void *arg, const struct record *on_disk)
{
	struct load *load = arg;
	struct record record = *on_disk;

	if (load->part == STORE_AHEAD) {
		ahead_see(&load->ahead, on_disk);
		return;
	}
	if (!load_numbers(load, &record))
		return;
	if (load->handing && ahead_keep(&load->ahead, &record))
		return;
	if (load->ahead.failed)
		stop_handing(load);
	take_record(load, &record);
	if (load->memory->hand && ++load->taken % HAND_RECORDS == 0)
		hand_on(load);
}

static void load_part(void *arg, enum store_part part, uint64_t bans)
{
	struct load *load = arg;
	struct memory *memory = load->memory;

	load->part = part;
	if (part == STORE_SNAPSHOT && bans < UINT32_MAX) {
		load->handing = bans && !load->ahead.failed;
		memory->coming = (uint32_t)bans;
		judge_reserve(memory->judge, memory->coming);
	} else if (load->handing) {
		memory->firm = judge_slots(memory->judge);
		take_kept(load);
	}
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
	struct record start = memory_clock(memory);
	uint64_t clamped;
	struct ban ban;

	memory->process = (load->process + 1) & (UINT32_MAX >> NUMBER_BITS);
	memory->same_boot = is_same_boot(load, &start);
	start.clock.shift = find_shift(load, &start);
	memory_put(memory, &start);
	clamped = shift(memory, start.clock.shift, load->now + AHEAD_MS);
	clamped += clamp_bans(memory, load->now);
	memory->upset |= memory->loading && (clamped || start.clock.shift);
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
			    .part = STORE_JOURNALS,
			    .note = note,
			    .arg = arg};
	struct store_load events = {.record = load_record,
				    .note = load_note,
				    .part = memory->hand ? load_part : NULL};
	int error = -ENOMEM;

	load.disk = names_new();
	if (!load.disk)
		return error;
	steady_set(&memory->clock, now, load.uptime);
	/* A lower maxbans than before must not lose what was acknowledged. */
	judge_set_limit(memory->judge, UINT32_MAX);
	error = store_open(&memory->store, dir, mode, &events, &load);
	judge_set_limit(memory->judge, memory->maxbans);
	tarpit_loaded(memory->tarpit);
	memory->writes = !error && mode == STORE_WRITE;
	if (!error)
		settle(&load);
	memory->loading = false;
	memory->coming = 0;
	ahead_clear(&load.ahead);
	recall_sort(&memory->recall);
	names_free(load.disk);
	free(load.map);
	return error;
}
