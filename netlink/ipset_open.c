/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <linux/netfilter.h>

#include "base/log.h"

#include "netlink/ipset.h"

/* What the sets are, and how they are found or made. */

static const struct {
	const char *type;
	uint8_t family, netmask;
} roles[IPSET_ROLES] = {
	[IPSET_ADDRESSES4] = {"hash:ip", NFPROTO_IPV4, 0},
	[IPSET_ADDRESSES6] = {"hash:ip", NFPROTO_IPV6, 64},
	[IPSET_NETS4] = {"hash:net", NFPROTO_IPV4, 0},
	[IPSET_NETS6] = {"hash:net", NFPROTO_IPV6, 0},
};

bool ipset_nets(enum ipset_role role)
{
	return role >= IPSET_NETS4;
}

unsigned ipset_len(enum ipset_role role)
{
	return role == IPSET_ADDRESSES4 ? 32 : 64;
}

void ipset_names(char (*out)[IPSET_NAME_SIZE], const struct options *o)
{
	size_t i;

	snprintf(out[IPSET_ADDRESSES4], IPSET_NAME_SIZE, "%s", o->name);
	if (o->name6[0])
		snprintf(out[IPSET_ADDRESSES6], IPSET_NAME_SIZE, "%s", o->name6);
	else
		snprintf(out[IPSET_ADDRESSES6], IPSET_NAME_SIZE, "%s6", o->name);
	for (i = 0; i < 2; i++) {
		const char *name = out[IPSET_ADDRESSES4 + i];
		bool fits = strlen(name) + strlen("-net") < IPSET_NAME_SIZE;

		out[IPSET_NETS4 + i][0] = 0;
		if (fits)
			snprintf(out[IPSET_NETS4 + i], IPSET_NAME_SIZE, "%.27s-net", name);
	}
}

int ipset_check(const struct ipset_header *h, enum ipset_role role)
{
	uint8_t netmask = h->netmask == (h->family == NFPROTO_IPV4 ? 32 : 128) ? 0 : h->netmask;
	bool nets = !strcmp(h->type, "hash:net");

	if (!nets && (strcmp(h->type, "hash:ip") != 0 || ipset_nets(role)))
		return WIRE_FAULT_TYPE;
	if (h->family != roles[role].family)
		return WIRE_FAULT_FAMILY;
	if (!h->timeout)
		return WIRE_FAULT_TIMEOUT;
	if (!nets && (netmask != roles[role].netmask || h->bitmask))
		return WIRE_FAULT_NETMASK;
	return 0;
}

bool ipset_same_kind(const struct ipset_header *h, enum ipset_role role, bool nets)
{
	return !strcmp(h->type, nets ? "hash:net" : "hash:ip") &&
	       h->family == roles[role].family;
}

/* Most bans are of single IPv4 addresses. */
static uint32_t hashsize_of(enum ipset_role role, const struct options *o)
{
	if (ipset_nets(role))
		return ipset_hashsize(0, o->maxbans);
	return ipset_hashsize(roles[role].family == NFPROTO_IPV4 ? o->expect : o->expect / 8,
			      o->maxbans);
}

static struct ipset_plan plan_of(enum ipset_role role, const char *name,
				 const struct options *o, uint32_t mark)
{
	return (struct ipset_plan){
		.name = name,
		.type = roles[role].type,
		.family = roles[role].family,
		.netmask = roles[role].netmask,
		.maxelem = o->maxbans,
		.hashsize = hashsize_of(role, o),
		.initval = mark,
	};
}

static int create(struct ipset_set *set, enum ipset_role role, const struct options *o,
		  uint32_t mark)
{
	const struct ipset_plan plan = plan_of(role, set->name, o, mark);

	set->nets = ipset_nets(role);
	set->ours = true;
	set->initval = mark;
	ipset_count_start(&set->count, ipset_now(), 0, true);
	return ipset_create(&plan);
}

/* A set of ours that was made for another number of entries. It is not made smaller than what
 * is in it. */
static void resize(struct ipset *s, enum ipset_role role, const struct options *o,
		   const struct ipset_header *h)
{
	struct ipset_set *set = &s->sets[role];
	struct ipset_plan plan = plan_of(role, set->name, o, s->mark);
	uint32_t hashsize = ipset_hashsize(h->entries, o->maxbans);
	int error;

	if (h->maxelem == plan.maxelem || h->entries > plan.maxelem)
		return;
	if (plan.hashsize < hashsize)
		plan.hashsize = hashsize;
	error = ipset_grow(s->target.kernel, role, &plan);
	if (error)
		log_warning("banish-netlink: ipset %s holds %u and cannot be made to hold %u: "
			    "%s",
			    set->name, h->maxelem, plan.maxelem, strerror(-error));
}

static int find(struct ipset *s, enum ipset_role role, const struct options *o,
		const struct ipset_header *h)
{
	struct ipset_set *set = &s->sets[role];
	int error = ipset_check(h, role);

	if (error)
		return error;
	set->nets = !strcmp(h->type, "hash:net");
	set->ours = o->identity && h->initval == o->identity;
	set->initval = h->initval;
	set->references = h->references;
	/* Of ours every end is known when they have been listed; in those of others never. */
	ipset_count_start(&set->count, ipset_now(), h->entries, !set->ours);
	s->shared |= !set->ours;
	if (set->ours)
		resize(s, role, o, h);
	return 0;
}

static int open_set(struct ipset *s, enum ipset_role role, const struct options *o)
{
	struct ipset_set *set = &s->sets[role];
	struct ipset_header h;
	int error;

	if (ipset_nets(role) && s->sets[role - IPSET_NETS4].nets)
		return 0;
	set->used = true;
	error = ipset_header(&h, s->target.kernel, set->name);
	/* A hash:ip needs another set beside it, whose name must be possible. */
	if (role == IPSET_ADDRESSES6 && !s->sets[IPSET_NETS6].name[0] &&
	    (error || strcmp(h.type, "hash:net") != 0))
		return WIRE_FAULT_OPTION;
	if (error == -ENOENT)
		return create(set, role, o, s->mark);
	s->created = false;
	return error ? error : find(s, role, o, &h);
}

static int choose_mark(uint32_t *mark)
{
	while (!*mark)
		if (getrandom(mark, sizeof *mark, 0) != sizeof *mark)
			return -errno;
	return 0;
}

/* NAME6 can be NAME or NAME-net, and the other way round. */
static int name_sets(struct ipset *s, const struct options *o)
{
	char names[IPSET_ROLES][IPSET_NAME_SIZE];
	int a, b;

	ipset_names(names, o);
	for (a = 0; a < IPSET_ROLES; a++) {
		memcpy(s->sets[a].name, names[a], IPSET_NAME_SIZE);
		for (b = 0; b < a; b++)
			if (!strcmp(names[a], names[b]))
				return WIRE_FAULT_OPTION;
	}
	return 0;
}

/* nfnetlink says -EINVAL for a part of it that is not there. -ENOENT: the kernel has no ip_set.
 */
static int check_kernel(struct kernel *k, const char *name)
{
	struct ipset_header h;

	return ipset_header(&h, k, name) == -EINVAL ? -ENOENT : 0;
}

static int open_sets(struct ipset *s, struct wire_defined *defined, const struct options *o)
{
	int role, error = choose_mark(&s->mark);

	if (!error)
		error = name_sets(s, o);
	if (!error)
		error = check_kernel(s->target.kernel, o->name);
	if (!error)
		ipset_grow_clean(s->target.kernel, s->mark);
	for (role = 0; role < IPSET_ROLES && !error; role++) {
		target_where(defined, s->sets[role].name);
		error = open_set(s, role, o);
		if (s->sets[role].ours)
			defined->identity = s->mark;
	}
	if (error == WIRE_FAULT_OPTION)
		target_where(defined, "name6");
	return error;
}

int ipset_open(struct target **out, struct wire_defined *defined, struct kernel *kernel,
	       const struct options *o)
{
	struct ipset *s = calloc(1, sizeof *s);
	int error;

	if (!s)
		return -ENOMEM;
	s->target = (struct target){.verbs = &ipset_verbs, .kernel = kernel};
	s->created = true;
	s->mark = o->identity;
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
	ipset_verbs.close(&s->target);
	return error;
}
