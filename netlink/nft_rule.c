/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "netlink/nft_msg.h"

/* The rule of a set, as nft(8) would write it, so that it lists as one. */

struct rule {
	struct nftnl_rule *rule;
	bool failed;
};

static struct nftnl_expr *expression(struct rule *r, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e)
		r->failed = true;
	else
		nftnl_rule_add_expr(r->rule, e);
	return e;
}

/* What the packet is, by a meta key of one byte. False: out of memory, as r->failed says. */
static bool put_meta(struct rule *r, uint32_t key, uint8_t value)
{
	struct nftnl_expr *e = expression(r, "meta");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
	e = expression(r, "cmp");
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, &value, sizeof value);
	return true;
}

/* inet chains see both families; a payload is only what it seems after this. */
static void put_family(struct rule *r, uint8_t family)
{
	put_meta(r, NFT_META_NFPROTO, family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

static void put_source(struct rule *r, const struct prefix *p)
{
	struct nftnl_expr *e = expression(r, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, p->family == 4 ? 12 : 8);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, prefix_bits(p) / 8);
}

static void put_mask(struct rule *r, const struct prefix *p)
{
	static const uint8_t zero[16];
	struct prefix mask = {.family = p->family, .len = p->len};
	struct nftnl_expr *e;

	if (prefix_is_single(p))
		return;
	e = expression(r, "bitwise");
	if (!e)
		return;
	memset(mask.addr, 0xff, sizeof mask.addr);
	mask.len = (uint8_t)prefix_bits(p);
	mask = prefix_cut(&mask, p->len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, prefix_bits(p) / 8);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask.addr, prefix_bits(p) / 8);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, prefix_bits(p) / 8);
}

static void put_lookup(struct rule *r, const char *set, uint32_t id)
{
	struct nftnl_expr *e = expression(r, "lookup");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
	if (id)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SET_ID, id);
}

/* The destination port: bytes 2 and 3 of TCP and UDP alike. Fragments behind the first have
 * none and pass; without the first they come to nothing. */
static void put_ports(struct rule *r, uint8_t protocol, uint32_t id)
{
	struct nftnl_expr *e;

	if (!put_meta(r, NFT_META_L4PROTO, protocol))
		return;
	e = expression(r, "payload");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, 2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, 2);
	put_lookup(r, NFT_PORTS_SET, id);
}

static void put_drop(struct rule *r, const struct nft_counter *counter)
{
	struct nftnl_expr *e = expression(r, "counter");

	if (!e)
		return;
	nftnl_expr_set_u64(e, NFTNL_EXPR_CTR_PACKETS, counter->packets);
	nftnl_expr_set_u64(e, NFTNL_EXPR_CTR_BYTES, counter->bytes);
	e = expression(r, "immediate");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, NF_DROP);
}

static void send_rule(struct nl_batch *batch, struct rule *r)
{
	struct nlmsghdr *m = nft_msg_message(batch, NFT_MSG_NEWRULE,
					     NLM_F_CREATE | NLM_F_APPEND, NFPROTO_INET);

	if (m) {
		nftnl_rule_nlmsg_build_payload(m, r->rule);
		nl_message_end(batch);
	}
	if (r->failed)
		batch->error = -ENOMEM;
}

/* The address first: of packets that are to pass, nearly all are done with after it. */
void nft_msg_rule(struct nl_batch *batch, const struct nft_rule *rule,
		  const struct options *ports)
{
	const struct prefix p = nft_slot_prefix(rule->slot);
	const uint32_t id = rule->protocol ? nft_msg_ports(batch, rule->protocol, ports) : 0;
	struct rule r = {.rule = nftnl_rule_alloc()};

	if (!r.rule) {
		batch->error = -ENOMEM;
		return;
	}
	nftnl_rule_set_str(r.rule, NFTNL_RULE_TABLE, NFT_TABLE);
	nftnl_rule_set_str(r.rule, NFTNL_RULE_CHAIN, NFT_CHAIN);
	put_family(&r, p.family);
	put_source(&r, &p);
	put_mask(&r, &p);
	put_lookup(&r, rule->set, 0);
	if (rule->protocol)
		put_ports(&r, rule->protocol, id);
	put_drop(&r, &rule->counter);
	send_rule(batch, &r);
	nftnl_rule_free(r.rule);
}
