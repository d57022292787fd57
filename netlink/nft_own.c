/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include <linux/netfilter.h>

#include "netlink/nft.h"
#include "netlink/nft_order.h"
#include "netlink/nft_write.h"

/* The target nft, in our own table. */

static void wanted(const struct nft_scope *s, const struct change *changes, size_t count,
		   bool *live, bool *filled)
{
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned slot = nft_slot(&changes[i].wire->prefix);

		if (changes[i].wire->op == WIRE_ADD)
			live[slot] = true;
		if (changes[i].wire->op != WIRE_DEL && s->refilling)
			filled[slot] = true;
	}
}

static void place_of(struct nft_place *place, const struct nft_table *t,
		     const struct nft_scope *s, unsigned slot, bool second)
{
	const struct prefix p = nft_slot_prefix(slot);

	*place = (struct nft_place){.family = NFPROTO_INET,
				    .table = NFT_TABLE,
				    .key = (uint8_t)(prefix_bits(&p) / 8),
				    .open = !t->owned};
	nft_slot_name(place->set, s->name, slot, second);
}

static void own_write(struct kernel *kernel, const struct nft_scope *s, struct change *changes,
		      size_t count)
{
	struct nft_group groups[NFT_SLOTS] = {0};
	struct nft_place places[NFT_SLOTS][2];
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		unsigned slot = nft_slot(&changes[i].wire->prefix);
		struct nft_group *g = &groups[n];

		if (i && slot == nft_slot(&changes[i - 1].wire->prefix)) {
			groups[n - 1].count++;
			continue;
		}
		place_of(&places[n][0], kernel->own, s, slot, s->second);
		place_of(&places[n][1], kernel->own, s, slot, !s->second);
		g->live = s->slots[slot].live ? &places[n][0] : NULL;
		g->second = s->slots[slot].filled ? &places[n][1] : NULL;
		g->changes = changes + i;
		g->count = 1;
		n++;
	}
	nft_write(kernel, groups, n, 0);
}

static void own_change(struct target *target, struct change *changes, size_t count)
{
	bool live[NFT_SLOTS] = {false}, filled[NFT_SLOTS] = {false};
	struct nft_table *t = target->kernel->own;
	struct nft_scope *s = nft_of(target)->scope;
	size_t i;
	int error;

	/* Whoever has changes for us has defined all targets before. */
	nft_table_complete(t);
	if (!s->refilling)
		count = target_drop_fills(changes, count);
	count = nft_order(changes, count);
	wanted(s, changes, count, live, filled);
	error = nft_table_add(t, s, live, filled);
	if (!error && count)
		own_write(target->kernel, s, changes, count);
	for (i = 0; error && i < count; i++)
		changes[i].result->error = error;
}

/* Whatever happened to the table is repaired before it is filled anew. */
static int begin(struct target *target)
{
	struct nft_table *t = target->kernel->own;
	struct nft_scope *s = nft_of(target)->scope;
	int error;

	t->complete = true;
	error = nft_table_open(t, s);
	return error ? error : nft_table_refill(t, s);
}

static int own_refill(struct target *target, const struct wire_refill *refill)
{
	struct nft_table *t = target->kernel->own;
	struct nft_scope *s = nft_of(target)->scope;

	if (refill->phase == WIRE_REFILL_BEGIN)
		return begin(target);
	if (!s->refilling)
		return -EINVAL;
	if (refill->phase == WIRE_REFILL_COMMIT)
		return nft_table_commit(t, s);
	return refill->phase == WIRE_REFILL_ABORT ? nft_table_abort(t, s) : -EINVAL;
}

/* New sets instead of a flush: the kernel frees the old ones after the transaction. */
static int own_flush(struct target *target)
{
	int error = begin(target);

	return error ? error : nft_table_commit(target->kernel->own, nft_of(target)->scope);
}

static const struct target_verbs own_verbs = {
	.change = own_change,
	.refill = own_refill,
	.flush = own_flush,
	.list = target_no_list,
	.live = nft_own_live,
	.close = nft_close,
};

static int open_scope(struct nft *nft, const struct options *o)
{
	struct kernel *k = nft->target.kernel;

	/* There is one such table, and targets that are defined twice share what is known. */
	if (!k->own)
		k->own = calloc(1, sizeof *k->own);
	if (!k->own)
		return -ENOMEM;
	k->own->kernel = k;
	k->own->owner = o->owner;
	nft->scope = nft_table_scope(k->own, o);
	return nft->scope ? nft_table_open(k->own, nft->scope) : -ENOMEM;
}

int nft_own_open(struct nft *nft, struct wire_defined *defined, const struct options *o)
{
	int error;

	nft->target.verbs = &own_verbs;
	error = open_scope(nft, o);
	if (error)
		return error;
	defined->way = WIRE_WAY_REFILL;
	defined->created = nft->scope->created;
	defined->owned = nft->target.kernel->own->owned;
	return 0;
}
