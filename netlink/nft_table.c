/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "netlink/nft_layout.h"
#include "netlink/nft_put.h"
#include "netlink/nft_table.h"

#define TRIES 100
#define WAIT_NS 20000000 /* 2 s altogether, while others make and delete tables in a loop */

static int commit(struct nft_table *t)
{
	nft_msg_close(t->kernel->batch);
	return nl_send(&t->kernel->nft, t->kernel->batch, NULL);
}

/* ---- scopes ---- */

static struct nft_scope *find(const struct nft_table *t, const char *name)
{
	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++)
		if (t->scopes[i] && !strcmp(t->scopes[i]->name, name))
			return t->scopes[i];
	return NULL;
}

static struct nft_scope *add(struct nft_table *t, const char *name)
{
	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++)
		if (!t->scopes[i]) {
			t->scopes[i] = calloc(1, sizeof *t->scopes[i]);
			if (t->scopes[i])
				memcpy(t->scopes[i]->name, name, NFT_SCOPE_SIZE);
			return t->scopes[i];
		}
	return NULL;
}

struct nft_scope *nft_table_scope(struct nft_table *t, const struct options *options)
{
	char name[NFT_SCOPE_SIZE] = "";
	struct nft_scope *s;

	s = find(t, nft_scope_name(name, options));
	if (!s)
		s = add(t, name);
	if (!s)
		return NULL;
	s->options = *options;
	s->users++;
	t->complete = false;
	return s;
}

void nft_table_leave(struct nft_table *t, struct nft_scope *s)
{
	for (size_t i = 0; s && i < WIRE_TARGETS_MAX; i++)
		if (t->scopes[i] == s && !--s->users) {
			t->scopes[i] = NULL;
			free(s);
			return;
		}
}

void nft_table_free(struct nft_table *t)
{
	for (size_t i = 0; t && i < WIRE_TARGETS_MAX; i++)
		free(t->scopes[i]);
	free(t);
}

/* Of the two that are always there, but where ports are named: such a target comes and goes. */
static bool basic(const struct nft_scope *s, unsigned slot)
{
	return !s->name[0] && nft_slot_basic(slot);
}

/* What scopes left behind that nobody defines. */
static void put_tidying(struct nft_table *t, const struct nft_layout *l)
{
	char of[NFT_SCOPE_SIZE];
	size_t i;

	for (i = 0; i < l->rule_count; i++)
		if (nft_found_scope(of, &l->rules[i]) && !find(t, of))
			nft_msg_rule_delete(t->kernel->batch, l->rules[i].handle);
	for (i = 0; i < l->set_count; i++)
		if (!find(t, l->sets[i].scope))
			nft_msg_set_delete(t->kernel->batch, l->sets[i].name);
}

/* ---- the table ---- */

/* What other scopes had is gone with the old table. */
static void lose_all(struct nft_table *t)
{
	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++) {
		struct nft_scope *s = t->scopes[i];

		if (!s)
			continue;
		memset(s->slots, 0, sizeof s->slots);
		s->second = s->refilling = false;
		s->created = true;
	}
	t->remade = true;
}

static int make(struct nft_table *t, struct nft_scope *s, uint32_t flags, bool replace)
{
	struct nl_batch *batch = t->kernel->batch;
	unsigned slot;
	int error;

	nft_msg_open(batch, &t->kernel->nft);
	if (replace)
		nft_msg_table_delete(batch, NFT_TABLE);
	nft_msg_table(batch, NFT_TABLE, flags);
	nft_msg_chain(batch);
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		if (!basic(s, slot))
			continue;
		nft_put_set(t, s, slot, false);
		nft_put_rules(t, s, slot, false);
	}
	error = commit(t);
	if (error)
		return error;
	lose_all(t);
	for (slot = 0; slot < NFT_SLOTS; slot++)
		s->slots[slot].live = basic(s, slot);
	return 0;
}

static void put_adoption(struct nft_table *t, struct nft_scope *s, const struct nft_layout *l,
			 const struct nft_view *v)
{
	unsigned slot;

	for (size_t i = 0; i < l->set_count; i++) {
		const struct nft_found_set *set = &l->sets[i];

		if (!strcmp(set->scope, s->name) &&
		    (!v->live[set->slot] || set->second != v->second))
			nft_msg_set_delete(t->kernel->batch, set->name);
	}
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		memcpy(s->slots[slot].counter, v->counters[slot], sizeof v->counters[slot]);
		if (basic(s, slot) && !v->live[slot])
			nft_put_set(t, s, slot, v->second);
		if (basic(s, slot) || v->live[slot])
			nft_put_rules(t, s, slot, v->second);
	}
}

/* Take the table over (which changes nothing in one that is ours already), give the scope
 * exactly its rules whatever was added to them, and drop what an unfinished refill left behind.
 */
static int adopt(struct nft_table *t, struct nft_scope *s, uint32_t flags,
		 const struct nft_layout *l)
{
	struct nft_view v;
	unsigned slot;
	int error;

	nft_layout_view(&v, l, s->name);
	nft_msg_open(t->kernel->batch, &t->kernel->nft);
	nft_msg_table(t->kernel->batch, NFT_TABLE, flags);
	nft_drop_strange_rules(t, l);
	nft_drop_rules(t, l, s);
	put_adoption(t, s, l, &v);
	if (t->complete)
		put_tidying(t, l);
	error = commit(t);
	if (error)
		return error;
	s->created = true;
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		s->created &= !v.live[slot];
		s->slots[slot].live = v.live[slot] || basic(s, slot);
		s->slots[slot].filled = false;
	}
	s->second = v.second;
	s->refilling = false;
	return 0;
}

static int open_at(struct nft_table *t, struct nft_scope *s, const struct nft_layout *l)
{
	const uint32_t flags = t->owner && t->kernel->nft_can.own ? NFT_OWNED_PERSISTENT : 0;

	if (l->owner && l->owner != nl_port(&t->kernel->nft))
		return -EPERM;
	t->owned = flags != 0;
	/* The kernel takes the owner flag from a table whose owner is gone. An owned table
	 * cannot become a plain one, nor the other way round. */
	if (!l->there || l->strange || (l->flags | (flags & NFT_OWNED)) != flags)
		return make(t, s, flags, l->there);
	return adopt(t, s, flags, l);
}

static int open_once(struct nft_table *t, struct nft_scope *s)
{
	struct nft_layout layout;
	int error = nft_layout_read(&layout, t->kernel);

	if (!error)
		error = open_at(t, s, &layout);
	nft_layout_clear(&layout);
	return error;
}

int nft_table_open(struct nft_table *t, struct nft_scope *s)
{
	static const struct timespec wait = {.tv_nsec = WAIT_NS};
	int tries, error = 0;

	for (tries = 0; tries < TRIES; tries++) {
		error = open_once(t, s);
		if (error != -EBUSY && error != -EINTR && error != -ENOENT)
			break;
		nanosleep(&wait, NULL);
	}
	return error;
}

int nft_table_complete(struct nft_table *t)
{
	struct nft_layout layout;
	int error;

	if (t->complete)
		return 0;
	t->complete = true; /* or never: nothing is worth to try again for each change */
	error = nft_layout_read(&layout, t->kernel);
	if (!error) {
		nft_msg_open(t->kernel->batch, &t->kernel->nft);
		put_tidying(t, &layout);
		error = t->kernel->batch->count > 1 ? commit(t) : 0;
	}
	nft_layout_clear(&layout);
	return error;
}

/* ---- sets of a scope ---- */

int nft_table_add(struct nft_table *t, struct nft_scope *s, const bool live[NFT_SLOTS],
		  const bool filled[NFT_SLOTS])
{
	unsigned slot, count = 0;
	int error;

	nft_msg_open(t->kernel->batch, &t->kernel->nft);
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		if (live[slot] && !s->slots[slot].live) {
			nft_put_set(t, s, slot, s->second);
			nft_put_rules(t, s, slot, s->second);
			count++;
		}
		if (filled[slot] && !s->slots[slot].filled) {
			nft_put_set(t, s, slot, !s->second);
			count++;
		}
	}
	if (!count)
		return 0;
	error = commit(t);
	for (slot = 0; !error && slot < NFT_SLOTS; slot++) {
		s->slots[slot].live |= live[slot];
		s->slots[slot].filled |= filled[slot];
	}
	return error;
}

int nft_table_refill(struct nft_table *t, struct nft_scope *s)
{
	static const bool none[NFT_SLOTS];
	bool basics[NFT_SLOTS];
	unsigned slot;
	int error;

	for (slot = 0; slot < NFT_SLOTS; slot++)
		basics[slot] = basic(s, slot);
	error = nft_table_add(t, s, none, basics);
	if (!error)
		s->refilling = true;
	return error;
}

static int exchange(struct nft_table *t, struct nft_scope *s, const struct nft_layout *l)
{
	struct nft_view v;
	unsigned slot;

	nft_layout_view(&v, l, s->name);
	nft_msg_open(t->kernel->batch, &t->kernel->nft);
	nft_drop_rules(t, l, s);
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		memcpy(s->slots[slot].counter, v.counters[slot], sizeof v.counters[slot]);
		if (s->slots[slot].filled)
			nft_put_rules(t, s, slot, !s->second);
		if (s->slots[slot].live)
			nft_drop_set(t, s, slot, s->second);
	}
	return commit(t);
}

int nft_table_commit(struct nft_table *t, struct nft_scope *s)
{
	struct nft_layout layout;
	unsigned slot;
	int error = nft_layout_read(&layout, t->kernel);

	if (!error)
		error = exchange(t, s, &layout);
	nft_layout_clear(&layout);
	if (error)
		return error;
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		s->slots[slot].live = s->slots[slot].filled;
		s->slots[slot].filled = false;
	}
	s->second = !s->second;
	s->refilling = false;
	return 0;
}

int nft_table_abort(struct nft_table *t, struct nft_scope *s)
{
	unsigned slot;
	int error;

	nft_msg_open(t->kernel->batch, &t->kernel->nft);
	for (slot = 0; slot < NFT_SLOTS; slot++)
		if (s->slots[slot].filled)
			nft_drop_set(t, s, slot, !s->second);
	error = commit(t);
	for (slot = 0; !error && slot < NFT_SLOTS; slot++)
		s->slots[slot].filled = false;
	s->refilling = false;
	return error;
}
