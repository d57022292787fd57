/* SPDX-License-Identifier: GPL-2.0-or-later */
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

/* Ids are compared by a hash with a secret key, so there is nothing to copy, and nobody can
 * make two that are the same. */
struct connections {
	struct hash_key key;
	uint64_t asked; /* the id last looked for */
	struct hash_index index;
	uint16_t first[LISTS], last[LISTS];
	uint64_t evicted;
	struct connection at[CONNECTIONS_MAX];
};

/* Of a value that says who it is only the whole is of use. */
#define WHOLE_MAX 255
#define CUT_MAX 64

/* ---- lists ---- */

static void append(struct connections *c, uint16_t slot, enum list list)
{
	struct connection *this = &c->at[slot];

	this->list = (uint8_t)list;
	this->previous = c->last[list];
	this->next = NONE;
	if (c->last[list] == NONE)
		c->first[list] = slot;
	else
		c->at[c->last[list]].next = slot;
	c->last[list] = slot;
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

static bool same(const void *array, uint32_t slot, const void *key)
{
	const struct connection *at = array;

	return at[slot].id == *(const uint64_t *)key;
}

static bool is_old(const struct connection *connection, int64_t now)
{
	return now - connection->born >= CONNECTION_AGE;
}

void connections_del(struct connections *c, struct connection *connection)
{
	hash_index_del(&c->index, (uint32_t)connection->id, (uint32_t)(connection - c->at));
	move(c, connection, LIST_FREE);
}

struct connection *connections_find(struct connections *c, struct text id, int64_t now)
{
	uint64_t key = c->asked = hash(c, id);
	uint32_t slot = hash_index_find(&c->index, (uint32_t)key, same, c->at, &key);

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
	new->born = now;
	new->has_user = new->several_users = new->pending = false;
	new->used = 0;
	/* There is room for all that there can be, so this cannot fail. */
	hash_index_add(&c->index, (uint32_t) new->id, (uint32_t)(new - c->at));
	return new;
}

void connections_set_pending(struct connections *c, struct connection *connection, bool pending)
{
	connection->pending = pending;
	move(c, connection, pending ? LIST_PENDING : LIST_PLAIN);
}

/* ---- what is known of one ---- */

void connections_add_user(struct connections *c, struct connection *connection,
			  struct text user)
{
	uint64_t key = hash(c, user);

	if (connection->has_user && connection->user != key)
		connection->several_users = true;
	if (!connection->has_user)
		connection->user = key;
	connection->has_user = true;
}

/* Flags are said of a line and not of its connection, and the id is the key. */
static bool is_kept(size_t slot)
{
	return slot < SLOT_CONTENT || slot >= SLOT_USER;
}

/* Not longer than `most`, and whole characters of UTF-8. */
static size_t cut(struct text t, size_t most)
{
	if (t.len <= most)
		return t.len;
	while (most && ((unsigned char)t.at[most] & 0xc0) == 0x80)
		most--;
	return most;
}

/* Two bytes of lengths, name, value. */
static void put(struct connection *c, struct text name, struct text value, bool whole)
{
	size_t len = cut(value, whole ? WHOLE_MAX : CUT_MAX);
	char *at = c->bytes + c->used;

	if ((whole && len < value.len) || name.len > UINT8_MAX ||
	    2 + name.len + len > (size_t)CONNECTION_BYTES - c->used)
		return;
	at[0] = (char)name.len;
	at[1] = (char)len;
	memcpy(at + 2, name.at, name.len);
	memcpy(at + 2 + name.len, value.at, len);
	c->used = (uint16_t)(c->used + 2 + name.len + len);
}

void connection_save(struct connection *c, const struct slots *slots,
		     const struct captures *captures)
{
	c->used = 0;
	for (size_t i = 0; i < slots->count; i++)
		if (is_kept(i) && captures->value[i].at)
			put(c, text_of(slots->name[i]), captures->value[i], i < SLOT_CONTENT);
}

static void load(struct captures *captures, const struct slots *slots, struct text name,
		 struct text value)
{
	for (size_t i = 0; i < slots->count; i++) {
		if (captures->value[i].at || !is_kept(i) || !text_equal(name, slots->name[i]))
			continue;
		captures->value[i] = value;
		captures->have |= UINT64_C(1) << i;
	}
}

void connection_load(const struct connection *c, const struct slots *slots,
		     struct captures *captures)
{
	for (size_t at = 0; at < c->used;) {
		struct text name = {c->bytes + at + 2, (unsigned char)c->bytes[at]};
		struct text value = {name.at + name.len, (unsigned char)c->bytes[at + 1]};

		load(captures, slots, name, value);
		at += 2 + name.len + value.len;
	}
}
