/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "netlink/nft_mark.h"
#include "netlink/nft_msg.h"

/* Elements, written attribute by attribute: a bulk load is nothing but this. */

#define ELEMENTS_MAX 1000
#define ELEMENT_SIZE_MAX 160 /* both ends of a marked IPv6 interval: 76 + 40 bytes */

/* The kernel takes 584 years; beyond a hundred nobody waits. An element without a timeout could
 * not be given one later by kernels before 6.12, so "for ever" is this, too. */
#define LONGEST ((uint64_t)100 * 366 * 86400 * 1000)
/* Less than a jiffy (10 ms at most) would read as no timeout at all. */
#define SHORTEST 10

static uint64_t bounded(int64_t ms)
{
	if (ms < SHORTEST)
		return SHORTEST;
	return (uint64_t)ms < LONGEST ? (uint64_t)ms : LONGEST;
}

struct nft_times nft_times(const struct wire_change *change)
{
	return (struct nft_times){.timeout = bounded(change->whole),
				  .expiration = bounded(change->left)};
}

bool nft_interval_end(uint8_t end[16], const struct prefix *prefix)
{
	int at = (prefix->len - 1) / 8;
	unsigned sum, step = 0x80u >> ((prefix->len - 1) % 8);

	memcpy(end, prefix->addr, 16);
	for (; at >= 0; at--, step = 1) {
		sum = end[at] + step;
		end[at] = (uint8_t)sum;
		if (sum < 256)
			return true;
	}
	return false;
}

static void put_key(struct nlmsghdr *m, const uint8_t *key, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(m, NFTA_SET_ELEM_KEY);

	mnl_attr_put(m, NFTA_DATA_VALUE, len, key);
	nl_nest_end(m, nest);
}

static void put_end_flag(struct nlmsghdr *m)
{
	mnl_attr_put_u32(m, NFTA_SET_ELEM_FLAGS, htobe32(NFT_SET_ELEM_INTERVAL_END));
}

static void put_end(struct nlmsghdr *m, const struct prefix *p)
{
	uint8_t end[16];
	struct nlattr *nest;

	if (!nft_interval_end(end, p))
		return;
	nest = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	put_key(m, end, prefix_bits(p) / 8);
	put_end_flag(m);
	nl_nest_end(m, nest);
}

static void put_mark(struct nlmsghdr *m, uint64_t timeout, uint8_t len)
{
	struct nft_mark mark;

	nft_mark_pack(&mark, timeout, len);
	mnl_attr_put(m, NFTA_SET_ELEM_USERDATA, sizeof mark, &mark);
}

/* Timeout and expiration both: an element that is there already keeps its old end when it is
 * given the same timeout alone. */
static void put_element(struct nlmsghdr *m, const struct nft_place *place,
			const struct wire_change *c, bool timed)
{
	struct nlattr *nest = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	const struct nft_times times = nft_times(c);

	put_key(m, c->prefix.addr, prefix_bits(&c->prefix) / 8);
	if (timed) {
		mnl_attr_put_u64(m, NFTA_SET_ELEM_TIMEOUT, htobe64(times.timeout));
		mnl_attr_put_u64(m, NFTA_SET_ELEM_EXPIRATION, htobe64(times.expiration));
	}
	if (timed && place->marked)
		put_mark(m, times.timeout, c->prefix.len);
	nl_nest_end(m, nest);
	if (place->interval)
		put_end(m, &c->prefix);
}

static struct nlmsghdr *start(struct nl_batch *batch, uint16_t type,
			      const struct nft_place *place)
{
	/* Never NLM_F_EXCL: to add what is there is a refresh, and a failure costs 8 ms. */
	uint16_t flags = type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0;
	struct nlmsghdr *m = nft_msg_message(batch, type, flags, place->family);

	if (m) {
		mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, place->table);
		mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, place->set);
	}
	return m;
}

/* Puts what fits into one message; returns how many those were. */
static size_t put_some(struct nl_batch *batch, uint16_t type, const struct nft_place *place,
		       const struct change *changes, size_t count)
{
	struct nlmsghdr *m = start(batch, type, place);
	struct nlattr *list;
	size_t i;

	if (!m)
		return 0;
	list = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (i = 0; i < count && i < ELEMENTS_MAX; i++) {
		if ((char *)mnl_nlmsg_get_payload_tail(m) - (char *)list >
		    NL_NEST_MAX - ELEMENT_SIZE_MAX)
			break;
		put_element(m, place, changes[i].wire, type == NFT_MSG_NEWSETELEM);
	}
	nl_nest_end(m, list);
	nl_message_end(batch);
	return i;
}

void nft_msg_elements(struct nl_batch *batch, uint16_t type, const struct nft_place *place,
		      const struct change *changes, size_t count)
{
	size_t i, some = 1;

	for (i = 0; i < count && some; i += some)
		some = put_some(batch, type, place, changes + i, count - i);
}

void nft_msg_get(struct nl_batch *batch, const struct nft_place *place,
		 const struct prefix *prefix, bool end)
{
	struct nlmsghdr *m = start(batch, NFT_MSG_GETSETELEM, place);
	const uint8_t *key = prefix->addr;
	struct nlattr *list, *nest;
	uint8_t behind[16];

	if (!m)
		return;
	if (end && nft_interval_end(behind, prefix))
		key = behind;
	list = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	nest = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	put_key(m, key, prefix_bits(prefix) / 8);
	if (key == behind)
		put_end_flag(m);
	nl_nest_end(m, nest);
	nl_nest_end(m, list);
	nl_message_end(batch);
}

/* ---- ports ---- */

static void put_port(struct nlmsghdr *m, unsigned port, bool end)
{
	struct nlattr *nest = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	const uint8_t key[] = {(uint8_t)(port >> 8), (uint8_t)port};

	put_key(m, key, sizeof key);
	if (end)
		put_end_flag(m);
	nl_nest_end(m, nest);
}

static void put_ports_set(struct nlmsghdr *m, uint32_t id)
{
	mnl_attr_put_strz(m, NFTA_SET_TABLE, NFT_TABLE);
	mnl_attr_put_strz(m, NFTA_SET_NAME, NFT_PORTS_SET);
	mnl_attr_put_u32(m, NFTA_SET_FLAGS,
			 htobe32(NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | NFT_SET_INTERVAL));
	mnl_attr_put_u32(m, NFTA_SET_KEY_TYPE, htobe32(NFT_TYPE_INET_SERVICE));
	mnl_attr_put_u32(m, NFTA_SET_KEY_LEN, htobe32(2));
	mnl_attr_put_u32(m, NFTA_SET_ID, htobe32(id));
}

static void put_ports(struct nlmsghdr *m, uint8_t protocol, const struct options *ports)
{
	struct nlattr *list = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	unsigned i;

	for (i = 0; i < ports->port_count; i++) {
		const struct options_port *p = &ports->ports[i];

		if (p->protocol != protocol)
			continue;
		put_port(m, p->first, false);
		if (p->last < UINT16_MAX)
			put_port(m, p->last + 1u, true);
	}
	nl_nest_end(m, list);
}

uint32_t nft_msg_ports(struct nl_batch *batch, uint8_t protocol, const struct options *ports)
{
	const uint32_t id = batch->count; /* unique in its transaction, and never 0 there */
	struct nlmsghdr *m =
		nft_msg_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, NFPROTO_INET);

	if (!m)
		return id;
	put_ports_set(m, id);
	nl_message_end(batch);
	m = nft_msg_message(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, NFPROTO_INET);
	if (!m)
		return id;
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, NFT_PORTS_SET);
	mnl_attr_put_u32(m, NFTA_SET_ELEM_LIST_SET_ID, htobe32(id));
	put_ports(m, protocol, ports);
	nl_message_end(batch);
	return id;
}
