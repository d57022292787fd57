/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered from line to line, over a restart. */
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "match/expressions.h"
#include "match/parts.h"
#include "match/recent.h"

/* The numbers of the pieces; a key comes before what is hashed by it. */
#define PIECE_KEY 0u
#define PIECE_DATE 1u
#define PIECE_CONNECTION 0x1000u
#define PIECE_LINE 0x2000u

#define EARLIER_LINES 100

struct save {
	struct match *match;
	struct match_memory *memory;
	bool all;
	int64_t now;
	match_saved *saved;
	void *arg;
	size_t index;
	char bytes[MATCH_PIECE_MAX];
};

static_assert(CONNECTION_PACKED_MAX <= MATCH_PIECE_MAX, "a connection is a piece");
static_assert(RECENT_PACKED_MAX <= MATCH_PIECE_MAX, "a line is a piece");

static void tell(struct save *s, uint32_t number, size_t len)
{
	s->saved(s->arg, s->index, number, (struct text){s->bytes, len});
}

static void put_u64(char *at, uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof(value));
}

static uint64_t get_u64(const char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

/* The last date there is before lines to come that have none, as earlier_time() finds it. */
static void save_date(struct save *s, struct session *session)
{
	struct text before = {s->memory->earlier, s->memory->earlier_len};
	uint64_t since = s->memory->lines - session->asked;
	size_t lines = since < EARLIER_LINES ? since : EARLIER_LINES;
	int64_t date = view_end_time(s->match->jails[s->index].view, before, lines, s->now);

	if (date == TIME_NONE)
		date = session->last_date;
	if (date == TIME_NONE || (date == session->saved_date && !s->all))
		return;
	if (!s->all)
		session->saved_date = date;
	put_u64(s->bytes, (uint64_t)date);
	tell(s, PIECE_DATE, 8);
}

static void save_connections(struct save *s, struct session *session)
{
	struct connections *all = session->connections;
	struct hash_key key;
	unsigned slot = 0;
	size_t len;

	if (!all)
		return;
	if (s->all || !session->saved_key) {
		key = connections_key(all);
		put_u64(s->bytes, key.k0);
		put_u64(s->bytes + 8, key.k1);
		tell(s, PIECE_KEY, 16);
		session->saved_key |= !s->all;
	}
	if (!s->all)
		slot = connections_changed(all, 0);
	while (slot < CONNECTIONS_MAX) {
		len = connections_pack(all, slot, s->bytes);
		if (len || !s->all)
			tell(s, PIECE_CONNECTION + slot, len);
		slot = s->all ? slot + 1 : connections_changed(all, slot + 1);
	}
}

static void save_lines(struct save *s, struct session *session)
{
	struct recent *lines = session->recent;
	unsigned place = 0;
	size_t len;

	if (!lines)
		return;
	if (!s->all)
		place = recent_changed(lines, 0);
	while (place < recent_max(lines)) {
		len = recent_pack(lines, place, s->bytes);
		if (len || !s->all)
			tell(s, PIECE_LINE + place, len);
		place = s->all ? place + 1 : recent_changed(lines, place + 1);
	}
}

void match_memory_save(struct match *match, struct match_memory *memory, bool all, int64_t now,
		       match_saved *saved, void *arg)
{
	struct save s;

	s.match = match;
	s.memory = memory;
	s.all = all;
	s.now = now;
	s.saved = saved;
	s.arg = arg;
	for (s.index = 0; s.index < memory->count; s.index++) {
		save_date(&s, memory->sessions[s.index]);
		save_connections(&s, memory->sessions[s.index]);
		save_lines(&s, memory->sessions[s.index]);
	}
}

static bool restore_key(struct session *session, struct text bytes)
{
	struct hash_key key;

	if (bytes.len != 16 || session->connections)
		return false;
	session->connections = connections_new();
	if (!session->connections)
		return false;
	key.k0 = get_u64(bytes.at);
	key.k1 = get_u64(bytes.at + 8);
	connections_set_key(session->connections, key);
	session->saved_key = true;
	return true;
}

static bool restore_line(struct session *session, const struct filter *filter, uint32_t place,
			 struct text bytes)
{
	if (filter->lines <= 1)
		return false;
	if (!session->recent)
		session->recent = recent_new(filter->lines);
	return session->recent && recent_unpack(session->recent, place, bytes);
}

bool match_memory_restore(struct match *match, struct match_memory *memory, size_t index,
			  uint32_t number, struct text bytes, int64_t now)
{
	struct session *session = memory->sessions[index];

	if (number == PIECE_KEY)
		return restore_key(session, bytes);
	if (number == PIECE_DATE && bytes.len == 8) {
		session->last_date = session->saved_date = (int64_t)get_u64(bytes.at);
		return true;
	}
	if (number >= PIECE_LINE)
		return restore_line(session, match->jails[index].filter, number - PIECE_LINE,
				    bytes);
	return number >= PIECE_CONNECTION && session->connections &&
	       connections_unpack(session->connections, number - PIECE_CONNECTION, bytes, now);
}
