/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "netlink/nft_layout.h"
#include "netlink/nft_table.h"

#define TRIES 100
#define WAIT_NS 20000000 /* 2 s altogether: a dying owner's socket closes when it is reaped */

static int commit(struct nft_table *t)
{
	nft_msg_close(t->kernel->batch);
	return nl_send(&t->kernel->nft, t->kernel->batch, NULL);
}

static void put_set(struct nft_table *t, unsigned slot, bool second)
{
	char name[NFT_NAME_SIZE];

	nft_msg_set(t->kernel->batch, NFT_TABLE, slot, nft_slot_name(name, slot, second),
		    t->size);
}

static void put_rule(struct nft_table *t, unsigned slot, bool second)
{
	char name[NFT_NAME_SIZE];

	nft_msg_rule(t->kernel->batch, slot, nft_slot_name(name, slot, second),
		     &t->slots[slot].counter);
}

static void drop_set(struct nft_table *t, unsigned slot, bool second)
{
	char name[NFT_NAME_SIZE];

	nft_msg_set_delete(t->kernel->batch, nft_slot_name(name, slot, second));
}

/* The two that are always there. */
static bool basic(unsigned slot)
{
	const struct prefix p = nft_slot_prefix(slot);

	return p.len == (p.family == 4 ? 32 : 64);
}

static int make(struct nft_table *t, uint32_t flags, bool replace)
{
	struct nl_batch *batch = t->kernel->batch;
	unsigned slot;
	int error;

	memset(t->slots, 0, sizeof t->slots);
	nft_msg_open(batch, &t->kernel->nft);
	if (replace)
		nft_msg_table_delete(batch, NFT_TABLE);
	nft_msg_table(batch, NFT_TABLE, flags);
	nft_msg_chain(batch);
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		if (!basic(slot))
			continue;
		put_set(t, slot, false);
		put_rule(t, slot, false);
	}
	error = commit(t);
	if (error)
		return error;
	for (slot = 0; slot < NFT_SLOTS; slot++)
		t->slots[slot].live = basic(slot);
	t->second = t->refilling = false;
	t->created = true;
	return 0;
}

/* Take the table over (which changes nothing in one that is ours already), give it exactly our
 * rules whatever was added to them, and drop what an unfinished refill left behind. */
static int adopt(struct nft_table *t, uint32_t flags, const struct nft_layout *layout)
{
	struct nl_batch *batch = t->kernel->batch;
	unsigned slot;
	int error;

	nft_msg_open(batch, &t->kernel->nft);
	nft_msg_table(batch, NFT_TABLE, flags);
	nft_msg_chain_flush(batch);
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		bool live = layout->sets[layout->second][slot];

		t->slots[slot] =
			(struct nft_slot){.live = live, .counter = layout->counters[slot]};
		if (live)
			put_rule(t, slot, layout->second);
		if (layout->sets[!layout->second][slot])
			drop_set(t, slot, !layout->second);
	}
	error = commit(t);
	if (error)
		return error;
	t->second = layout->second;
	t->refilling = t->created = false;
	return 0;
}

static int open_once(struct nft_table *t)
{
	const uint32_t flags = t->owner && t->kernel->nft_can.own ? NFT_OWNED_PERSISTENT : 0;
	struct nft_layout layout;
	int error = nft_layout_read(&layout, t->kernel);

	if (error)
		return error;
	if (layout.owner && layout.owner != nl_port(&t->kernel->nft))
		return -EPERM;
	t->owned = flags != 0;
	/* The kernel takes the owner flag from a table whose owner is gone. An owned table
	 * cannot become a plain one, nor the other way round. */
	if (!layout.there || layout.strange || (layout.flags | (flags & NFT_OWNED)) != flags)
		return make(t, flags, layout.there);
	return adopt(t, flags, &layout);
}

int nft_table_open(struct nft_table *t)
{
	static const struct timespec wait = {.tv_nsec = WAIT_NS};
	int tries, error = 0;

	for (tries = 0; tries < TRIES; tries++) {
		error = open_once(t);
		if (error != -EPERM && error != -EBUSY && error != -EINTR && error != -ENOENT)
			break;
		nanosleep(&wait, NULL);
	}
	return error;
}

int nft_table_add(struct nft_table *t, const bool live[NFT_SLOTS], const bool filled[NFT_SLOTS])
{
	unsigned slot, count = 0;
	int error;

	nft_msg_open(t->kernel->batch, &t->kernel->nft);
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		struct nft_slot *s = &t->slots[slot];

		if (live[slot] && !s->live) {
			put_set(t, slot, t->second);
			put_rule(t, slot, t->second);
			count++;
		}
		if (filled[slot] && !s->filled) {
			put_set(t, slot, !t->second);
			count++;
		}
	}
	if (!count)
		return 0;
	error = commit(t);
	for (slot = 0; !error && slot < NFT_SLOTS; slot++) {
		t->slots[slot].live |= live[slot];
		t->slots[slot].filled |= filled[slot];
	}
	return error;
}

int nft_table_refill(struct nft_table *t)
{
	static const bool none[NFT_SLOTS];
	bool basics[NFT_SLOTS];
	unsigned slot;
	int error;

	for (slot = 0; slot < NFT_SLOTS; slot++)
		basics[slot] = basic(slot);
	error = nft_table_add(t, none, basics);
	if (!error)
		t->refilling = true;
	return error;
}

int nft_table_commit(struct nft_table *t)
{
	struct nft_layout layout;
	unsigned slot;
	int error = nft_layout_read(&layout, t->kernel);

	nft_msg_open(t->kernel->batch, &t->kernel->nft);
	nft_msg_chain_flush(t->kernel->batch);
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		if (!error)
			t->slots[slot].counter = layout.counters[slot];
		if (t->slots[slot].filled)
			put_rule(t, slot, !t->second);
		if (t->slots[slot].live)
			drop_set(t, slot, t->second);
	}
	error = commit(t);
	if (error)
		return error;
	for (slot = 0; slot < NFT_SLOTS; slot++) {
		t->slots[slot].live = t->slots[slot].filled;
		t->slots[slot].filled = false;
	}
	t->second = !t->second;
	t->refilling = false;
	return 0;
}

int nft_table_abort(struct nft_table *t)
{
	unsigned slot;
	int error;

	nft_msg_open(t->kernel->batch, &t->kernel->nft);
	for (slot = 0; slot < NFT_SLOTS; slot++)
		if (t->slots[slot].filled)
			drop_set(t, slot, !t->second);
	error = commit(t);
	for (slot = 0; !error && slot < NFT_SLOTS; slot++)
		t->slots[slot].filled = false;
	t->refilling = false;
	return error;
}
