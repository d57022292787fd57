/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>

#include "netlink/ipset.h"

/* A set of ours becomes one of another size. */

struct copy {
	struct nl nl; /* adds, while the list goes on on the other socket */
	struct nl_batch *batch;
	struct ipset_way way;
	struct ipset_reader reader;
	int error;
	size_t count;
	struct wire_change wires[WIRE_RECORDS_MAX];
	struct change changes[WIRE_RECORDS_MAX];
};

/* Never the name of a set of a target's: those begin with the NAME that was asked for, and the
 * mark is no one else's. */
static void spare_name(char *out, uint32_t mark, enum ipset_role role)
{
	snprintf(out, IPSET_NAME_SIZE, "banish~%08x~%d", mark, (int)role);
}

static void copy_out(struct copy *c)
{
	if (!c->error && c->count) {
		nl_begin(c->batch, &c->nl);
		ipset_msg_changes(c->batch, &c->way, c->changes, c->count);
		c->error = nl_send(&c->nl, c->batch, NULL);
	}
	c->count = 0;
}

static void copy_element(void *arg, const struct ipset_element *e)
{
	struct copy *c = arg;
	struct wire_change *wire = &c->wires[c->count];

	/* Somebody's exception, which would be a ban there. */
	if (e->nomatch)
		return;
	wire->op = WIRE_ADD;
	wire->prefix = e->prefix;
	wire->left = e->seconds ? (int64_t)e->seconds * 1000 : WIRE_FOREVER;
	c->changes[c->count].wire = wire;
	if (++c->count == WIRE_RECORDS_MAX)
		copy_out(c);
}

static int copy_some(void *arg, const struct nlmsghdr *m)
{
	struct copy *c = arg;

	ipset_msg_read(&c->reader, m);
	return c->error;
}

static int copy_all(struct copy *c, struct kernel *k, const char *from)
{
	const struct nl_answers answers = {.data = copy_some, .arg = c};
	int error;

	nl_begin(k->batch, &k->ipset);
	ipset_msg_list(k->batch, from);
	error = nl_send(&k->ipset, k->batch, &answers);
	copy_out(c);
	return error ? error : c->error;
}

static int copy(struct kernel *k, enum ipset_role role, const char *from, const char *to)
{
	struct copy *c = calloc(1, sizeof *c);
	int error = -ENOMEM;

	if (!c)
		return -ENOMEM;
	c->way = (struct ipset_way){.set = to, .nets = ipset_nets(role)};
	c->reader =
		(struct ipset_reader){.len = ipset_len(role), .take = copy_element, .arg = c};
	c->batch = nl_batch_new();
	if (c->batch)
		error = nl_open(&c->nl, NETLINK_NETFILTER, 0);
	if (!error) {
		error = copy_all(c, k, from);
		nl_close(&c->nl);
	}
	free(c->batch);
	free(c);
	return error;
}

static int simple(struct kernel *k, void (*build)(struct nl_batch *batch, const char *set),
		  const char *name)
{
	nl_begin(k->batch, &k->ipset);
	build(k->batch, name);
	return ipset_errno(nl_send(&k->ipset, k->batch, NULL));
}

/* The kernel compares type and family and nothing else: it swaps in a set without timeouts as
 * well. What has our mark was made by us for this role; that it still is what it was is looked
 * at once more. */
static int swap(struct kernel *k, enum ipset_role role, const struct ipset_plan *plan,
		const char *spare)
{
	struct ipset_header h;
	const char *const names[] = {plan->name, spare};
	int i, error = 0;

	for (i = 0; i < 2 && !error; i++) {
		error = ipset_header(&h, k, names[i]);
		if (!error && (h.initval != plan->initval || ipset_check(&h, role)))
			error = -ESTALE;
	}
	if (error)
		return error;
	nl_begin(k->batch, &k->ipset);
	ipset_msg_swap(k->batch, plan->name, spare);
	return ipset_errno(nl_send(&k->ipset, k->batch, NULL));
}

int ipset_grow(struct kernel *k, enum ipset_role role, const struct ipset_plan *plan)
{
	char spare[IPSET_NAME_SIZE];
	struct ipset_plan next = *plan;
	int error;

	spare_name(spare, plan->initval, role);
	next.name = spare;
	error = ipset_create(&next);
	if (error)
		return error;
	error = copy(k, role, plan->name, spare);
	if (!error)
		error = swap(k, role, plan, spare);
	simple(k, ipset_msg_destroy, spare); /* now the old one, if all went well */
	return ipset_errno(error);
}

void ipset_grow_clean(struct kernel *k, uint32_t mark)
{
	char spare[IPSET_NAME_SIZE];
	struct ipset_header h;
	int role;

	for (role = 0; role < IPSET_ROLES; role++) {
		spare_name(spare, mark, role);
		if (!ipset_header(&h, k, spare) && h.initval == mark)
			simple(k, ipset_msg_destroy, spare);
	}
}
