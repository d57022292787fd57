/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "netlink/nft_shared.h"

/* Asked for at a time: their answers fit a receive buffer that nobody enlarged. */
#define QUESTIONS 100

/* The daemon's clock and the kernel's, and the time between them. */
#define SAME_END_MS 2000

/* ---- what is to be done ---- */

static bool same_end(uint64_t a, uint64_t b)
{
	return a + SAME_END_MS >= b && b + SAME_END_MS >= a;
}

/* It is as good as ours, or better. */
static bool outlasts(const struct nft_element *e, uint64_t left)
{
	return !e->timeout || e->expiration + SAME_END_MS >= left;
}

static enum nft_fate fate_of_add(const struct wire_change *c, const struct nft_standing *s)
{
	const struct nft_element *e = &s->element;
	const struct nft_times times = nft_times(c);

	if (!s->there)
		return NFT_ADD;
	/* An address inside of someone else's prefix is out already. Other overlaps are the
	 * kernel's to refuse. */
	if (!s->exact)
		return prefix_is_single(&c->prefix) && !e->ours && outlasts(e, times.expiration)
			       ? NFT_LEAVE
			       : NFT_ADD;
	if (e->ours)
		return same_end(e->expiration, times.expiration) ? NFT_LEAVE : NFT_REPLACE;
	return outlasts(e, times.expiration) ? NFT_LEAVE : NFT_REPLACE;
}

enum nft_fate nft_fate(const struct wire_change *c, const struct nft_standing *s)
{
	if (c->op == WIRE_ADD)
		return fate_of_add(c, s);
	return s->there && s->exact && s->element.ours ? NFT_DELETE : NFT_LEAVE;
}

/* ---- what there is ---- */

struct asking {
	const struct nl_batch *batch;
	const struct nft_place *place;
	const struct change *changes;
	unsigned each; /* questions about a change */
	struct nft_standing *standings;
};

static bool is_end(const struct nft_element *e, const struct prefix *p)
{
	uint8_t end[16];

	return !nft_interval_end(end, p) || !memcmp(e->key, end, prefix_bits(p) / 8);
}

/*
 * Of an interval set the kernel answers with the beginning and the end of what the address is
 * in: they come in that order. Where intervals touch, the end may be that of the next one, so
 * the length that our own mark tells is believed rather.
 */
static int read_element(void *arg, const struct nlmsghdr *m)
{
	const struct asking *a = arg;
	unsigned index = m->nlmsg_seq - a->batch->first;
	const struct prefix *p = &a->changes[index / a->each].wire->prefix;
	struct nft_standing *s = &a->standings[index / a->each];
	struct nft_element e;

	if (!nft_element_read(&e, m, prefix_bits(p) / 8, a->place->timeout))
		return 0;
	if (index % a->each) {
		s->exact &= s->element.marked || is_end(&e, p);
		return 0;
	}
	s->there = true;
	s->exact =
		!memcmp(e.key, p->addr, prefix_bits(p) / 8) && (!e.marked || e.len == p->len);
	s->element = e;
	return 0;
}

static int ask(struct kernel *k, struct asking *a, size_t count)
{
	const struct nl_answers answers = {.data = read_element, .arg = a};
	size_t i;
	int error;

	nl_begin(k->batch, &k->nft);
	for (i = 0; i < count; i++) {
		const struct prefix *p = &a->changes[i].wire->prefix;

		nft_msg_get(k->batch, a->place, p, false);
		if (a->each > 1)
			nft_msg_get(k->batch, a->place, p, true);
	}
	error = nl_send(&k->nft, k->batch, &answers);
	return error == -ENOENT ? 0 : error;
}

int nft_shared_sift(enum nft_fate *fates, struct kernel *k, const struct nft_place *place,
		    const struct change *changes, size_t count)
{
	struct nft_standing standings[QUESTIONS];
	struct asking a = {.batch = k->batch,
			   .place = place,
			   .each = place->interval ? 2 : 1,
			   .standings = standings};
	size_t i, from, n;
	int error;

	for (from = 0; from < count; from += n) {
		n = count - from < QUESTIONS ? count - from : QUESTIONS;
		memset(standings, 0, sizeof standings);
		a.changes = changes + from;
		error = ask(k, &a, n);
		if (error)
			return error;
		for (i = 0; i < n; i++)
			fates[from + i] = nft_fate(changes[from + i].wire, &standings[i]);
	}
	return 0;
}
