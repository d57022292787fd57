/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft.h"
#include "netlink/nft_layout.h"

/* What the kernel says about the effect of sets. Nothing here is sent often. */

#define CHAINS_MAX 16 /* of others, ahead of ours */

static void tell(struct packet_stream *out, enum wire_about what, const char *name,
		 int64_t value)
{
	struct wire_fact *fact = packet_stream_next(out);

	fact->what = (uint8_t)what;
	fact->value = value;
	snprintf(fact->name, sizeof fact->name, "%.*s", (int)sizeof fact->name - 1, name);
}

static int dump_once(struct kernel *k, uint8_t family, uint16_t type, const char *table,
		     int (*data)(void *arg, const struct nlmsghdr *m), void *arg)
{
	const struct nl_answers answers = {.data = data, .arg = arg};

	nl_begin(k->batch, &k->nft);
	nft_msg_dump(k->batch, family, type, table);
	return nl_send(&k->nft, k->batch, &answers);
}

/* What others change meanwhile may be told twice or not at all: a person looks at this. */
static int dump(struct kernel *k, uint8_t family, uint16_t type, const char *table,
		int (*data)(void *arg, const struct nlmsghdr *m), void *arg)
{
	int error = dump_once(k, family, type, table, data, arg);

	return error == -EINTR ? 0 : error;
}

/* ---- chains ---- */

struct chain {
	uint8_t family;
	char table[NFT_NAME_SIZE], name[NFT_NAME_SIZE];
	uint32_t hook;
	int32_t priority;
};

/* False: not a base chain. */
static bool read_chain(struct chain *out, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(m);
	uint32_t priority;

	nl_attributes(m, sizeof *header, a, NFTA_CHAIN_MAX + 1);
	if (!a[NFTA_CHAIN_HOOK])
		return false;
	nl_nested(a[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX + 1);
	if (!nl_get_be32(hook[NFTA_HOOK_HOOKNUM], &out->hook) ||
	    !nl_get_be32(hook[NFTA_HOOK_PRIORITY], &priority))
		return false;
	out->priority = (int32_t)priority;
	out->family = header->nfgen_family;
	snprintf(out->table, sizeof out->table, "%s", nl_text(a[NFTA_CHAIN_TABLE]));
	snprintf(out->name, sizeof out->name, "%s", nl_text(a[NFTA_CHAIN_NAME]));
	return true;
}

struct chains {
	struct chain at[CHAINS_MAX];
	size_t count;
};

/* Bridges and devices have hooks of their own. */
static int read_before(void *arg, const struct nlmsghdr *m)
{
	struct chains *before = arg;
	struct chain c;

	if (read_chain(&c, m) && before->count < CHAINS_MAX && c.hook == NF_INET_PRE_ROUTING &&
	    c.priority < NFT_PRIORITY &&
	    (c.family == NFPROTO_INET || c.family == NFPROTO_IPV4 || c.family == NFPROTO_IPV6))
		before->at[before->count++] = c;
	return 0;
}

/* ---- rules ---- */

struct accepting {
	const struct chain *chain;
	bool accepts;
};

static bool is_of_chain(const struct nlmsghdr *m, const char *chain)
{
	const struct nlattr *a[NFTA_RULE_CHAIN + 1];

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_RULE_CHAIN + 1);
	return !strcmp(nl_text(a[NFTA_RULE_CHAIN]), chain);
}

static int read_accepting(void *arg, const struct nlmsghdr *m)
{
	struct accepting *a = arg;
	struct nft_found_rule rule;

	if (is_of_chain(m, a->chain->name) && nft_found_rule_read(&rule, m))
		a->accepts |= rule.accepts;
	return 0;
}

static int tell_before(struct kernel *k, struct packet_stream *out)
{
	struct chains before = {.count = 0};
	int error = dump(k, NFPROTO_UNSPEC, NFT_MSG_GETCHAIN, NULL, read_before, &before);
	char name[2 * NFT_NAME_SIZE];
	size_t i;

	for (i = 0; !error && i < before.count; i++) {
		struct accepting a = {.chain = &before.at[i]};

		error = dump(k, a.chain->family, NFT_MSG_GETRULE, a.chain->table,
			     read_accepting, &a);
		snprintf(name, sizeof name, "%s %s", a.chain->table, a.chain->name);
		if (!error && a.accepts)
			tell(out, WIRE_CHAIN_BEFORE, name, a.chain->priority);
	}
	return error;
}

/* ---- our own table ---- */

static void tell_set(struct packet_stream *out, const struct nft_layout *l,
		     const struct nft_found_set *set)
{
	int64_t rules = 0, packets = 0;
	size_t i;

	for (i = 0; i < l->rule_count; i++)
		if (!strcmp(l->rules[i].set, set->name)) {
			rules++;
			packets += (int64_t)l->rules[i].counter.packets;
		}
	tell(out, WIRE_SET_REFERENCES, set->name, rules);
	if (set->entries != UINT64_MAX)
		tell(out, WIRE_SET_ENTRIES, set->name, (int64_t)set->entries);
	if (set->size)
		tell(out, WIRE_SET_SIZE, set->name, set->size);
	if (rules)
		tell(out, WIRE_RULE_PACKETS, set->name, packets);
}

static void tell_scope(struct packet_stream *out, const struct nft_layout *l,
		       const struct nft_scope *s)
{
	char name[NFT_NAME_SIZE];
	struct nft_view v;
	unsigned slot;
	size_t i;

	nft_layout_view(&v, l, s->name);
	for (i = 0; i < l->set_count; i++)
		if (!strcmp(l->sets[i].scope, s->name) && l->sets[i].second == v.second)
			tell_set(out, l, &l->sets[i]);
	for (slot = 0; slot < NFT_SLOTS; slot++)
		if (s->slots[slot].live && !v.live[slot])
			tell(out, WIRE_SET_REFERENCES,
			     nft_slot_name(name, s->name, slot, s->second), 0);
}

int nft_own_live(struct target *target, struct packet_stream *facts)
{
	struct kernel *k = target->kernel;
	struct nft_layout layout;
	int error = nft_layout_read(&layout, k);

	if (!error) {
		tell_scope(facts, &layout, nft_of(target)->scope);
		if (layout.there && !layout.strange)
			tell(facts, WIRE_CHAIN_PRIORITY, NFT_TABLE " " NFT_CHAIN, NFT_PRIORITY);
		error = tell_before(k, facts);
	}
	nft_layout_clear(&layout);
	return error;
}

/* ---- the user's ---- */

/* The rules that use a set. */
struct use {
	const char *set;
	int64_t rules, packets;
	bool counted;
	char chain[NFT_NAME_SIZE]; /* of the first of them */
	int64_t accepts;	   /* rules before it in its chain */
};

struct uses {
	struct use of[2];
	char chain[NFT_NAME_SIZE]; /* the one we are in, */
	int64_t accepts;	   /* and how many rules of it accept, up to here */
};

static void count_use(struct use *use, const struct uses *all, const struct nft_found_rule *r)
{
	if (!use->set[0] || strcmp(r->set, use->set) != 0)
		return;
	if (!use->rules++) {
		memcpy(use->chain, all->chain, sizeof use->chain);
		use->accepts = all->accepts;
	}
	use->counted |= r->counted;
	use->packets += (int64_t)r->counter.packets;
}

/* The kernel dumps chain by chain, and the rules of each in their order. */
static int read_use(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_RULE_CHAIN + 1];
	struct nft_found_rule rule;
	struct uses *all = arg;

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_RULE_CHAIN + 1);
	if (!is_of_chain(m, all->chain)) {
		snprintf(all->chain, sizeof all->chain, "%s", nl_text(a[NFTA_RULE_CHAIN]));
		all->accepts = 0;
	}
	if (!nft_found_rule_read(&rule, m))
		return 0;
	count_use(&all->of[0], all, &rule);
	count_use(&all->of[1], all, &rule);
	all->accepts += rule.accepts;
	return 0;
}

struct size {
	uint32_t size, entries;
	bool known;
};

static int read_size(void *arg, const struct nlmsghdr *m)
{
	struct size *s = arg;

	s->known = nft_set_size_read(&s->size, &s->entries, m);
	return 0;
}

static int tell_size(struct kernel *k, const struct nft_place *place, struct packet_stream *out)
{
	struct size s = {0};
	const struct nl_answers answers = {.data = read_size, .arg = &s};
	int error;

	nl_begin(k->batch, &k->nft);
	nft_msg_get_set(k->batch, place->family, place->table, place->set);
	error = nl_send(&k->nft, k->batch, &answers);
	if (!error && s.size)
		tell(out, WIRE_SET_SIZE, place->set, s.size);
	if (!error && s.known)
		tell(out, WIRE_SET_ENTRIES, place->set, s.entries);
	return error == -ENOENT ? 0 : error;
}

struct priority {
	const char *table, *chain;
	struct packet_stream *out;
};

static int read_priority(void *arg, const struct nlmsghdr *m)
{
	const struct priority *p = arg;
	struct chain c;

	if (!read_chain(&c, m) || strcmp(c.table, p->table) != 0 ||
	    strcmp(c.name, p->chain) != 0)
		return 0;
	tell(p->out, WIRE_CHAIN_PRIORITY, c.name, c.priority);
	tell(p->out, WIRE_CHAIN_HOOK, c.name, c.hook);
	return 0;
}

static int tell_use(struct kernel *k, const struct nft_place *place, const struct use *use,
		    struct packet_stream *out)
{
	struct priority p = {place->table, use->chain, out};
	int error;

	if (!place->set[0])
		return 0;
	tell(out, WIRE_SET_REFERENCES, use->set, use->rules);
	error = tell_size(k, place, out);
	if (error || !use->rules)
		return error;
	if (use->counted)
		tell(out, WIRE_RULE_PACKETS, use->set, use->packets);
	if (use->accepts)
		tell(out, WIRE_RULES_BEFORE, use->chain, use->accepts);
	return dump(k, place->family, NFT_MSG_GETCHAIN, place->table, read_priority, &p);
}

int nft_user_live(struct target *target, struct packet_stream *facts)
{
	const struct nft *nft = nft_of(target);
	struct kernel *k = target->kernel;
	struct uses uses;
	int error = -EINTR, tries;

	for (tries = 0; error == -EINTR && tries < 5; tries++) {
		uses = (struct uses){.of = {{.set = nft->set4.set}, {.set = nft->set6.set}}};
		error = dump_once(k, nft->set4.family, NFT_MSG_GETRULE, nft->table, read_use,
				  &uses);
	}
	if (!error)
		error = tell_use(k, &nft->set4, &uses.of[0], facts);
	if (!error)
		error = tell_use(k, &nft->set6, &uses.of[1], facts);
	return error;
}
