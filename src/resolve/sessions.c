/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

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
};

void sessions_free(struct sessions *sessions)
{
	free(sessions);
}

static void forget(struct sessions *s, int64_t id)
{
	for (size_t i = 0; i < RESOLVE_SESSIONS_MAX; i++)
		if (s->list[i].id == id)
			s->list[i] = (struct opened){0};
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
		*make_room(s) = (struct opened){finding->prefix, id};
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
