/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/chain.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft_msg.h"

/* The fixed messages: transactions, tables, chains, sets and questions. */

struct nlmsghdr *nft_msg_message(struct nl_batch *batch, uint16_t type, uint16_t flags,
				 uint8_t family)
{
	const struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};

	return nl_message(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, &header,
			  sizeof header);
}

/* Generation 0 is any. */
static void boundary(struct nl_batch *batch, uint16_t type, uint32_t generation)
{
	const struct nfgenmsg header = {.nfgen_family = AF_UNSPEC,
					.version = NFNETLINK_V0,
					.res_id = htons(NFNL_SUBSYS_NFTABLES)};

	struct nlmsghdr *m = nl_message(batch, type, 0, &header, sizeof header);

	if (!m)
		return;
	if (generation)
		mnl_attr_put_u32(m, NFNL_BATCH_GENID, htonl(generation));
	nl_message_end(batch);
}

void nft_msg_open(struct nl_batch *batch, const struct nl *nl)
{
	nft_msg_open_at(batch, nl, 0);
}

void nft_msg_open_at(struct nl_batch *batch, const struct nl *nl, uint32_t generation)
{
	nl_begin(batch, nl);
	boundary(batch, NFNL_MSG_BATCH_BEGIN, generation);
}

void nft_msg_close(struct nl_batch *batch)
{
	boundary(batch, NFNL_MSG_BATCH_END, 0);
}

void nft_msg_table(struct nl_batch *batch, const char *table, uint32_t flags)
{
	struct nlmsghdr *m =
		nft_msg_message(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, NFPROTO_INET);

	if (!m)
		return;
	mnl_attr_put_strz(m, NFTA_TABLE_NAME, table);
	mnl_attr_put_u32(m, NFTA_TABLE_FLAGS, htonl(flags));
	nl_message_end(batch);
}

void nft_msg_table_delete(struct nl_batch *batch, const char *table)
{
	struct nlmsghdr *m = nft_msg_message(batch, NFT_MSG_DELTABLE, 0, NFPROTO_INET);

	if (!m)
		return;
	mnl_attr_put_strz(m, NFTA_TABLE_NAME, table);
	nl_message_end(batch);
}

void nft_msg_chain(struct nl_batch *batch)
{
	struct nlmsghdr *m =
		nft_msg_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFPROTO_INET);
	struct nftnl_chain *chain = nftnl_chain_alloc();

	if (!m)
		goto out;
	if (chain) {
		nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, NFT_TABLE);
		nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, NFT_CHAIN);
		nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, NF_INET_PRE_ROUTING);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, NFT_PRIORITY);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nftnl_chain_nlmsg_build_payload(m, chain);
	} else {
		batch->error = -ENOMEM;
	}
	nl_message_end(batch);
out:
	nftnl_chain_free(chain);
}

void nft_msg_rule_delete(struct nl_batch *batch, uint64_t handle)
{
	struct nlmsghdr *m = nft_msg_message(batch, NFT_MSG_DELRULE, 0, NFPROTO_INET);

	if (!m)
		return;
	mnl_attr_put_strz(m, NFTA_RULE_TABLE, NFT_TABLE);
	mnl_attr_put_strz(m, NFTA_RULE_CHAIN, NFT_CHAIN);
	mnl_attr_put_u64(m, NFTA_RULE_HANDLE, htobe64(handle));
	nl_message_end(batch);
}

void nft_msg_set(struct nl_batch *batch, const char *table, unsigned slot, const char *name,
		 uint32_t size)
{
	const struct prefix p = nft_slot_prefix(slot);
	struct nlmsghdr *m =
		nft_msg_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, NFPROTO_INET);
	struct nftnl_set *set = nftnl_set_alloc();

	if (!m)
		goto out;
	if (set) {
		nftnl_set_set_str(set, NFTNL_SET_TABLE, table);
		nftnl_set_set_str(set, NFTNL_SET_NAME, name);
		nftnl_set_set_u32(set, NFTNL_SET_FLAGS, NFT_SET_TIMEOUT);
		nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE,
				  p.family == 4 ? NFT_TYPE_IPV4_ADDR : NFT_TYPE_IPV6_ADDR);
		nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, p.family == 4 ? 4 : 16);
		nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, size);
		/* Unique in its transaction, as the kernel wants it. */
		nftnl_set_set_u32(set, NFTNL_SET_ID, batch->count);
		nftnl_set_nlmsg_build_payload(m, set);
	} else {
		batch->error = -ENOMEM;
	}
	nl_message_end(batch);
out:
	nftnl_set_free(set);
}

void nft_msg_set_delete(struct nl_batch *batch, const char *name)
{
	struct nlmsghdr *m = nft_msg_message(batch, NFT_MSG_DELSET, 0, NFPROTO_INET);

	if (!m)
		return;
	mnl_attr_put_strz(m, NFTA_SET_TABLE, NFT_TABLE);
	mnl_attr_put_strz(m, NFTA_SET_NAME, name);
	nl_message_end(batch);
}

/* NFTA_CHAIN_TABLE, NFTA_SET_TABLE and NFTA_RULE_TABLE are all attribute 1. Chains are
 * dumped of all tables whatever it says. */
void nft_msg_dump(struct nl_batch *batch, uint8_t family, uint16_t type, const char *table)
{
	struct nlmsghdr *m = nft_msg_message(batch, type, NLM_F_DUMP, family);

	if (!m)
		return;
	if (table)
		mnl_attr_put_strz(m, NFTA_SET_TABLE, table);
	nl_message_end(batch);
}

void nft_msg_get_table(struct nl_batch *batch, uint8_t family, const char *table)
{
	struct nlmsghdr *m = nft_msg_message(batch, NFT_MSG_GETTABLE, 0, family);

	if (!m)
		return;
	mnl_attr_put_strz(m, NFTA_TABLE_NAME, table);
	nl_message_end(batch);
}

void nft_msg_get_set(struct nl_batch *batch, uint8_t family, const char *table, const char *set)
{
	struct nlmsghdr *m = nft_msg_message(batch, NFT_MSG_GETSET, 0, family);

	if (!m)
		return;
	mnl_attr_put_strz(m, NFTA_SET_TABLE, table);
	mnl_attr_put_strz(m, NFTA_SET_NAME, set);
	nl_message_end(batch);
}
