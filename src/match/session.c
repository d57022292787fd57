/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "base/moment.h"
#include "match/connections.h"
#include "match/recent.h"
#include "match/session.h"

struct session *session_new(void)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s)
		s->last_date = s->saved_date = TIME_NONE;
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	connections_free(s->connections);
	recent_free(s->recent);
	free(s);
}

uint64_t session_evicted(const struct session *s)
{
	return s->connections ? connections_evicted(s->connections) : 0;
}

bool session_may_know(const struct session *s, struct text line)
{
	return s->connections && connections_may_know(s->connections, line);
}
