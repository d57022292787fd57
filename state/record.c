/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>

#include "base/names.h"
#include "state/bytes.h"
#include "state/record.h"

#define RECORD_VERSION 1	     /* of every kind so far */
#define CLOCK_MAX (INT64_C(1) << 53) /* ms */

/* The fixed part of each kind's body, with the length of its text. */
static const uint16_t fixed_len[] = {
	[RECORD_NAME] = 4 + 2,
	[RECORD_OFFENCE] = 18 + 4 + 8,
	[RECORD_BAN] = 18 + 4 + 4 + 4 + 8 + 8,
	[RECORD_UNBAN] = 18 + 4,
	[RECORD_POSITION] = 4 + 8 + 8 + 8 + 8 + 4 + 4,
	[RECORD_EVIDENCE] = 18 + 4 + 8 + 2,
	[RECORD_REMOVAL] = 4 + 18,
	[RECORD_REMOVED] = 4 + 18,
	[RECORD_STRIKE] = 18 + 4 + 4 + 8 + 8,
	[RECORD_MEMORY] = 4 + 4 + 4 + 2,
	[RECORD_CREDIT] = 18 + 4 + 8 + 8,
	[RECORD_CLOCK] = 8 + 8 + 8 + 8 + 8,
};

#define KINDS (sizeof(fixed_len) / sizeof(fixed_len[0]))

static uint8_t *put_prefix(uint8_t *at, const struct prefix *p)
{
	at = put_u8(at, p->family);
	at = put_u8(at, p->len);
	return put_bytes(at, p->addr, sizeof(p->addr));
}

static uint8_t *put_text(uint8_t *at, struct text t, size_t max)
{
	size_t len = t.len < max ? t.len : max;

	at = put_u16(at, (uint16_t)len);
	return len ? put_bytes(at, t.at, len) : at;
}

static uint8_t *put_ban(uint8_t *at, const struct ban *ban)
{
	at = put_prefix(at, &ban->prefix);
	at = put_u32(at, ban->jail);
	at = put_u32(at, ban->reason);
	at = put_u32(at, ban->count);
	at = put_u64(at, (uint64_t)ban->since);
	return put_u64(at, (uint64_t)ban->until);
}

static uint8_t *put_position(uint8_t *at, uint32_t source, const struct position *p)
{
	at = put_u32(at, source);
	at = put_u64(at, p->inode);
	at = put_u64(at, p->offset);
	at = put_u64(at, p->head);
	at = put_u64(at, p->tail);
	at = put_u32(at, p->head_len);
	return put_u32(at, p->tail_len);
}

static uint8_t *put_strike(uint8_t *at, const struct record *r)
{
	at = put_prefix(at, &r->strike.prefix);
	at = put_u32(at, r->strike.jail);
	at = put_u32(at, r->strike.count);
	at = put_u64(at, (uint64_t)r->strike.since);
	return put_u64(at, (uint64_t)r->strike.until);
}

static uint8_t *put_memory(uint8_t *at, const struct record *r)
{
	at = put_u32(at, r->memory.source);
	at = put_u32(at, r->memory.jail);
	at = put_u32(at, r->memory.key);
	return put_text(at, r->memory.bytes, STORE_PIECE_MAX);
}

static uint8_t *put_credit(uint8_t *at, const struct credit *credit)
{
	at = put_prefix(at, &credit->prefix);
	at = put_u32(at, credit->count);
	at = put_u64(at, (uint64_t)credit->first);
	return put_u64(at, (uint64_t)credit->last);
}

static uint8_t *put_body(uint8_t *at, const struct record *r)
{
	switch (r->kind) {
	case RECORD_NAME:
		at = put_u32(at, r->name.number);
		return put_text(at, r->name.text, NAME_MAX_BYTES);
	case RECORD_OFFENCE:
		at = put_prefix(at, &r->offence.prefix);
		at = put_u32(at, r->offence.jail);
		return put_u64(at, (uint64_t)r->offence.time);
	case RECORD_BAN:
		return put_ban(at, &r->ban);
	case RECORD_UNBAN:
		at = put_prefix(at, &r->unban.prefix);
		return put_u32(at, r->unban.jail);
	case RECORD_POSITION:
		return put_position(at, r->position.source, &r->position.position);
	case RECORD_EVIDENCE:
		at = put_prefix(at, &r->evidence.prefix);
		at = put_u32(at, r->evidence.jail);
		at = put_u64(at, (uint64_t)r->evidence.time);
		return put_text(at, r->evidence.line, STORE_TEXT_MAX);
	case RECORD_REMOVAL:
	case RECORD_REMOVED:
		at = put_u32(at, r->removal.target);
		return put_prefix(at, &r->removal.prefix);
	case RECORD_STRIKE:
		return put_strike(at, r);
	case RECORD_MEMORY:
		return put_memory(at, r);
	case RECORD_CREDIT:
		return put_credit(at, &r->credit);
	case RECORD_CLOCK:
		at = put_u64(at, r->clock.boot);
		at = put_u64(at, (uint64_t)r->clock.uptime);
		at = put_u64(at, (uint64_t)r->clock.now);
		at = put_u64(at, (uint64_t)r->clock.shift);
		return put_u64(at, (uint64_t)r->clock.ahead);
	}
	assert(!"a record of no kind");
	return at;
}

size_t record_pack(uint8_t *out, const struct record *record)
{
	uint8_t *end = put_body(out + RECORD_HEAD, record);

	out = put_u16(out, (uint16_t)(end - out - RECORD_HEAD));
	out = put_u8(out, (uint8_t)record->kind);
	out = put_u8(out, RECORD_VERSION);
	return (size_t)(end - out) + RECORD_HEAD;
}

size_t record_length(const uint8_t *at)
{
	return RECORD_HEAD + (size_t)get_u16(&at);
}

int record_check_head(const uint8_t *at)
{
	size_t len = get_u16(&at);
	uint8_t kind = get_u8(&at);

	if (kind >= KINDS || !fixed_len[kind] || get_u8(&at) != RECORD_VERSION)
		return -EPROTONOSUPPORT;
	if (kind == RECORD_NAME || kind == RECORD_EVIDENCE || kind == RECORD_MEMORY)
		return len >= fixed_len[kind] && len <= RECORD_BODY_MAX ? 0 : -EBADMSG;
	return len == fixed_len[kind] ? 0 : -EBADMSG;
}

static int get_prefix(struct prefix *out, const uint8_t **at)
{
	out->family = get_u8(at);
	out->len = get_u8(at);
	get_bytes(out->addr, at, sizeof(out->addr));
	return prefix_valid(out) ? 0 : -EBADMSG;
}

/* The text fills the rest of the body to the byte. */
static int get_text(struct text *out, const uint8_t **at, const uint8_t *end, size_t max)
{
	out->len = get_u16(at);
	out->at = (const char *)*at;
	return out->len == (size_t)(end - *at) && out->len <= max ? 0 : -EBADMSG;
}

static int get_ban(struct ban *out, const uint8_t **at)
{
	int err = get_prefix(&out->prefix, at);

	out->jail = get_u32(at);
	out->reason = get_u32(at);
	out->count = get_u32(at);
	out->since = (int64_t)get_u64(at);
	out->until = (int64_t)get_u64(at);
	return err;
}

static int get_position(struct position *out, const uint8_t **at)
{
	out->inode = get_u64(at);
	out->offset = get_u64(at);
	out->head = get_u64(at);
	out->tail = get_u64(at);
	out->head_len = get_u32(at);
	out->tail_len = get_u32(at);
	return out->head_len <= 256 && out->tail_len <= 64 ? 0 : -EBADMSG;
}

static int get_strike(struct record *r, const uint8_t *at)
{
	int err = get_prefix(&r->strike.prefix, &at);

	r->strike.jail = get_u32(&at);
	r->strike.count = get_u32(&at);
	r->strike.since = (int64_t)get_u64(&at);
	r->strike.until = (int64_t)get_u64(&at);
	return err;
}

static int get_memory(struct record *r, const uint8_t *at, const uint8_t *end)
{
	r->memory.source = get_u32(&at);
	r->memory.jail = get_u32(&at);
	r->memory.key = get_u32(&at);
	return get_text(&r->memory.bytes, &at, end, STORE_PIECE_MAX);
}

static int get_credit(struct credit *out, const uint8_t **at)
{
	int err = get_prefix(&out->prefix, at);

	out->count = get_u32(at);
	out->first = (int64_t)get_u64(at);
	out->last = (int64_t)get_u64(at);
	return err;
}

/* So far from any real time that sums of them cannot overflow. */
static bool moderate(int64_t ms)
{
	return ms > -CLOCK_MAX && ms < CLOCK_MAX;
}

static int get_clock(struct record *r, const uint8_t *at)
{
	r->clock.boot = get_u64(&at);
	r->clock.uptime = (int64_t)get_u64(&at);
	r->clock.now = (int64_t)get_u64(&at);
	r->clock.shift = (int64_t)get_u64(&at);
	r->clock.ahead = (int64_t)get_u64(&at);
	return moderate(r->clock.uptime) && moderate(r->clock.now) &&
			       moderate(r->clock.shift) && moderate(r->clock.ahead)
		       ? 0
		       : -EBADMSG;
}

static int get_body(struct record *r, const uint8_t *at, const uint8_t *end)
{
	int err;

	switch (r->kind) {
	case RECORD_NAME:
		r->name.number = get_u32(&at);
		return r->name.number ? get_text(&r->name.text, &at, end, NAME_MAX_BYTES)
				      : -EBADMSG;
	case RECORD_OFFENCE:
		err = get_prefix(&r->offence.prefix, &at);
		r->offence.jail = get_u32(&at);
		r->offence.time = (int64_t)get_u64(&at);
		return err;
	case RECORD_BAN:
		return get_ban(&r->ban, &at);
	case RECORD_UNBAN:
		err = get_prefix(&r->unban.prefix, &at);
		r->unban.jail = get_u32(&at);
		return err;
	case RECORD_POSITION:
		r->position.source = get_u32(&at);
		return get_position(&r->position.position, &at);
	case RECORD_EVIDENCE:
		err = get_prefix(&r->evidence.prefix, &at);
		r->evidence.jail = get_u32(&at);
		r->evidence.time = (int64_t)get_u64(&at);
		return err ? err : get_text(&r->evidence.line, &at, end, STORE_TEXT_MAX);
	case RECORD_REMOVAL:
	case RECORD_REMOVED:
		r->removal.target = get_u32(&at);
		return get_prefix(&r->removal.prefix, &at);
	case RECORD_STRIKE:
		return get_strike(r, at);
	case RECORD_MEMORY:
		return get_memory(r, at, end);
	case RECORD_CREDIT:
		return get_credit(&r->credit, &at);
	case RECORD_CLOCK:
		return get_clock(r, at);
	}
	return -EPROTONOSUPPORT;
}

int record_unpack(struct record *out, const uint8_t *at, size_t len)
{
	struct record record = {0};
	int err;

	if (len < RECORD_HEAD || record_length(at) != len)
		return -EBADMSG;
	err = record_check_head(at);
	if (err)
		return err;
	record.kind = at[2];
	err = get_body(&record, at + RECORD_HEAD, at + len);
	if (err)
		return err;
	*out = record;
	return 0;
}

unsigned record_numbers(struct record *r, uint32_t *numbers[RECORD_NUMBERS_MAX])
{
	switch (r->kind) {
	case RECORD_OFFENCE:
		numbers[0] = &r->offence.jail;
		return 1;
	case RECORD_BAN:
		numbers[0] = &r->ban.jail;
		numbers[1] = &r->ban.reason;
		return 2;
	case RECORD_UNBAN:
		numbers[0] = &r->unban.jail;
		return 1;
	case RECORD_POSITION:
		numbers[0] = &r->position.source;
		return 1;
	case RECORD_EVIDENCE:
		numbers[0] = &r->evidence.jail;
		return 1;
	case RECORD_REMOVAL:
	case RECORD_REMOVED:
		numbers[0] = &r->removal.target;
		return 1;
	case RECORD_STRIKE:
		numbers[0] = &r->strike.jail;
		return 1;
	case RECORD_MEMORY:
		numbers[0] = &r->memory.source;
		numbers[1] = &r->memory.jail;
		return 2;
	case RECORD_NAME:
	case RECORD_CREDIT:
	case RECORD_CLOCK:
		return 0;
	}
	return 0;
}
