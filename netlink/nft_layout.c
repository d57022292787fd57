/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft_layout.h"

static int read_table(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_TABLE_OWNER + 1];
	struct nft_layout *l = arg;

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_TABLE_OWNER + 1);
	l->there = true;
	nl_get_be32(a[NFTA_TABLE_FLAGS], &l->flags);
	nl_get_be32(a[NFTA_TABLE_OWNER], &l->owner);
	return 0;
}

/* One chain, where it belongs. */
static int read_chain(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1] = {0};
	uint32_t number = UINT32_MAX, priority = 0, policy = UINT32_MAX;
	struct nft_layout *l = arg;

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_CHAIN_MAX + 1);
	if (strcmp(nl_text(a[NFTA_CHAIN_TABLE]), NFT_TABLE) != 0)
		return 0;
	if (a[NFTA_CHAIN_HOOK])
		nl_nested(a[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX + 1);
	nl_get_be32(hook[NFTA_HOOK_HOOKNUM], &number);
	nl_get_be32(hook[NFTA_HOOK_PRIORITY], &priority);
	nl_get_be32(a[NFTA_CHAIN_POLICY], &policy);
	if (strcmp(nl_text(a[NFTA_CHAIN_NAME]), NFT_CHAIN) != 0 ||
	    strcmp(nl_text(a[NFTA_CHAIN_TYPE]), "filter") != 0 ||
	    number != NF_INET_PRE_ROUTING || (int32_t)priority != NFT_PRIORITY ||
	    policy != NF_ACCEPT)
		l->strange = true;
	l->chains++;
	return 0;
}

static int read_set(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_SET_MAX + 1];
	uint32_t flags = 0, type = 0, len = 0;
	struct nft_layout *l = arg;
	struct prefix p;
	unsigned slot;
	bool second;

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_SET_MAX + 1);
	if (strcmp(nl_text(a[NFTA_SET_TABLE]), NFT_TABLE) != 0)
		return 0;
	if (!nft_slot_parse(&slot, &second, nl_text(a[NFTA_SET_NAME]))) {
		l->strange = true;
		return 0;
	}
	nl_get_be32(a[NFTA_SET_FLAGS], &flags);
	nl_get_be32(a[NFTA_SET_KEY_TYPE], &type);
	nl_get_be32(a[NFTA_SET_KEY_LEN], &len);
	p = nft_slot_prefix(slot);
	if (flags != NFT_SET_TIMEOUT || len != prefix_bits(&p) / 8 ||
	    type != (p.family == 4 ? NFT_TYPE_IPV4_ADDR : NFT_TYPE_IPV6_ADDR))
		l->strange = true;
	l->sets[second][slot] = true;
	return 0;
}

struct found {
	const char *set;
	struct nft_counter counter;
};

static int read_expression(struct nftnl_expr *e, void *arg)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
	struct found *found = arg;

	if (!strcmp(name, "lookup"))
		found->set = nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET);
	if (!strcmp(name, "counter")) {
		found->counter.packets = nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_PACKETS);
		found->counter.bytes = nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_BYTES);
	}
	return 0;
}

/* Which sets are in force, and what their rules have counted. */
static int read_rule(void *arg, const struct nlmsghdr *m)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct nft_layout *l = arg;
	struct found found = {0};
	unsigned slot;
	bool second;
	int error = -ENOMEM;

	if (!rule)
		return error;
	error = nftnl_rule_nlmsg_parse(m, rule) < 0 ? -EBADMSG : 0;
	if (error || strcmp(nftnl_rule_get_str(rule, NFTNL_RULE_TABLE), NFT_TABLE) != 0)
		goto out;
	nftnl_expr_foreach(rule, read_expression, &found);
	if (found.set && nft_slot_parse(&slot, &second, found.set)) {
		l->counters[slot] = found.counter;
		l->named[second] = true;
	}
out:
	nftnl_rule_free(rule);
	return error;
}

static int dump(struct nft_layout *l, struct kernel *k, uint16_t type,
		int (*data)(void *arg, const struct nlmsghdr *m))
{
	const struct nl_answers answers = {.data = data, .arg = l};

	nl_begin(k->batch, &k->nft);
	nft_msg_dump(k->batch, type, NFT_TABLE);
	return nl_send(&k->nft, k->batch, &answers);
}

int nft_layout_read(struct nft_layout *out, struct kernel *k)
{
	struct nft_layout l = {0};
	const struct nl_answers answers = {.data = read_table, .arg = &l};
	int error;

	nl_begin(k->batch, &k->nft);
	nft_msg_get_table(k->batch, NFPROTO_INET, NFT_TABLE);
	error = nl_send(&k->nft, k->batch, &answers);
	if (error && error != -ENOENT)
		return error;
	if (l.there)
		error = dump(&l, k, NFT_MSG_GETCHAIN, read_chain);
	if (l.there && !error)
		error = dump(&l, k, NFT_MSG_GETSET, read_set);
	if (l.there && !error)
		error = dump(&l, k, NFT_MSG_GETRULE, read_rule);
	if (l.there && error)
		return error;
	/* Rules of both generations, or a basic set missing: nothing of ours leaves that. */
	l.second = l.named[1];
	if (l.there && (l.chains != 1 || l.named[0] == l.named[1] || !l.sets[l.second][32] ||
			!l.sets[l.second][33 + 64]))
		l.strange = true;
	*out = l;
	return 0;
}
