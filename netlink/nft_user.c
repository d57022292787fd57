/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft.h"
#include "netlink/nft_order.h"
#include "netlink/nft_shape.h"
#include "netlink/nft_shared.h"
#include "netlink/nft_write.h"

/* The target nft, in sets of the user's. */

#define TRIES 50 /* while others change the ruleset, from one moment to the next */

/* A set that holds addresses alone takes a /64 as its base address: the rule that looks it up
 * masks what it looks for. */
static bool user_takes(const struct nft_place *place, const struct prefix *p)
{
	if (!place->set[0])
		return false;
	return place->interval || prefix_is_single(p) || (p->family == 6 && p->len == 64);
}

/* The changes of one set: of those that are there already, and the others. */
struct sorted {
	struct change all[WIRE_RECORDS_MAX], there[WIRE_RECORDS_MAX], rest[WIRE_RECORDS_MAX];
	size_t count;
};

/* Are the sets what they were, and what is in them? *generation: all of it was so in that one,
 * or has changed since. A question can make no sense to what a set has become since. */
static int look(enum nft_fate *fates, uint32_t *generation, struct kernel *k,
		const struct nft_place *place, const struct sorted *s)
{
	int error = nft_shape_same(generation, k, place);

	if (error)
		return error == -ESTALE ? -ENOENT : error;
	error = nft_shared_sift(fates, k, place, s->all, s->count);
	return error == -EINVAL ? -ERESTART : error;
}

static size_t sort_out(struct nft_group *groups, const struct nft_place *place,
		       struct sorted *s, const enum nft_fate *fates)
{
	struct nft_group there = {.live = place, .changes = s->there, .replace = true};
	struct nft_group rest = {.live = place, .changes = s->rest};
	size_t i, used = 0;

	for (i = 0; i < s->count; i++) {
		if (fates[i] == NFT_REPLACE)
			s->there[there.count++] = s->all[i];
		else if (fates[i] != NFT_LEAVE)
			s->rest[rest.count++] = s->all[i];
	}
	if (there.count)
		groups[used++] = there;
	if (rest.count)
		groups[used++] = rest;
	return used;
}

static void note(const struct sorted *s, int error)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		s->all[i].result->error = error;
}

/* What is decided by what is there holds for the generation that was looked at. -ERESTART:
 * others have changed something since. */
static int write_once(struct nft *nft, struct sorted in[2])
{
	struct kernel *k = nft->target.kernel;
	const struct nft_place *const places[2] = {&nft->set4, &nft->set6};
	enum nft_fate fates[WIRE_RECORDS_MAX];
	struct nft_group groups[4];
	uint32_t generation = 0;
	size_t i, used = 0;
	int error;

	for (i = 0; i < 2; i++) {
		error = in[i].count ? look(fates, &generation, k, places[i], &in[i]) : 0;
		if (error == -ERESTART)
			return error;
		note(&in[i], error);
		if (!error)
			used += sort_out(groups + used, places[i], &in[i], fates);
	}
	return used ? nft_write(k, groups, used, generation) : 0;
}

static void user_change(struct target *target, struct change *changes, size_t count)
{
	struct nft *nft = nft_of(target);
	struct sorted in[2];
	int tries, error = -ERESTART;
	size_t i;

	in[0].count = in[1].count = 0;
	count = nft_order(changes, target_drop_fills(changes, count));
	for (i = 0; i < count; i++) {
		bool six = changes[i].wire->prefix.family == 6;

		if (user_takes(six ? &nft->set6 : &nft->set4, &changes[i].wire->prefix))
			in[six].all[in[six].count++] = changes[i];
		else
			changes[i].result->error = -EOPNOTSUPP;
	}
	for (tries = 0; tries < TRIES && error == -ERESTART; tries++)
		error = write_once(nft, in);
	for (i = 0; error && i < 2; i++)
		note(&in[i], -EBUSY);
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
	.live = nft_user_live,
	.close = nft_close,
};

static int user_set(struct nft *nft, struct nft_place *place, unsigned family, const char *name,
		    struct wire_defined *defined)
{
	if (!name[0])
		return 0;
	target_where(defined, name);
	snprintf(place->set, sizeof place->set, "%s", name);
	return nft_shape_open(place, nft->target.kernel, family);
}

int nft_user_open(struct nft *nft, struct wire_defined *defined, const struct options *o)
{
	struct kernel *k = nft->target.kernel;
	int error;

	nft->target.verbs = &user_verbs;
	snprintf(nft->table, sizeof nft->table, "%s", o->nft_table);
	nft->set4 = nft->set6 = (struct nft_place){
		.family = o->nft_family, .table = nft->table, .open = true, .marked = true};
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
