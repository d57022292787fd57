/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "resolve/resolve.h"

/* A connection may be older than its process: it waited to be accepted. */
#define QUEUED_MS 60000
/* By age, a peer that spoke just now is at work, or will be before its connection ends. */
#define SPOKE_MS 1000

static int compare_sessions(const void *a, const void *b)
{
	const struct resolve_session *x = a, *y = b;

	return memcmp(&x->peer, &y->peer, sizeof(x->peer));
}

static int compare_sockets(const void *a, const void *b)
{
	const struct resolve_socket *x = a, *y = b;
	int order = memcmp(&x->peer, &y->peer, sizeof(x->peer));

	return order ? order : x->peer_port - y->peer_port;
}

/* All of one peer's. */
struct group {
	const struct resolve_session *sessions;
	const struct resolve_socket *sockets;
	size_t session_count, socket_count;
};

static bool is_old(const struct reap_rule *rule, const struct resolve_session *s)
{
	return s->reads && s->age >= rule->older;
}

/* Could a connection that is old enough be of this session, and it be at work? By idleness a
 * young process has none. */
static bool is_in_the_way(const struct reap_rule *rule, const struct resolve_session *s)
{
	if (rule->by_age)
		return !is_old(rule, s);
	return !s->reads && s->age + QUEUED_MS >= rule->older;
}

static enum reap_verdict judge(const struct reap_rule *rule, const struct group *g)
{
	if (g->socket_count > g->session_count)
		return REAP_BUSY;
	for (size_t i = 0; i < g->session_count; i++)
		if (is_in_the_way(rule, &g->sessions[i]))
			return REAP_BUSY;
	return REAP_END;
}

static bool is_due(const struct reap_rule *rule, const struct group *g)
{
	for (size_t i = 0; i < g->session_count; i++)
		if (rule->by_age ? is_old(rule, &g->sessions[i]) : g->sessions[i].reads)
			return true;
	return false;
}

static size_t choose(struct reap_row *out, const struct reap_rule *rule, const struct group *g)
{
	int64_t idle = rule->by_age ? SPOKE_MS : rule->older;
	bool alone = g->session_count == 1 && g->socket_count == 1;
	size_t count = 0;

	if (!is_due(rule, g))
		return 0;
	for (size_t i = 0; i < g->socket_count; i++)
		if (g->sockets[i].idle >= idle)
			out[count++] = (struct reap_row){
				.socket = g->sockets[i],
				.session = alone ? g->sessions : NULL,
				.verdict = judge(rule, g),
			};
	return count;
}

size_t reap_choose(struct reap_row *out, const struct reap_rule *rule,
		   struct resolve_session *sessions, size_t session_count,
		   struct resolve_socket *sockets, size_t socket_count)
{
	size_t rows = 0, at = 0;

	if (session_count)
		qsort(sessions, session_count, sizeof(*sessions), compare_sessions);
	if (socket_count)
		qsort(sockets, socket_count, sizeof(*sockets), compare_sockets);
	for (size_t i = 0; i < session_count;) {
		struct group g = {.sessions = &sessions[i]};
		const struct prefix *peer = &sessions[i].peer;

		for (; i < session_count && prefix_equal(&sessions[i].peer, peer); i++)
			g.session_count++;
		while (at < socket_count && memcmp(&sockets[at].peer, peer, sizeof(*peer)) < 0)
			at++;
		g.sockets = &sockets[at];
		for (; at < socket_count && prefix_equal(&sockets[at].peer, peer); at++)
			g.socket_count++;
		rows += choose(&out[rows], rule, &g);
	}
	return rows;
}
