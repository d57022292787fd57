/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include <linux/netfilter/nf_tables.h>

#include "netlink/nft_shape.h"
#include "netlink/nft_write.h"

/* A transaction that fails waits for an RCU grace period: 8 ms, where one that succeeds takes
 * 4 us. So what fails is not tried for ever. */
#define FAILURES_MAX 64
#define TRIES 20 /* while others change the ruleset, from one moment to the next */

struct writer {
	struct kernel *kernel;
	int failures;
};

/* Kernels before 6.12 do not change the end of what is there, and those before 6.3 fail a
 * transaction that deletes what is not there. After an add it is there, whatever was. */
static void put_run(struct writer *w, const struct nft_place *place,
		    const struct change *changes, size_t count, bool replace)
{
	const struct nft_probe *can = &w->kernel->nft_can;
	struct nl_batch *batch = w->kernel->batch;
	bool add = changes->wire->op != WIRE_DEL;

	/* An interval is two elements to the kernel. Destroying takes whichever of them is
	 * there, and be it the end of an interval of the user's; deleting takes both or fails.
	 */
	if (!add && place->interval) {
		nft_msg_elements(batch, NFT_MSG_DELSETELEM, place, changes, count);
		return;
	}
	if (!add && can->destroy) {
		nft_msg_elements(batch, NFT_DESTROYSETELEM, place, changes, count);
		return;
	}
	nft_msg_elements(batch, NFT_MSG_NEWSETELEM, place, changes, count);
	/* Of a set that is marked it is known what is there. */
	if (add && (can->update || place->marked) && !replace)
		return;
	nft_msg_elements(batch, NFT_MSG_DELSETELEM, place, changes, count);
	if (add)
		nft_msg_elements(batch, NFT_MSG_NEWSETELEM, place, changes, count);
}

static void put_group(struct writer *w, const struct nft_group *g)
{
	size_t from, to;

	for (from = 0; from < g->count; from = to) {
		uint8_t op = g->changes[from].wire->op;

		for (to = from; to < g->count && g->changes[to].wire->op == op; to++)
			;
		if (g->live && op != WIRE_FILL)
			put_run(w, g->live, g->changes + from, to - from, g->replace);
		if (g->second)
			put_run(w, g->second, g->changes + from, to - from, g->replace);
	}
}

/* Sets that others may change must be of the kind that they were when the target was opened.
 * *generation: the one in which they are; 0: nobody else has a part in it. */
static int look_at_set(struct writer *w, const struct nft_place *place, uint32_t *generation)
{
	if (!place || !place->open)
		return 0;
	return nft_shape_same(generation, w->kernel, place);
}

static int look_at_sets(struct writer *w, const struct nft_group *groups, size_t count,
			uint32_t *generation)
{
	const struct nft_place *last = NULL;
	size_t i;
	int error = 0;

	*generation = 0;
	for (i = 0; i < count && !error; i++) {
		if (groups[i].live != last)
			error = look_at_set(w, groups[i].live, generation);
		if (!error)
			error = look_at_set(w, groups[i].second, generation);
		last = groups[i].live;
	}
	return error;
}

static int transact_at(struct writer *w, const struct nft_group *groups, size_t count,
		       uint32_t generation)
{
	struct nl_batch *batch = w->kernel->batch;
	size_t i;

	nft_msg_open_at(batch, &w->kernel->nft, generation);
	for (i = 0; i < count; i++)
		put_group(w, &groups[i]);
	nft_msg_close(batch);
	return nl_send(&w->kernel->nft, batch, NULL);
}

static int transact_once(struct writer *w, const struct nft_group *groups, size_t count)
{
	uint32_t generation;
	int error = look_at_sets(w, groups, count, &generation);

	return error ? error : transact_at(w, groups, count, generation);
}

static int transact(struct writer *w, const struct nft_group *groups, size_t count)
{
	int tries, error = -ERESTART;

	for (tries = 0; tries < TRIES && error == -ERESTART; tries++)
		error = transact_once(w, groups, count);
	if (error && error != -EMSGSIZE)
		w->failures++;
	return error == -ERESTART ? -EBUSY : error;
}

/* A set that is of another kind is not the one that was asked for. */
static int told(int error)
{
	if (error == -ENFILE)
		return -ENOSPC;
	return error == -ESTALE ? -ENOENT : error;
}

static void refuse(const struct nft_group *g, int error)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		g->changes[i].result->error = told(error);
}

static struct nft_group part(const struct nft_group *g, size_t from, size_t count)
{
	struct nft_group p = *g;

	p.changes += from;
	p.count = count;
	return p;
}

static void split(struct writer *w, const struct nft_group *g, int error);

static void write_group(struct writer *w, const struct nft_group *g)
{
	int error = g->count ? transact(w, g, 1) : 0;

	if (error)
		split(w, g, error);
}

static void halve(struct writer *w, const struct nft_group *g)
{
	struct nft_group first = part(g, 0, g->count / 2);
	struct nft_group rest = part(g, g->count / 2, g->count - g->count / 2);

	write_group(w, &first);
	write_group(w, &rest);
}

/* ---- full sets: refreshes and deletes still work, and are not to pay for the others ---- */

struct presence {
	bool *missing; /* of each change */
};

static void mark_missing(void *arg, unsigned index, int error, const struct nlmsghdr *about)
{
	struct presence *p = arg;

	(void)about;
	if (error)
		p->missing[index] = true;
}

static void look(struct writer *w, const struct nft_place *place, const struct nft_group *g,
		 bool *missing)
{
	struct presence p = {.missing = missing};
	const struct nl_answers answers = {.ended = mark_missing, .arg = &p};
	size_t i;

	if (!place)
		return;
	nl_begin(w->kernel->batch, &w->kernel->nft);
	for (i = 0; i < g->count; i++)
		nft_msg_get(w->kernel->batch, place, &g->changes[i].wire->prefix, false);
	nl_send(&w->kernel->nft, w->kernel->batch, &answers);
}

/* False: the set is full. What is left is refused without being tried. */
static bool fill(struct writer *w, const struct nft_group *g)
{
	struct nft_group first = part(g, 0, g->count / 2);
	struct nft_group rest = part(g, g->count / 2, g->count - g->count / 2);
	int error = g->count ? transact(w, g, 1) : 0;

	if (!error)
		return true;
	if (error != -ENFILE || g->count == 1) {
		if (g->count > 1)
			split(w, g, error);
		else
			refuse(g, error);
		return error != -ENFILE;
	}
	if (fill(w, &first))
		return fill(w, &rest);
	refuse(&rest, -ENFILE);
	return false;
}

/* Nearly always there is no room at all: one is tried before halving the others. */
static void write_full(struct writer *w, const struct nft_group *g)
{
	bool missing[WIRE_RECORDS_MAX] = {false};
	struct change kept[WIRE_RECORDS_MAX], added[WIRE_RECORDS_MAX];
	struct nft_group old = *g, new = *g, one, rest;
	size_t i;

	old.changes = kept;
	new.changes = added;
	old.count = new.count = 0;
	look(w, g->live, g, missing);
	look(w, g->second, g, missing);
	for (i = 0; i < g->count; i++) {
		if (g->changes[i].wire->op == WIRE_DEL || !missing[i])
			kept[old.count++] = g->changes[i];
		else
			added[new.count++] = g->changes[i];
	}
	if (old.count == g->count) { /* then what fails is none of the missing */
		halve(w, g);
		return;
	}
	write_group(w, &old);
	if (!new.count)
		return;
	one = part(&new, 0, 1);
	rest = part(&new, 1, new.count - 1);
	if (fill(w, &one))
		fill(w, &rest);
	else
		refuse(&rest, -ENFILE);
}

/* Deletes of kernels before 6.3 that found the set full: the add ahead of them failed. */
static bool delete_alone(struct writer *w, const struct nft_group *g)
{
	struct nl_batch *batch = w->kernel->batch;
	const struct nft_place *places[] = {g->live, g->second};
	int i, error;

	for (i = 0; i < 2; i++) {
		if (!places[i])
			continue;
		nft_msg_open(batch, &w->kernel->nft);
		nft_msg_elements(batch, NFT_MSG_DELSETELEM, places[i], g->changes, 1);
		nft_msg_close(batch);
		error = nl_send(&w->kernel->nft, batch, NULL);
		if (error && error != -ENOENT)
			return false;
	}
	return true;
}

/* Adds to intervals of which some lie in others: what the set does not hold goes in at once, so
 * that those do not pay for the rest. */
static void write_overlapping(struct writer *w, const struct nft_group *g)
{
	bool missing[WIRE_RECORDS_MAX] = {false};
	struct change fresh[WIRE_RECORDS_MAX], taken[WIRE_RECORDS_MAX];
	struct nft_group new = *g, old = *g, one;
	size_t i;

	new.changes = fresh;
	old.changes = taken;
	new.count = old.count = 0;
	look(w, g->live, g, missing);
	for (i = 0; i < g->count; i++) {
		if (missing[i])
			fresh[new.count++] = g->changes[i];
		else
			taken[old.count++] = g->changes[i];
	}
	if (!new.count || !old.count) {
		halve(w, g);
		return;
	}
	write_group(w, &new);
	for (i = 0; i < old.count; i++) {
		one = part(&old, i, 1);
		if (w->failures < FAILURES_MAX)
			write_group(w, &one);
		else
			refuse(&one, -EEXIST);
	}
}

static bool deletes_intervals(const struct nft_group *g)
{
	for (size_t i = 0; g->live && g->live->interval && i < g->count; i++)
		if (g->changes[i].wire->op == WIRE_DEL)
			return true;
	return false;
}

static void split(struct writer *w, const struct nft_group *g, int error)
{
	/* Alone of all changes, the delete of an interval minds that it is not there. */
	if (error == -ENOENT && deletes_intervals(g)) {
		if (g->count == 1)
			return;
		if (w->failures < FAILURES_MAX) {
			halve(w, g);
			return;
		}
	}
	if (g->count == 1 && error == -ENFILE && g->changes->wire->op == WIRE_DEL &&
	    delete_alone(w, g))
		return;
	/* ENOENT: neither an add nor a delete of ours minds a missing element, so the set or
	 * its table is gone. EPERM: the table has another owner. */
	if (g->count == 1 || error == -ENOENT || error == -ESTALE || error == -EPERM ||
	    error == -EBUSY || w->failures >= FAILURES_MAX) {
		refuse(g, error);
		return;
	}
	if (error == -ENFILE)
		write_full(w, g);
	else if (error == -EEXIST && g->live && g->live->interval)
		write_overlapping(w, g);
	else
		halve(w, g);
}

int nft_write(struct kernel *kernel, struct nft_group *groups, size_t count,
	      uint32_t generation)
{
	struct writer w = {.kernel = kernel};
	int error = generation ? transact_at(&w, groups, count, generation)
			       : transact(&w, groups, count);
	size_t i;

	if (error == -ERESTART)
		return error;
	if (error && count == 1) {
		split(&w, groups, error);
		return 0;
	}
	for (i = 0; error && i < count; i++)
		write_group(&w, &groups[i]);
	return 0;
}
