/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target ipset: up to four sets, made by us or found. What its files share. */
#ifndef BANISH_NETLINK_IPSET_H
#define BANISH_NETLINK_IPSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/ipset_count.h"
#include "netlink/ipset_create.h"
#include "netlink/ipset_known.h"
#include "netlink/ipset_msg.h"
#include "netlink/target.h"

enum ipset_role { IPSET_ADDRESSES4, IPSET_ADDRESSES6, IPSET_NETS4, IPSET_NETS6, IPSET_ROLES };

struct ipset_set {
	char name[IPSET_NAME_SIZE];
	bool used; /* a hash:net for addresses takes nets as well: then there is no NAME-net */
	bool nets; /* a hash:net: takes any length */
	bool ours;
	uint32_t initval; /* what it had when it was made or found: another has another */
	uint32_t references;
	struct ipset_count count;
	struct ipset_known known; /* of a set of someone else's */
};

struct ipset {
	struct target target; /* first */
	/* With one set of someone else's among them nothing is flushed: deletes come one by one
	 * from what state knows. */
	bool shared;
	bool created;  /* all of them, just now */
	bool stale;    /* a set is gone or is another one: it has to be defined again */
	bool few;      /* some are missing, which was not told yet */
	int64_t told;  /* ms: when it was last */
	uint32_t mark; /* what tells ours */
	struct ipset_set sets[IPSET_ROLES];
};

extern const struct target_verbs ipset_verbs;

/* A hash:net when we make it. */
bool ipset_nets(enum ipset_role role);
/* The length of elements that say none. */
unsigned ipset_len(enum ipset_role role);

/* What the sets of a target are called. */
void ipset_names(char (*out)[IPSET_NAME_SIZE], const struct options *options);

/* Ask for a header: 0, -ENOENT: no such set, or another -errno. */
int ipset_header(struct ipset_header *out, struct kernel *kernel, const char *name);

/* The same for type and family, which is cheap. */
int ipset_kind(struct ipset_header *out, struct kernel *kernel, const char *name);

/* Is what is there under a name what this role needs? 0 or enum wire_fault. */
int ipset_check(const struct ipset_header *header, enum ipset_role role);
/* As far as type and family tell: is it the kind of set that was made or found? */
bool ipset_same_kind(const struct ipset_header *header, enum ipset_role role, bool nets);

/* The target's change verb for a run of changes that are all adds or all deletes, for one set.
 * `now`: ms of CLOCK_MONOTONIC. May reorder them. */
void ipset_write(struct ipset *s, struct ipset_set *set, struct change *changes, size_t count,
		 int64_t now);

/*
 * A set of ours is to hold `plan.maxelem` (its name is the set's): that cannot be changed in
 * place, so another is made, filled with what is in it, and swapped in. What refers to the set
 * by name or in a rule sees nothing of it. On failure all is as before.
 */
int ipset_grow(struct kernel *kernel, enum ipset_role role, const struct ipset_plan *plan);
/* Take out what a worker that died in the middle of that has left. */
void ipset_grow_clean(struct kernel *kernel, uint32_t mark);

/* CLOCK_MONOTONIC in ms. */
int64_t ipset_now(void);

#endif
