/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft_layout.h"

/* Linux 6.16 */
#define SET_COUNT 20 /* NFTA_SET_COUNT */

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

/* Room for one more at the end of a list. NULL: too many, or out of memory. */
static void *grow(void **list, size_t *count, size_t size)
{
	void *more;

	if (*count == NFT_FOUND_MAX)
		return NULL;
	if (!(*count & (*count - 1))) {
		more = realloc(*list, (*count ? *count * 2 : 1) * size);
		if (!more)
			return NULL;
		*list = more;
	}
	return memset((char *)*list + (*count)++ * size, 0, size);
}

bool nft_set_size_read(uint32_t *size, uint32_t *entries, const struct nlmsghdr *m)
{
	const struct nlattr *a[SET_COUNT + 1], *desc[NFTA_SET_DESC_MAX + 1] = {0};

	nl_attributes(m, sizeof(struct nfgenmsg), a, SET_COUNT + 1);
	if (a[NFTA_SET_DESC])
		nl_nested(a[NFTA_SET_DESC], desc, NFTA_SET_DESC_MAX + 1);
	nl_get_be32(desc[NFTA_SET_DESC_SIZE], size);
	return nl_get_be32(a[SET_COUNT], entries);
}

static void read_set_header(struct nft_found_set *s, const struct nlmsghdr *m)
{
	const struct prefix p = nft_slot_prefix(s->slot);
	const struct nlattr *a[NFTA_SET_MAX + 1];
	uint32_t flags = 0, type = 0, len = 0, entries;

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_SET_MAX + 1);
	nl_get_be32(a[NFTA_SET_FLAGS], &flags);
	nl_get_be32(a[NFTA_SET_KEY_TYPE], &type);
	nl_get_be32(a[NFTA_SET_KEY_LEN], &len);
	s->good = flags == NFT_SET_TIMEOUT && len == prefix_bits(&p) / 8 &&
		  type == (p.family == 4 ? NFT_TYPE_IPV4_ADDR : NFT_TYPE_IPV6_ADDR);
	s->entries = nft_set_size_read(&s->size, &entries, m) ? entries : UINT64_MAX;
}

/* Sets without a name are part of the rule that names them. */
static int read_set(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_SET_MAX + 1];
	struct nft_layout *l = arg;
	struct nft_found_set *s;
	uint32_t flags = 0;

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_SET_MAX + 1);
	nl_get_be32(a[NFTA_SET_FLAGS], &flags);
	if (strcmp(nl_text(a[NFTA_SET_TABLE]), NFT_TABLE) != 0 || flags & NFT_SET_ANONYMOUS)
		return 0;
	s = grow((void **)&l->sets, &l->set_count, sizeof *s);
	if (!s)
		return -ENOMEM;
	if (nft_slot_parse(&s->slot, &s->second, s->scope, nl_text(a[NFTA_SET_NAME]))) {
		snprintf(s->name, sizeof s->name, "%s", nl_text(a[NFTA_SET_NAME]));
		read_set_header(s, m);
	} else {
		l->strange = true;
		l->set_count--;
	}
	return 0;
}

/* ---- rules, whoever wrote them ---- */

static void read_immediate(struct nft_found_rule *rule, const struct nlattr *nest)
{
	const struct nlattr *a[NFTA_IMMEDIATE_MAX + 1], *data[NFTA_DATA_MAX + 1],
		*verdict[NFTA_VERDICT_MAX + 1];
	uint32_t code;

	nl_nested(nest, a, NFTA_IMMEDIATE_MAX + 1);
	if (!a[NFTA_IMMEDIATE_DATA])
		return;
	nl_nested(a[NFTA_IMMEDIATE_DATA], data, NFTA_DATA_MAX + 1);
	if (!data[NFTA_DATA_VERDICT])
		return;
	nl_nested(data[NFTA_DATA_VERDICT], verdict, NFTA_VERDICT_MAX + 1);
	if (nl_get_be32(verdict[NFTA_VERDICT_CODE], &code) && code == NF_ACCEPT)
		rule->accepts = true;
}

/* NFPROTO_IPV4 and _IPV6, the other single bytes that are compared here, are 2 and 10. */
static void read_cmp(struct nft_found_rule *rule, const struct nlattr *nest)
{
	const struct nlattr *a[NFTA_CMP_MAX + 1], *data[NFTA_DATA_MAX + 1];
	uint8_t value;

	nl_nested(nest, a, NFTA_CMP_MAX + 1);
	if (!a[NFTA_CMP_DATA])
		return;
	nl_nested(a[NFTA_CMP_DATA], data, NFTA_DATA_MAX + 1);
	if (nl_get(data[NFTA_DATA_VALUE], &value, sizeof value) &&
	    (value == IPPROTO_TCP || value == IPPROTO_UDP))
		rule->protocol = value;
}

static void read_lookup(struct nft_found_rule *rule, const struct nlattr *nest)
{
	const struct nlattr *a[NFTA_LOOKUP_MAX + 1];
	const char *name;
	uint32_t into;

	nl_nested(nest, a, NFTA_LOOKUP_MAX + 1);
	if (nl_get_be32(a[NFTA_LOOKUP_DREG], &into) && into == NFT_REG_VERDICT)
		rule->accepts = true;
	name = nl_text(a[NFTA_LOOKUP_SET]);
	if (strncmp(name, "__", 2) != 0) /* those without a name: __set0, __map0 ... */
		snprintf(rule->set, sizeof rule->set, "%s", name);
}

static void read_counter(struct nft_found_rule *rule, const struct nlattr *nest)
{
	const struct nlattr *a[NFTA_COUNTER_MAX + 1];

	nl_nested(nest, a, NFTA_COUNTER_MAX + 1);
	rule->counted = true;
	rule->counter.packets = nl_get_be64(a[NFTA_COUNTER_PACKETS]);
	rule->counter.bytes = nl_get_be64(a[NFTA_COUNTER_BYTES]);
}

static const struct {
	const char *name;
	void (*read)(struct nft_found_rule *rule, const struct nlattr *nest);
} readers[] = {{"lookup", read_lookup},
	       {"counter", read_counter},
	       {"cmp", read_cmp},
	       {"immediate", read_immediate}};

static void read_expression(struct nft_found_rule *rule, const struct nlattr *nest)
{
	const struct nlattr *a[NFTA_EXPR_MAX + 1];
	size_t i;

	nl_nested(nest, a, NFTA_EXPR_MAX + 1);
	for (i = 0; a[NFTA_EXPR_DATA] && i < sizeof readers / sizeof *readers; i++)
		if (!strcmp(nl_text(a[NFTA_EXPR_NAME]), readers[i].name))
			readers[i].read(rule, a[NFTA_EXPR_DATA]);
}

bool nft_found_rule_read(struct nft_found_rule *out, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_RULE_MAX + 1], *expression;
	struct nft_found_rule rule = {0};

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_RULE_MAX + 1);
	if (!a[NFTA_RULE_HANDLE])
		return false;
	rule.handle = nl_get_be64(a[NFTA_RULE_HANDLE]);
	if (a[NFTA_RULE_EXPRESSIONS])
		mnl_attr_for_each_nested(expression, a[NFTA_RULE_EXPRESSIONS])
			read_expression(&rule, expression);
	*out = rule;
	return true;
}

static int read_rule(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_RULE_CHAIN + 1];
	struct nft_layout *l = arg;
	struct nft_found_rule *rule;

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_RULE_CHAIN + 1);
	if (strcmp(nl_text(a[NFTA_RULE_TABLE]), NFT_TABLE) != 0 ||
	    strcmp(nl_text(a[NFTA_RULE_CHAIN]), NFT_CHAIN) != 0)
		return 0;
	rule = grow((void **)&l->rules, &l->rule_count, sizeof *rule);
	if (!rule)
		return -ENOMEM;
	if (!nft_found_rule_read(rule, m))
		l->rule_count--;
	return 0;
}

bool nft_found_scope(char scope[NFT_SCOPE_SIZE], const struct nft_found_rule *rule)
{
	unsigned slot;
	bool second;

	return nft_slot_parse(&slot, &second, scope, rule->set);
}

/* ---- the whole of it ---- */

static int dump(struct nft_layout *l, struct kernel *k, uint16_t type,
		int (*data)(void *arg, const struct nlmsghdr *m))
{
	const struct nl_answers answers = {.data = data, .arg = l};

	nl_begin(k->batch, &k->nft);
	nft_msg_dump(k->batch, NFPROTO_INET, type, NFT_TABLE);
	return nl_send(&k->nft, k->batch, &answers);
}

static int read_once(struct nft_layout *l, struct kernel *k)
{
	const struct nl_answers answers = {.data = read_table, .arg = l};
	int error;

	nl_begin(k->batch, &k->nft);
	nft_msg_get_table(k->batch, NFPROTO_INET, NFT_TABLE);
	error = nl_send(&k->nft, k->batch, &answers);
	if (!l->there)
		return error == -ENOENT ? 0 : error;
	if (!error)
		error = dump(l, k, NFT_MSG_GETCHAIN, read_chain);
	if (!error)
		error = dump(l, k, NFT_MSG_GETSET, read_set);
	if (!error)
		error = dump(l, k, NFT_MSG_GETRULE, read_rule);
	if (l->chains != 1)
		l->strange = true;
	return error;
}

/* Whatever anyone changes in nf_tables meanwhile cuts a dump short. */
int nft_layout_read(struct nft_layout *out, struct kernel *k)
{
	int tries, error = -EINTR;

	*out = (struct nft_layout){0};
	for (tries = 0; error == -EINTR && tries < 10; tries++) {
		nft_layout_clear(out);
		error = read_once(out, k);
	}
	return error;
}

void nft_layout_clear(struct nft_layout *l)
{
	free(l->sets);
	free(l->rules);
	*l = (struct nft_layout){0};
}

/* ---- one scope ---- */

/* The generation that rules name; when there are no rules the one that has sets. Both: nothing
 * of ours leaves that. */
static bool generation(bool *second, const bool rules[2], const bool sets[2])
{
	const bool *of = rules[0] || rules[1] ? rules : sets;

	*second = of[1];
	return of[0] != of[1];
}

static void view_rules(struct nft_view *v, bool named[2], const struct nft_layout *l,
		       const char *scope)
{
	char of[NFT_SCOPE_SIZE];
	unsigned slot;
	bool second;
	size_t i;

	for (i = 0; i < l->rule_count; i++) {
		const struct nft_found_rule *r = &l->rules[i];

		if (!nft_slot_parse(&slot, &second, of, r->set) || strcmp(of, scope) != 0)
			continue;
		named[second] = true;
		v->counters[slot][r->protocol == IPPROTO_UDP] = r->counter;
	}
}

void nft_layout_view(struct nft_view *out, const struct nft_layout *l, const char *scope)
{
	bool named[2] = {false}, there[2] = {false};
	size_t i;

	*out = (struct nft_view){0};
	view_rules(out, named, l, scope);
	for (i = 0; i < l->set_count; i++)
		if (!strcmp(l->sets[i].scope, scope))
			there[l->sets[i].second] = true;
	if (!generation(&out->second, named, there))
		return;
	for (i = 0; i < l->set_count; i++)
		if (!strcmp(l->sets[i].scope, scope) && l->sets[i].second == out->second &&
		    l->sets[i].good)
			out->live[l->sets[i].slot] = true;
}
