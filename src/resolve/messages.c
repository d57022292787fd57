/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/moment.h"
#include "resolve/messages.h"
#include "resolve/process.h"

/*
 * A process that started before a line of its number was written, and still has that number, is
 * the one that wrote it: a number is given again only when its process is over. Such a process
 * serves one client, whom its title names. Anyone may give a process of his such a title, so
 * there must be a connection of that client, too.
 */

#define ID_MAX 32
#define PID_MAX WAIT_PROCESS_MAX
#define ASK_MAX 64 /* messages that one answer is held against */
/* Of lines that are dated to the second the process may have started within it; the start is
 * known to 10 ms, and the two clocks are not read at once. */
#define SECOND_MS 1000
#define SLACK_MS 50

enum message_state {
	MESSAGE_FREE,
	MESSAGE_WAITS, /* for a line that tells */
	MESSAGE_SHOWN, /* the process names `peer`: to be asked about */
	MESSAGE_ASKED,
	MESSAGE_KNOWN,
};

struct message {
	enum message_state state;
	bool seen;    /* a connection of `peer` */
	uint64_t *by; /* of a known one: the counter of what told it */
	char id[ID_MAX + 1], pid[PID_MAX + 1];
	int64_t since; /* ticks */
	struct prefix peer;
	struct port_range ports[PORTS_MAX];
	size_t port_count;
	struct waiters waiters;
};

struct messages {
	int proc;
	struct message all[RESOLVE_MESSAGES_MAX];
	struct hash_index index;
	struct hash_key key;
	struct waiting waiting;
	size_t shown; /* messages in that state */
	struct message *asked[ASK_MAX];
	size_t asked_count;
	struct resolve_counts *counts;
	messages_done *done;
	void *arg;
};

/* ---- the table ---- */

static bool clean(char *out, struct text t, size_t max)
{
	if (!t.len || t.len > max || memchr(t.at, 0, t.len))
		return false;
	memcpy(out, t.at, t.len);
	out[t.len] = 0;
	return true;
}

static bool is_message(const void *array, uint32_t slot, const void *key)
{
	const struct message *m = &((const struct message *)array)[slot], *like = key;

	return !strcmp(m->id, like->id) && !strcmp(m->pid, like->pid);
}

static uint32_t hash_of(const struct messages *s, const struct message *m)
{
	return (uint32_t)hash_bytes(s->key, m->id, strlen(m->id));
}

static void set_state(struct messages *s, struct message *m, enum message_state state)
{
	s->shown += state == MESSAGE_SHOWN;
	s->shown -= m->state == MESSAGE_SHOWN;
	m->state = state;
}

static void forget(struct messages *s, struct message *m)
{
	s->counts->unclaimed += waiters_clear(&m->waiters, &s->waiting);
	s->counts->waiting = s->waiting.count;
	hash_index_del(&s->index, hash_of(s, m), (uint32_t)(m - s->all));
	set_state(s, m, MESSAGE_FREE);
}

static bool is_over(const struct message *m, int64_t now)
{
	return m->state == MESSAGE_WAITS && now - m->since > RESOLVE_MESSAGE_MS;
}

/* Known ones that nothing waits for go first, then whoever waits longest. One that is asked
 * about stays until it is answered. */
static bool goes_before(const struct message *a, const struct message *b)
{
	if ((a->state == MESSAGE_KNOWN) != (b->state == MESSAGE_KNOWN))
		return a->state == MESSAGE_KNOWN;
	return a->since < b->since;
}

static struct message *make_place(struct messages *s)
{
	struct message *free = NULL, *oldest = NULL;
	int64_t now = moment_ticks();

	for (size_t i = 0; i < RESOLVE_MESSAGES_MAX; i++) {
		struct message *m = &s->all[i];

		if (is_over(m, now))
			forget(s, m);
		if (m->state == MESSAGE_FREE)
			free = m;
		else if (m->state != MESSAGE_ASKED && (!oldest || goes_before(m, oldest)))
			oldest = m;
	}
	if (!free && oldest)
		forget(s, oldest);
	return free ? free : oldest;
}

static struct message *find(struct messages *s, const struct message *like)
{
	uint32_t slot = hash_index_find(&s->index, hash_of(s, like), is_message, s->all, like);

	return slot == HASH_NONE ? NULL : &s->all[slot];
}

static struct message *make(struct messages *s, const struct message *like)
{
	struct message *m = make_place(s);

	if (!m || hash_index_add(&s->index, hash_of(s, like), (uint32_t)(m - s->all)))
		return NULL;
	*m = *like;
	m->state = MESSAGE_WAITS;
	m->since = moment_ticks();
	return m;
}

static bool key_read(struct message *out, const struct wait *wait)
{
	int64_t pid;

	*out = (struct message){0};
	return clean(out->id, wait->subject, ID_MAX) &&
	       clean(out->pid, wait->process, PID_MAX) &&
	       text_number(wait->process, 1, INT32_MAX, &pid);
}

/* ---- whose it is ---- */

static void tell(struct messages *s, struct message *m, uint64_t *by, bool live)
{
	struct waiters waiters = m->waiters;
	struct waiter *w;

	m->waiters = (struct waiters){0};
	*by += waiters.count;
	m->by = by;
	set_state(s, m, MESSAGE_KNOWN);
	while ((w = waiters_take(&waiters))) {
		w->offence.prefix = m->peer;
		w->offence.live |= live;
		s->done(s->arg, &w->offence, w->line);
		waiter_free(w, &s->waiting);
	}
	s->counts->waiting = s->waiting.count;
}

static bool wrote(const struct process *process, int64_t time)
{
	int64_t started = moment_now() - process->age;

	return time != TIME_NONE &&
	       started <= moment_after(time, SLACK_MS + (time % SECOND_MS ? 0 : SECOND_MS - 1));
}

static void look(struct messages *s, struct message *m, int64_t time)
{
	struct process process;
	int err = s->proc < 0 ? -ENOENT : process_look(&process, s->proc, m->pid);

	s->counts->hidden += err && err != -ESRCH;
	if (err || !wrote(&process, time))
		return;
	m->peer = process.title.peer;
	set_state(s, m, MESSAGE_SHOWN);
}

/* Of lines without an end there can be as many as wait in all; those who come later are not to
 * go free for it. */
static void make_room(struct messages *s, const struct message *but)
{
	struct message *oldest = NULL;

	for (size_t i = 0; i < RESOLVE_MESSAGES_MAX; i++) {
		struct message *m = &s->all[i];

		if (m != but && (m->state == MESSAGE_WAITS || m->state == MESSAGE_SHOWN) &&
		    (!oldest || m->since < oldest->since))
			oldest = m;
	}
	if (oldest)
		forget(s, oldest);
}

/* The jail of the last line that waits says where the connection must be. */
static int wait_for(struct messages *s, struct message *m, const struct wait *wait)
{
	const struct resolve_jail *jail = wait->jail;
	int err;

	if (m->waiters.count == RESOLVE_MESSAGE_LINES)
		return -ENOSPC;
	if (s->waiting.count >= RESOLVE_WAITING_MAX)
		make_room(s, m);
	err = waiters_add(&m->waiters, &s->waiting, wait);
	if (err)
		return err;
	m->port_count = jail->port_count;
	if (jail->port_count)
		memcpy(m->ports, jail->ports, jail->port_count * sizeof(*m->ports));
	s->counts->waiting = s->waiting.count;
	return 0;
}

void messages_offence(struct messages *s, const struct wait *wait)
{
	struct offence known = wait->offence;
	struct message like, *m;

	if (!key_read(&like, wait)) {
		s->counts->dropped++;
		return;
	}
	m = find(s, &like);
	if (m && m->state == MESSAGE_KNOWN) {
		known.prefix = m->peer;
		++*m->by;
		s->done(s->arg, &known, wait->line);
		return;
	}
	if (!m)
		m = make(s, &like);
	if (!m || wait_for(s, m, wait)) {
		s->counts->crowded++;
		return;
	}
	if (m->state == MESSAGE_WAITS)
		look(s, m, wait->offence.time);
}

void messages_told(struct messages *s, const struct wait *line, const struct prefix *peer)
{
	struct message like, *m = key_read(&like, line) ? find(s, &like) : NULL;

	if (!m || m->state == MESSAGE_KNOWN)
		return;
	m->peer = *peer;
	tell(s, m, &s->counts->by_line, line->offence.live);
}

struct waiting *messages_waiting(struct messages *s)
{
	return &s->waiting;
}

/* ---- is there such a connection ---- */

static void widen(struct port_range *all, const struct message *m)
{
	for (size_t i = 0; i < m->port_count; i++) {
		if (!all->first || m->ports[i].first < all->first)
			all->first = m->ports[i].first;
		if (m->ports[i].last > all->last)
			all->last = m->ports[i].last;
	}
	if (!m->port_count)
		*all = (struct port_range){1, UINT16_MAX};
}

bool messages_ask(struct messages *s, struct port_range *out)
{
	struct port_range all = {0};

	if (!s->shown || s->asked_count)
		return false;
	for (size_t i = 0; i < RESOLVE_MESSAGES_MAX && s->asked_count < ASK_MAX; i++) {
		struct message *m = &s->all[i];

		if (m->state != MESSAGE_SHOWN)
			continue;
		set_state(s, m, MESSAGE_ASKED);
		m->seen = false;
		s->asked[s->asked_count++] = m;
		widen(&all, m);
	}
	*out = all;
	return true;
}

static bool has_port(const struct message *m, uint16_t port)
{
	for (size_t i = 0; i < m->port_count; i++)
		if (port >= m->ports[i].first && port <= m->ports[i].last)
			return true;
	return !m->port_count;
}

void messages_socket(struct messages *s, const struct resolve_socket *socket)
{
	for (size_t i = 0; i < s->asked_count; i++) {
		struct message *m = s->asked[i];

		if (prefix_equal(&m->peer, &socket->peer) && has_port(m, socket->own_port))
			m->seen = true;
	}
}

void messages_answered(struct messages *s, int error)
{
	size_t count = s->asked_count;

	s->asked_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct message *m = s->asked[i];

		if (m->state != MESSAGE_ASKED)
			continue; /* a line told meanwhile */
		if (error == -EPIPE)
			set_state(s, m, MESSAGE_SHOWN);
		else if (!error && m->seen)
			tell(s, m, &s->counts->by_process, false);
		else
			set_state(s, m, MESSAGE_WAITS);
	}
}

/* ---- start and end ---- */

int messages_open(struct messages **out, const char *proc, struct resolve_counts *counts,
		  messages_done *done, void *arg)
{
	struct messages *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->counts = counts;
	s->done = done;
	s->arg = arg;
	s->key = hash_key_random();
	s->proc = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (hash_index_reserve(&s->index, RESOLVE_MESSAGES_MAX)) {
		messages_close(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}

void messages_close(struct messages *s)
{
	if (!s)
		return;
	if (s->proc >= 0)
		close(s->proc);
	for (size_t i = 0; i < RESOLVE_MESSAGES_MAX; i++)
		waiters_clear(&s->all[i].waiters, &s->waiting);
	hash_index_free(&s->index);
	free(s);
}
