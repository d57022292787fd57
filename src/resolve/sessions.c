/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/resolve.h"

/* What is free has no family. A server keeps dozens of sessions, so each is looked at. */
struct opened {
	struct prefix prefix;
	int64_t id; /* the process */
};

struct sessions {
	bool any;      /* there was one: who has none now is not believed */
	uint32_t next; /* the oldest, when all are taken */
	struct opened list[RESOLVE_SESSIONS_MAX];
	bool changed[SESSIONS_PLACES];
};

void sessions_free(struct sessions *sessions)
{
	free(sessions);
}

static void forget(struct sessions *s, int64_t id)
{
	for (size_t i = 0; i < RESOLVE_SESSIONS_MAX; i++)
		if (s->list[i].id == id) {
			s->list[i] = (struct opened){0};
			s->changed[i] = true;
		}
}

/* The place of one that is over, or of the oldest: its end was not logged. */
static struct opened *make_room(struct sessions *s)
{
	for (size_t i = 0; i < RESOLVE_SESSIONS_MAX; i++)
		if (!s->list[i].prefix.family)
			return &s->list[i];
	return &s->list[s->next++ % RESOLVE_SESSIONS_MAX];
}

static bool has_session(const struct sessions *s, const struct prefix *prefix)
{
	for (size_t i = 0; i < RESOLVE_SESSIONS_MAX; i++)
		if (s->list[i].prefix.family && prefix_equal(&s->list[i].prefix, prefix))
			return true;
	return false;
}

static void change(struct sessions *s, const struct finding *finding)
{
	int64_t id;

	if (finding->kind == FINDING_ALARM || !text_number(finding->about, 1, INT32_MAX, &id))
		return;
	forget(s, id);
	if (finding->kind == FINDING_OPENED && finding->subject == SUBJECT_ADDRESS) {
		struct opened *opened = make_room(s);

		*opened = (struct opened){finding->prefix, id};
		s->changed[opened - s->list] = true;
		s->changed[RESOLVE_SESSIONS_MAX] |= !s->any;
		s->any = true;
	}
}

bool sessions_admit(struct sessions **sessions, const struct finding *finding)
{
	if (!*sessions && (finding->kind == FINDING_OPENED || finding->kind == FINDING_ENDED))
		*sessions = calloc(1, sizeof(struct sessions));
	if (*sessions && finding->kind != FINDING_FAILURE)
		change(*sessions, finding);
	if (finding->kind != FINDING_FAILURE)
		return false;
	if (!finding->checked)
		return true;
	return finding->subject == SUBJECT_ADDRESS &&
	       (!*sessions || !(*sessions)->any || has_session(*sessions, &finding->prefix));
}

/* ---- over a restart ---- */

#define PACKED_VERSION 1

unsigned sessions_changed(struct sessions *s, unsigned from)
{
	while (s && from < SESSIONS_PLACES && !s->changed[from])
		from++;
	if (!s || from >= SESSIONS_PLACES)
		return SESSIONS_PLACES;
	s->changed[from] = false;
	return from;
}

/* u8 version | u8 family | u8 length | 16 bytes of address | u64 id */
size_t sessions_pack(const struct sessions *s, unsigned place, char *out)
{
	const struct opened *opened;
	uint64_t id;

	if (!s)
		return 0;
	out[0] = PACKED_VERSION;
	if (place == RESOLVE_SESSIONS_MAX)
		return s->any;
	opened = &s->list[place];
	if (!opened->prefix.family)
		return 0;
	out[1] = (char)opened->prefix.family;
	out[2] = (char)opened->prefix.len;
	memcpy(out + 3, opened->prefix.addr, 16);
	id = htole64((uint64_t)opened->id);
	memcpy(out + 19, &id, sizeof(id));
	return SESSION_PACKED;
}

static bool unpack(struct opened *out, const char *at)
{
	struct opened opened = {0};
	uint64_t id;

	opened.prefix.family = (uint8_t)at[1];
	opened.prefix.len = (uint8_t)at[2];
	memcpy(opened.prefix.addr, at + 3, 16);
	memcpy(&id, at + 19, sizeof(id));
	id = le64toh(id);
	opened.id = (int64_t)id;
	if (!prefix_valid(&opened.prefix) || !id || id > INT32_MAX)
		return false;
	*out = opened;
	return true;
}

bool sessions_unpack(struct sessions **sessions, unsigned place, struct text bytes)
{
	bool any = place == RESOLVE_SESSIONS_MAX;
	struct opened opened;

	if (place >= SESSIONS_PLACES || bytes.len != (any ? 1 : SESSION_PACKED) ||
	    bytes.at[0] != PACKED_VERSION || (!any && !unpack(&opened, bytes.at)))
		return false;
	if (!*sessions)
		*sessions = calloc(1, sizeof(struct sessions));
	if (!*sessions)
		return false;
	if (!any)
		(*sessions)->list[place] = opened;
	(*sessions)->any = true;
	return true;
}
