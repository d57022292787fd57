/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "match/connections.h"

/* Connections in the order in which they came to a list. */
enum list {
	LIST_FREE,
	LIST_PLAIN,
	LIST_PENDING,
	LISTS,
};

#define NONE UINT16_MAX

/*
 * Most ids have a process id, "[123]", and a line that has none of those does not belong to any
 * connection. One at the very start may be put together by the cut of the date.
 */
#define PID_BITS 13
#define PIDS (1 << PID_BITS)
#define PID_LEAST 3

/* Ids are compared by a hash with a secret key, so there is nothing to copy, and nobody can
 * make two that are the same. */
struct connections {
	struct hash_key key;
	uint64_t asked; /* the id last looked for */
	uint16_t asked_pid;
	uint16_t pids[PIDS]; /* how many connections have such a process id in theirs */
	unsigned unnumbered; /* so many have none */
	struct hash_index index;
	uint16_t first[LISTS], last[LISTS];
	uint64_t evicted;
	uint64_t changed[CONNECTIONS_MAX / 64]; /* slots, since they were last asked for */
	struct connection at[CONNECTIONS_MAX];
};

/* ---- lists ---- */

/* Behind `previous`, or (NONE) first. */
static void insert(struct connections *c, uint16_t slot, enum list list, uint16_t previous)
{
	struct connection *this = &c->at[slot];

	this->list = (uint8_t)list;
	this->previous = previous;
	this->next = previous == NONE ? c->first[list] : c->at[previous].next;
	if (previous == NONE)
		c->first[list] = slot;
	else
		c->at[previous].next = slot;
	if (this->next == NONE)
		c->last[list] = slot;
	else
		c->at[this->next].previous = slot;
}

static void append(struct connections *c, uint16_t slot, enum list list)
{
	insert(c, slot, list, c->last[list]);
}

static void take_out(struct connections *c, uint16_t slot)
{
	const struct connection *this = &c->at[slot];

	if (this->previous == NONE)
		c->first[this->list] = this->next;
	else
		c->at[this->previous].next = this->next;
	if (this->next == NONE)
		c->last[this->list] = this->previous;
	else
		c->at[this->next].previous = this->previous;
}

static void move(struct connections *c, struct connection *connection, enum list list)
{
	uint16_t slot = (uint16_t)(connection - c->at);

	if (connection->list == list)
		return;
	take_out(c, slot);
	append(c, slot, list);
}

static void note_change(struct connections *c, const struct connection *connection)
{
	size_t slot = (size_t)(connection - c->at);

	c->changed[slot / 64] |= UINT64_C(1) << slot % 64;
}

/* ---- the table ---- */

struct connections *connections_new(void)
{
	struct connections *c = calloc(1, sizeof(*c));

	if (!c || hash_index_reserve(&c->index, CONNECTIONS_MAX)) {
		free(c);
		return NULL;
	}
	c->key = hash_key_random();
	for (int i = 0; i < LISTS; i++)
		c->first[i] = c->last[i] = NONE;
	for (uint16_t i = 0; i < CONNECTIONS_MAX; i++)
		append(c, i, LIST_FREE);
	return c;
}

void connections_free(struct connections *c)
{
	if (!c)
		return;
	hash_index_free(&c->index);
	free(c);
}

uint64_t connections_evicted(const struct connections *c)
{
	return c->evicted;
}

static uint64_t hash(const struct connections *c, struct text t)
{
	return hash_bytes(c->key, t.at, t.len);
}

/* The next process id from *at on, which is moved behind it; NONE: there is none. */
static uint16_t next_pid(struct text t, size_t *at)
{
	const char *open;

	while (*at < t.len && (open = memchr(t.at + *at, '[', t.len - *at))) {
		size_t end = (size_t)(open - t.at) + 1, begin = end;
		uint32_t pid = 0;

		for (; end < t.len && t.at[end] >= '0' && t.at[end] <= '9'; end++)
			pid = pid * 10 + (uint32_t)(t.at[end] - '0');
		*at = end;
		if (end > begin && end < t.len && t.at[end] == ']')
			return (uint16_t)((pid * UINT32_C(0x9e3779b1)) >> (32 - PID_BITS));
	}
	return NONE;
}

static uint16_t pid_of(struct text id)
{
	size_t at = PID_LEAST;

	return next_pid(id, &at);
}

bool connections_may_know(const struct connections *c, struct text line)
{
	size_t at = 0;
	uint16_t pid;

	if (c->unnumbered)
		return true;
	while ((pid = next_pid(line, &at)) != NONE)
		if (c->pids[pid])
			return true;
	return false;
}

static void count(struct connections *c, const struct connection *connection, int by)
{
	if (connection->pid == NONE)
		c->unnumbered += (unsigned)by;
	else
		c->pids[connection->pid] = (uint16_t)(c->pids[connection->pid] + by);
}

static bool same(const void *array, uint32_t slot, const void *key)
{
	const struct connection *at = array;

	return at[slot].id == *(const uint64_t *)key;
}

static bool is_old(const struct connection *connection, int64_t now)
{
	int64_t age;

	return __builtin_sub_overflow(now, connection->born, &age) || age >= CONNECTION_AGE;
}

void connections_del(struct connections *c, struct connection *connection)
{
	hash_index_del(&c->index, (uint32_t)connection->id, (uint32_t)(connection - c->at));
	count(c, connection, -1);
	move(c, connection, LIST_FREE);
	note_change(c, connection);
}

struct connection *connections_find(struct connections *c, struct text id, int64_t now)
{
	uint64_t key = c->asked = hash(c, id);
	uint32_t slot = hash_index_find(&c->index, (uint32_t)key, same, c->at, &key);

	c->asked_pid = pid_of(id);
	if (slot == HASH_NONE)
		return NULL;
	if (!is_old(&c->at[slot], now))
		return &c->at[slot];
	connections_del(c, &c->at[slot]);
	return NULL;
}

static void make_room(struct connections *c, int64_t now)
{
	uint16_t plain = c->first[LIST_PLAIN], pending = c->first[LIST_PENDING];
	uint16_t slot = plain;

	if (plain == NONE || (pending != NONE && is_old(&c->at[pending], now)))
		slot = pending;
	c->evicted += !is_old(&c->at[slot], now);
	connections_del(c, &c->at[slot]);
}

struct connection *connections_add(struct connections *c, int64_t now)
{
	struct connection *new;

	if (c->first[LIST_FREE] == NONE)
		make_room(c, now);
	new = &c->at[c->first[LIST_FREE]];
	move(c, new, LIST_PLAIN);
	new->id = c->asked;
	new->pid = c->asked_pid;
	count(c, new, 1);
	new->born = now;
	new->has_user = new->several_users = new->pending = false;
	new->used = 0;
	note_change(c, new);
	/* There is room for all that there can be, so this cannot fail. */
	hash_index_add(&c->index, (uint32_t) new->id, (uint32_t)(new - c->at));
	return new;
}

void connections_set_pending(struct connections *c, struct connection *connection, bool pending)
{
	connection->pending = pending;
	note_change(c, connection);
	move(c, connection, pending ? LIST_PENDING : LIST_PLAIN);
}

void connections_add_user(struct connections *c, struct connection *connection,
			  struct text user)
{
	uint64_t key = hash(c, user);

	if (connection->has_user && connection->user != key)
		connection->several_users = true;
	if (!connection->has_user)
		connection->user = key;
	connection->has_user = true;
	note_change(c, connection);
}

/* ---- over a restart ---- */

#define PACKED_VERSION 1
#define HAS_USER 1u
#define SEVERAL_USERS 2u
#define PENDING 4u

struct hash_key connections_key(const struct connections *c)
{
	return c->key;
}

void connections_set_key(struct connections *c, struct hash_key key)
{
	c->key = key;
}

unsigned connections_changed(struct connections *c, unsigned from)
{
	for (unsigned slot = from; slot < CONNECTIONS_MAX; slot++) {
		uint64_t bit = UINT64_C(1) << slot % 64;

		if (!(c->changed[slot / 64] & bit))
			continue;
		c->changed[slot / 64] &= ~bit;
		return slot;
	}
	return CONNECTIONS_MAX;
}

static char *put_u64(char *at, uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static uint64_t get_u64(const char **at)
{
	uint64_t value;

	memcpy(&value, *at, sizeof(value));
	*at += sizeof(value);
	return le64toh(value);
}

/* u8 version | u8 flags | u64 id | u64 born | u64 user | names and values */
size_t connections_pack(const struct connections *c, unsigned slot, char *out)
{
	const struct connection *this = &c->at[slot];
	char *at = out;

	if (this->list == LIST_FREE)
		return 0;
	*at++ = PACKED_VERSION;
	*at++ = (char)((this->has_user ? HAS_USER : 0) |
		       (this->several_users ? SEVERAL_USERS : 0) |
		       (this->pending ? PENDING : 0));
	at = put_u64(at, this->id);
	at = put_u64(at, (uint64_t)this->born);
	at = put_u64(at, this->user);
	memcpy(at, this->bytes, this->used);
	return (size_t)(at - out) + this->used;
}

/* Names and values fill the bytes to the last. */
static bool are_values(struct text t)
{
	size_t at = 0;

	while (at + 2 <= t.len)
		at += 2u + (unsigned char)t.at[at] + (unsigned char)t.at[at + 1];
	return at == t.len;
}

/* Among those of its list by its age. */
static void take_place(struct connections *c, struct connection *this)
{
	enum list list = this->pending ? LIST_PENDING : LIST_PLAIN;
	uint16_t before = c->last[list], slot = (uint16_t)(this - c->at);

	while (before != NONE && c->at[before].born > this->born)
		before = c->at[before].previous;
	take_out(c, slot);
	insert(c, slot, list, before);
	hash_index_add(&c->index, (uint32_t)this->id, slot);
	this->pid = NONE; /* of the id only the hash is kept */
	count(c, this, 1);
}

bool connections_unpack(struct connections *c, unsigned slot, struct text bytes, int64_t now)
{
	struct text values = {bytes.at + 26, bytes.len - 26};
	struct connection *this = &c->at[slot];
	const char *at = bytes.at + 2;
	struct connection read = {0};

	if (bytes.len < 26 || bytes.len > CONNECTION_PACKED_MAX ||
	    bytes.at[0] != PACKED_VERSION || slot >= CONNECTIONS_MAX ||
	    this->list != LIST_FREE || !are_values(values))
		return false;
	read.has_user = bytes.at[1] & HAS_USER;
	read.several_users = bytes.at[1] & SEVERAL_USERS;
	read.pending = bytes.at[1] & PENDING;
	read.id = get_u64(&at);
	read.born = (int64_t)get_u64(&at);
	read.user = get_u64(&at);
	if (is_old(&read, now) ||
	    hash_index_find(&c->index, (uint32_t)read.id, same, c->at, &read.id) != HASH_NONE)
		return false;
	read.used = (uint16_t)values.len;
	memcpy(read.bytes, values.at, values.len);
	read.list = this->list;
	read.previous = this->previous;
	read.next = this->next;
	*this = read;
	take_place(c, this);
	return true;
}
