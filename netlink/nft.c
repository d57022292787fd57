/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft_msg.h"
#include "netlink/nft_order.h"
#include "netlink/nft_table.h"
#include "netlink/nft_write.h"
#include "netlink/target.h"

/* The target nft: sets in our own table, or two sets in a table of the user's. */

struct nft {
	struct target target; /* first */
	/* Of the user's; no name: the family is not taken. */
	char table[NFT_NAME_SIZE];
	struct nft_place set4, set6;
};

static struct nft *nft_of(struct target *t)
{
	return (struct nft *)t;
}

static void nft_close(struct target *t)
{
	free(nft_of(t));
}

/* ---- our own table ---- */

static void own_wanted(const struct nft_table *t, const struct change *changes, size_t count,
		       bool *live, bool *filled)
{
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned slot = nft_slot(&changes[i].wire->prefix);

		if (changes[i].wire->op == WIRE_ADD)
			live[slot] = true;
		if (changes[i].wire->op != WIRE_DEL && t->refilling)
			filled[slot] = true;
	}
}

static void own_place(struct nft_place *place, unsigned slot, bool second)
{
	*place = (struct nft_place){.family = NFPROTO_INET, .table = NFT_TABLE};
	nft_slot_name(place->set, slot, second);
}

static void own_write(struct nft_table *t, struct change *changes, size_t count)
{
	struct nft_group groups[NFT_SLOTS];
	struct nft_place places[NFT_SLOTS][2];
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		unsigned slot = nft_slot(&changes[i].wire->prefix);
		struct nft_group *g = &groups[n];

		if (i && slot == nft_slot(&changes[i - 1].wire->prefix)) {
			groups[n - 1].count++;
			continue;
		}
		own_place(&places[n][0], slot, t->second);
		own_place(&places[n][1], slot, !t->second);
		g->live = t->slots[slot].live ? &places[n][0] : NULL;
		g->second = t->slots[slot].filled ? &places[n][1] : NULL;
		g->changes = changes + i;
		g->count = 1;
		n++;
	}
	nft_write(t->kernel, groups, n);
}

static void own_change(struct target *target, struct change *changes, size_t count)
{
	struct nft_table *t = target->kernel->own;
	bool live[NFT_SLOTS] = {false}, filled[NFT_SLOTS] = {false};
	size_t i;
	int error;

	if (!t->refilling)
		count = target_drop_fills(changes, count);
	count = nft_order(changes, count);
	own_wanted(t, changes, count, live, filled);
	error = nft_table_add(t, live, filled);
	if (!error && count)
		own_write(t, changes, count);
	for (i = 0; error && i < count; i++)
		changes[i].result->error = error;
}

/* Whatever happened to the table is repaired before it is filled anew. */
static int own_begin(struct nft_table *t)
{
	int error = nft_table_open(t);

	return error ? error : nft_table_refill(t);
}

static int own_refill(struct target *target, const struct wire_refill *refill)
{
	struct nft_table *t = target->kernel->own;

	if (refill->phase == WIRE_REFILL_BEGIN)
		return own_begin(t);
	if (!t->refilling)
		return -EINVAL;
	if (refill->phase == WIRE_REFILL_COMMIT)
		return nft_table_commit(t);
	return refill->phase == WIRE_REFILL_ABORT ? nft_table_abort(t) : -EINVAL;
}

/* New sets instead of a flush: the kernel frees the old ones after the transaction. */
static int own_flush(struct target *target)
{
	struct nft_table *t = target->kernel->own;
	int error = own_begin(t);

	return error ? error : nft_table_commit(t);
}

static const struct target_verbs own_verbs = {
	.change = own_change,
	.refill = own_refill,
	.flush = own_flush,
	.list = target_no_list,
	.close = nft_close,
};

static int own_open(struct nft *nft, struct wire_defined *defined, const struct options *o)
{
	struct kernel *k = nft->target.kernel;
	int error;

	nft->target.verbs = &own_verbs;
	/* There is one such table: targets that are defined twice share what is known of it. */
	if (!k->own)
		k->own = calloc(1, sizeof *k->own);
	if (!k->own)
		return -ENOMEM;
	k->own->kernel = k;
	k->own->size = o->maxbans;
	k->own->owner = o->owner;
	error = nft_table_open(k->own);
	if (error)
		return error;
	defined->way = WIRE_WAY_REFILL;
	defined->created = k->own->created;
	defined->owned = k->own->owned;
	return 0;
}

/* ---- sets of the user's ---- */

/* A set that holds addresses alone takes a /64 as its base address: the rule that looks it up
 * masks what it looks for. */
static bool user_takes(const struct nft_place *place, const struct prefix *p)
{
	if (!place->set[0])
		return false;
	return place->interval || prefix_is_single(p) || (p->family == 6 && p->len == 64);
}

static void user_change(struct target *target, struct change *changes, size_t count)
{
	struct nft *nft = nft_of(target);
	struct change in4[WIRE_RECORDS_MAX], in6[WIRE_RECORDS_MAX];
	struct nft_group groups[2] = {{.live = &nft->set4, .changes = in4},
				      {.live = &nft->set6, .changes = in6}};
	size_t i;

	count = nft_order(changes, target_drop_fills(changes, count));
	for (i = 0; i < count; i++) {
		bool six = changes[i].wire->prefix.family == 6;
		struct nft_group *g = &groups[six];

		if (user_takes(g->live, &changes[i].wire->prefix))
			g->changes[g->count++] = changes[i];
		else
			changes[i].result->error = -EOPNOTSUPP;
	}
	if (groups[0].count && groups[1].count)
		nft_write(target->kernel, groups, 2);
	else if (groups[0].count || groups[1].count)
		nft_write(target->kernel, &groups[!groups[0].count], 1);
}

static int user_flush(struct target *t)
{
	(void)t;
	return -EOPNOTSUPP;
}

static const struct target_verbs user_verbs = {
	.change = user_change,
	.refill = target_no_refill,
	.flush = user_flush,
	.list = target_no_list,
	.close = nft_close,
};

struct header {
	uint32_t flags, type, len;
};

static int read_header(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_SET_MAX + 1];
	struct header *h = arg;

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_SET_MAX + 1);
	nl_get_be32(a[NFTA_SET_FLAGS], &h->flags);
	nl_get_be32(a[NFTA_SET_KEY_TYPE], &h->type);
	nl_get_be32(a[NFTA_SET_KEY_LEN], &h->len);
	return 0;
}

static int check_header(const struct header *h, unsigned family)
{
	bool v4 = h->type == NFT_TYPE_IPV4_ADDR && h->len == 4;
	bool v6 = h->type == NFT_TYPE_IPV6_ADDR && h->len == 16;

	if ((!v4 && !v6) || h->flags & (NFT_SET_MAP | NFT_SET_OBJECT | NFT_SET_CONSTANT))
		return WIRE_FAULT_TYPE;
	if (v4 != (family == 4))
		return WIRE_FAULT_FAMILY;
	return h->flags & NFT_SET_TIMEOUT ? 0 : WIRE_FAULT_TIMEOUT;
}

static int user_set(struct nft *nft, struct nft_place *place, unsigned family, const char *name,
		    struct wire_defined *defined)
{
	struct kernel *k = nft->target.kernel;
	struct header h = {0};
	const struct nl_answers answers = {.data = read_header, .arg = &h};
	int error;

	if (!name[0])
		return 0;
	target_where(defined, name);
	nl_begin(k->batch, &k->nft);
	nft_msg_get_set(k->batch, place->family, place->table, name);
	error = nl_send(&k->nft, k->batch, &answers);
	if (!error)
		error = check_header(&h, family);
	if (error)
		return error == -ENOENT ? WIRE_FAULT_NO_SET : error;
	snprintf(place->set, sizeof place->set, "%s", name);
	place->interval = h.flags & NFT_SET_INTERVAL;
	return 0;
}

static int user_open(struct nft *nft, struct wire_defined *defined, const struct options *o)
{
	struct kernel *k = nft->target.kernel;
	int error;

	nft->target.verbs = &user_verbs;
	snprintf(nft->table, sizeof nft->table, "%s", o->nft_table);
	nft->set4 = nft->set6 =
		(struct nft_place){.family = o->nft_family, .table = nft->table};
	nl_begin(k->batch, &k->nft);
	nft_msg_get_table(k->batch, o->nft_family, nft->table);
	error = nl_send(&k->nft, k->batch, NULL);
	if (error)
		return error == -ENOENT ? WIRE_FAULT_NO_TABLE : error;
	error = user_set(nft, &nft->set4, 4, o->set4, defined);
	if (!error)
		error = user_set(nft, &nft->set6, 6, o->set6, defined);
	defined->way = WIRE_WAY_ADD;
	return error;
}

int nft_open(struct target **out, struct wire_defined *defined, struct kernel *kernel,
	     const struct options *o)
{
	struct nft *nft = calloc(1, sizeof *nft);
	int error;

	if (!nft)
		return -ENOMEM;
	nft->target.kernel = kernel;
	target_where(defined, o->nft_family ? o->nft_table : "inet " NFT_TABLE);
	error = nft_probe(kernel);
	if (!error)
		error = o->nft_family ? user_open(nft, defined, o) : own_open(nft, defined, o);
	if (error)
		goto fail;
	defined->timeouts = 1;
	*out = &nft->target;
	return 0;
fail:
	nft_close(&nft->target);
	return error;
}
