/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <linux/netfilter.h>

#include "netlink/ipset_create.h"
#include "netlink/ipset_msg.h"
#include "netlink/target.h"

/* The target ipset: up to four sets, made by us or found. */

enum role { ADDRESSES4, ADDRESSES6, NETS4, NETS6, ROLES };

static const struct {
	const char *suffix, *type;
	uint8_t family, netmask;
} roles[ROLES] = {
	[ADDRESSES4] = {"", "hash:ip", NFPROTO_IPV4, 0},
	[ADDRESSES6] = {"6", "hash:ip", NFPROTO_IPV6, 64},
	[NETS4] = {"-net", "hash:net", NFPROTO_IPV4, 0},
	[NETS6] = {"6-net", "hash:net", NFPROTO_IPV6, 0},
};

struct set {
	char name[IPSET_NAME_SIZE];
	bool nets; /* a hash:net: takes any length */
	bool ours;
};

struct ipset {
	struct target target; /* first */
	/* With one set of someone else's among them nothing is listed or flushed: deletes come
	 * one by one from what state knows. */
	bool shared;
	bool created;  /* all of them, just now */
	uint32_t mark; /* what tells ours */
	struct set sets[ROLES];
};

static struct ipset *ipset_of(struct target *t)
{
	return (struct ipset *)t;
}

static void ipset_close(struct target *t)
{
	free(ipset_of(t));
}

/* An administrator's NAME can be a hash:net (shorewall makes such): then it takes prefixes as
 * well, and there is no NAME-net. */
static const struct set *set_for(const struct ipset *s, const struct prefix *p)
{
	const struct set *set = &s->sets[p->family == 4 ? ADDRESSES4 : ADDRESSES6];

	if (set->nets || p->len == (p->family == 4 ? 32 : 64))
		return set;
	return &s->sets[p->family == 4 ? NETS4 : NETS6];
}

/* ---- changes ---- */

struct failure {
	int error;
	uint32_t number;
};

static void note(void *arg, unsigned index, int error, const struct nlmsghdr *about)
{
	struct failure *f = arg;

	(void)index;
	f->error = error;
	f->number = ipset_msg_failed(about);
}

/* The kernel stops at the first that fails and keeps those before: go on behind it. */
static void write_run(struct kernel *k, const struct set *set, struct change *changes,
		      size_t count)
{
	size_t from = 0;
	int error = 0;

	while (from < count) {
		struct failure f = {0};
		const struct nl_answers answers = {.ended = note, .arg = &f};

		nl_begin(k->batch, &k->ipset);
		ipset_msg_changes(k->batch, set->name, set->nets, changes + from, count - from);
		error = nl_send(&k->ipset, k->batch, &answers);
		if (!error)
			return;
		if (!f.error || !f.number || f.number > count - from)
			break;
		changes[from + f.number - 1].result->error = ipset_errno(f.error);
		from += f.number;
	}
	for (; from < count; from++)
		changes[from].result->error = ipset_errno(error);
}

static void ipset_change(struct target *target, struct change *changes, size_t count)
{
	const struct ipset *s = ipset_of(target);
	size_t from, to;

	count = target_drop_fills(changes, count);
	for (from = 0; from < count; from = to) {
		const struct set *set = set_for(s, &changes[from].wire->prefix);

		for (to = from + 1; to < count; to++)
			if (changes[to].wire->op != changes[from].wire->op ||
			    set_for(s, &changes[to].wire->prefix) != set)
				break;
		write_run(target->kernel, set, changes + from, to - from);
	}
}

/* ---- list and flush ---- */

static int read_header(void *arg, const struct nlmsghdr *m)
{
	ipset_msg_read_header(arg, m);
	return 0;
}

static int look(struct ipset_header *out, struct kernel *k, const char *name)
{
	const struct nl_answers answers = {.data = read_header, .arg = out};

	*out = (struct ipset_header){0};
	nl_begin(k->batch, &k->ipset);
	ipset_msg_header(k->batch, name);
	return ipset_errno(nl_send(&k->ipset, k->batch, &answers));
}

struct listing {
	struct packet_stream *out;
	unsigned len;
};

static int read_held(void *arg, const struct nlmsghdr *m)
{
	const struct listing *l = arg;

	ipset_msg_read_held(m, l->len, l->out);
	return l->out->error;
}

/* Is each still the set that was made or found? -ENOENT: destroyed; -ESTALE: another took its
 * name. Either way the target has to be defined again. */
static int still_ours(const struct ipset *s)
{
	struct ipset_header h;
	int i, error = s->shared ? -EOPNOTSUPP : 0;

	for (i = 0; i < ROLES && !error; i++) {
		error = look(&h, s->target.kernel, s->sets[i].name);
		if (!error && h.initval != s->mark)
			error = -ESTALE;
	}
	return error;
}

static int ipset_list(struct target *target, struct packet_stream *out)
{
	const struct ipset *s = ipset_of(target);
	struct kernel *k = target->kernel;
	int i, error = still_ours(s);

	for (i = 0; i < ROLES && !error; i++) {
		struct listing l = {out, i == ADDRESSES4 ? 32 : 64};
		const struct nl_answers answers = {.data = read_held, .arg = &l};

		nl_begin(k->batch, &k->ipset);
		ipset_msg_list(k->batch, s->sets[i].name);
		error = ipset_errno(nl_send(&k->ipset, k->batch, &answers));
	}
	return error;
}

static int ipset_flush(struct target *target)
{
	const struct ipset *s = ipset_of(target);
	struct kernel *k = target->kernel;
	int i, error = still_ours(s);

	for (i = 0; i < ROLES && !error; i++) {
		nl_begin(k->batch, &k->ipset);
		ipset_msg_flush(k->batch, s->sets[i].name);
		error = ipset_errno(nl_send(&k->ipset, k->batch, NULL));
	}
	return error;
}

/* ---- open ---- */

static int check(struct set *set, enum role role, const struct ipset_header *h)
{
	uint8_t netmask = h->netmask == (h->family == NFPROTO_IPV4 ? 32 : 128) ? 0 : h->netmask;

	set->nets = !strcmp(h->type, "hash:net");
	if (!set->nets && (strcmp(h->type, "hash:ip") != 0 || role == NETS4 || role == NETS6))
		return WIRE_FAULT_TYPE;
	if (h->family != roles[role].family)
		return WIRE_FAULT_FAMILY;
	if (!h->timeout)
		return WIRE_FAULT_TIMEOUT;
	if (!set->nets && (netmask != roles[role].netmask || h->bitmask))
		return WIRE_FAULT_NETMASK;
	return 0;
}

static int create(struct set *set, enum role role, const struct options *o, uint32_t mark)
{
	bool many = role == ADDRESSES4 || role == ADDRESSES6;
	const struct ipset_plan plan = {
		.name = set->name,
		.type = roles[role].type,
		.family = roles[role].family,
		.netmask = roles[role].netmask,
		.maxelem = o->maxbans,
		.hashsize = ipset_hashsize(many ? o->expect : 0, o->maxbans),
		.initval = mark,
	};

	set->nets = !many;
	set->ours = true;
	return ipset_create(&plan);
}

static int open_set(struct ipset *s, enum role role, const struct options *o, uint32_t mark)
{
	struct set *set = &s->sets[role];
	struct ipset_header h;
	int error;

	snprintf(set->name, sizeof set->name, "%s%s", o->name, roles[role].suffix);
	/* Never looked up again when the set of addresses takes nets. */
	if (role >= NETS4 && s->sets[role - NETS4].nets)
		return 0;
	error = look(&h, s->target.kernel, set->name);
	if (error == -ENOENT)
		return create(set, role, o, mark);
	s->created = false;
	if (!error)
		error = check(set, role, &h);
	set->ours = o->identity && h.initval == o->identity;
	s->shared |= !set->ours;
	return error;
}

static int choose_mark(uint32_t *mark)
{
	while (!*mark)
		if (getrandom(mark, sizeof *mark, 0) != sizeof *mark)
			return -errno;
	return 0;
}

static int open_sets(struct ipset *s, struct wire_defined *defined, const struct options *o)
{
	uint32_t mark = o->identity;
	int error = choose_mark(&mark);
	enum role role;

	s->mark = mark;
	for (role = 0; role < ROLES && !error; role++) {
		error = open_set(s, role, o, mark);
		target_where(defined, s->sets[role].name);
		if (s->sets[role].ours)
			defined->identity = mark;
	}
	return error;
}

static const struct target_verbs verbs = {
	.change = ipset_change,
	.refill = target_no_refill,
	.flush = ipset_flush,
	.list = ipset_list,
	.close = ipset_close,
};

int ipset_open(struct target **out, struct wire_defined *defined, struct kernel *kernel,
	       const struct options *o)
{
	struct ipset *s = calloc(1, sizeof *s);
	int error;

	if (!s)
		return -ENOMEM;
	s->target = (struct target){.verbs = &verbs, .kernel = kernel};
	s->created = true;
	error = open_sets(s, defined, o);
	if (error)
		goto fail;
	target_where(defined, o->name);
	defined->way = s->shared ? WIRE_WAY_ADD : WIRE_WAY_DIFF;
	defined->timeouts = 1;
	defined->created = s->created;
	*out = &s->target;
	return 0;
fail:
	ipset_close(&s->target);
	return error;
}
