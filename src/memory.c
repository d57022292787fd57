/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-id128.h>

#include "memory_parts.h"

#define ACCOUNTS_MAX (256u << 10)
/* How old the last stamp may be when something is written, and when nothing is. */
#define STAMP_BUSY_MS 10000
#define STAMP_IDLE_MS (10 * 60000)

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

uint32_t memory_slots(const struct memory *memory)
{
	return memory->loading ? memory->firm : judge_slots(memory->judge);
}

uint32_t memory_expect(const struct memory *memory)
{
	uint32_t live = judge_counts(memory->judge).live;

	return live > memory->coming ? live : memory->coming;
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

struct credit memory_shown_credit(const struct memory *memory, const struct credit *credit)
{
	struct credit shown = *credit;

	shown.first = steady_to_wall(&memory->clock, credit->first);
	shown.last = steady_to_wall(&memory->clock, credit->last);
	return shown;
}

static uint64_t this_boot(void)
{
	sd_id128_t id;

	return sd_id128_get_boot(&id) < 0 ? 0 : id.qwords[0] ^ id.qwords[1];
}

struct record memory_clock(struct memory *memory)
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

/* What is only read, for a restore, changes in memory alone. */
void memory_put(struct memory *memory, struct record *record)
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

/* ---- changes ---- */

struct record memory_strike_record(const struct judge_strike *strike)
{
	struct record record = {.kind = RECORD_STRIKE};

	record.strike.prefix = strike->prefix;
	record.strike.jail = strike->jail;
	record.strike.count = strike->count;
	record.strike.since = strike->since;
	record.strike.until = strike->until;
	return record;
}

struct judge_strike memory_strike_of(const struct ban *ban)
{
	return (struct judge_strike){ban->prefix, ban->jail, ban->strikes, ban->since,
				     ban->until};
}

static void write_ban(struct memory *memory, const struct ban *ban)
{
	struct record record = {.kind = RECORD_BAN, .ban = *ban};

	memory_put(memory, &record);
}

/* Behind the ban itself. */
static void write_strike(struct memory *memory, const struct ban *ban)
{
	struct judge_strike strike = memory_strike_of(ban);
	struct record record = memory_strike_record(&strike);

	if (ban->strikes)
		memory_put(memory, &record);
}

static void write_unban(struct memory *memory, uint32_t jail, const struct prefix *prefix)
{
	struct record record = {.kind = RECORD_UNBAN};

	record.unban.jail = jail;
	record.unban.prefix = *prefix;
	memory_put(memory, &record);
}

static void write_offence(struct memory *memory, const struct ban *ban, int64_t time)
{
	unsigned weight = judge_weight(memory->judge, ban->jail, &ban->prefix, time);

	while (weight--) {
		struct record record = {.kind = RECORD_OFFENCE};

		record.offence.prefix = ban->prefix;
		record.offence.jail = ban->jail;
		record.offence.time = time;
		memory_put(memory, &record);
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

/* They were enough for a ban that is over already, and count no more: a ban's record says so,
 * that of the one that there is or of this one. */
static void write_past(struct memory *memory, const struct ban *past)
{
	uint32_t slot = judge_first(memory->judge, &past->prefix);

	while (slot != UINT32_MAX && judge_at(memory->judge, slot)->jail != past->jail)
		slot = judge_next(memory->judge, slot);
	write_ban(memory, slot == UINT32_MAX ? past : judge_at(memory->judge, slot));
}

void memory_offence(struct memory *memory, enum judge_verdict verdict,
		    const struct offence *offence, const struct ban *ban, int64_t time,
		    struct text line)
{
	/* As the line says it, and not for comparing. */
	int64_t wall = steady_to_wall(&memory->clock, time);
	struct evidence_entry entry = {offence->prefix, offence->jail, wall, line};
	struct record record = {.kind = RECORD_EVIDENCE};

	if (verdict == JUDGE_OLD && ban->count)
		write_past(memory, ban);
	if (verdict != JUDGE_COUNTED && verdict != JUDGE_BANNED && verdict != JUDGE_EXTENDED)
		return;
	if (entry.line.len > EVIDENCE_LINE_MAX)
		entry.line.len = EVIDENCE_LINE_MAX;
	evidence_add(memory->evidence, &entry);
	record.evidence.prefix = entry.prefix;
	record.evidence.jail = entry.jail;
	record.evidence.time = wall;
	record.evidence.line = entry.line;
	memory_put(memory, &record);
	if (verdict == JUDGE_COUNTED)
		write_offence(memory, ban, time);
	else
		write_ban(memory, ban);
	if (verdict == JUDGE_BANNED)
		write_strike(memory, ban);
}

void memory_keep_position(struct memory *memory, uint32_t source,
			  const struct position *position, int64_t at)
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
	memory->positions[i] = (struct memory_position){source, *position, at};
}

void memory_position(struct memory *memory, uint32_t source, const struct position *position)
{
	struct record record = {.kind = RECORD_POSITION};

	memory_keep_position(memory, source, position, moment_now());
	record.position.source = source;
	record.position.position = *position;
	memory_put(memory, &record);
}

static const struct memory_position *find_position(const struct memory *memory, uint32_t source)
{
	for (size_t i = 0; i < memory->position_count; i++)
		if (memory->positions[i].source == source)
			return &memory->positions[i];
	return NULL;
}

const struct position *memory_find_position(const struct memory *memory, uint32_t source)
{
	const struct memory_position *found = find_position(memory, source);

	return found ? &found->position : NULL;
}

int64_t memory_unread_since(const struct memory *memory, uint32_t source)
{
	const struct memory_position *found = find_position(memory, source);

	return found ? found->at : TIME_NONE;
}

void memory_follow(struct memory *memory, bool (*followed)(void *arg, uint32_t source),
		   void *arg)
{
	for (size_t i = 0; i < memory->position_count; i++)
		memory->positions[i].at = followed && followed(arg, memory->positions[i].source)
						  ? moment_now()
						  : TIME_NONE;
}

void memory_removal(struct memory *memory, const struct removal *removal, bool pending)
{
	struct record record = {.kind = pending ? RECORD_REMOVAL : RECORD_REMOVED};

	if (!removal->target || !removals_set(&memory->removals, removal, pending))
		return;
	record.removal.target = removal->target;
	record.removal.prefix = removal->prefix;
	memory_put(memory, &record);
}

void memory_credit(struct memory *memory, const struct prefix *address, int64_t now,
		   struct credit *out)
{
	struct record record = {.kind = RECORD_CREDIT};

	if (!tarpit_add(memory->tarpit, address, now, out))
		return;
	record.credit = *out;
	memory_put(memory, &record);
}

bool memory_discredit(struct memory *memory, const struct prefix *prefix, int64_t now,
		      struct credit *out)
{
	struct record record = {.kind = RECORD_CREDIT};

	if (!tarpit_del(memory->tarpit, prefix, now, out))
		return false;
	record.credit.prefix = out->prefix;
	memory_put(memory, &record);
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
	record = memory_clock(memory);
	memory_put(memory, &record);
	memory->unstamped = false;
	return true;
}
