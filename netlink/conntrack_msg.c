/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "netlink/conntrack_msg.h"

#define BY_SOURCE 1u /* CTA_FILTER_F_CTA_IP_SRC of the kernel's nf_internals.h */

static struct nlmsghdr *message(struct nl_batch *batch, uint8_t type, uint16_t flags,
				uint8_t family)
{
	const struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};

	return nl_message(batch, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type), flags, &header,
			  sizeof header);
}

static void put_source(struct nlmsghdr *m, const struct prefix *source)
{
	struct nlattr *tuple = mnl_attr_nest_start(m, CTA_TUPLE_ORIG);
	struct nlattr *ip = mnl_attr_nest_start(m, CTA_TUPLE_IP), *filter;

	mnl_attr_put(m, CTA_IP_V4_SRC, 4, source->addr);
	nl_nest_end(m, ip);
	nl_nest_end(m, tuple);
	filter = mnl_attr_nest_start(m, CTA_FILTER);
	mnl_attr_put_u32(m, CTA_FILTER_ORIG_FLAGS, BY_SOURCE);
	nl_nest_end(m, filter);
}

/*
 * The kernel compares whole addresses, never prefixes, and those of IPv6 the wrong way round:
 * it sends what is from anywhere else (Linux 5.8 to 6.18 at least). So it is asked for IPv4
 * alone, and what it sends is looked at as if it were everything.
 */
void conntrack_msg_dump(struct nl_batch *batch, uint8_t family, const struct prefix *source)
{
	struct nlmsghdr *m = message(batch, IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);

	if (!m)
		return;
	if (source)
		put_source(m, source);
	nl_message_end(batch);
}

/*
 * By tuple and number alone. A delete without a tuple deletes everything, and so does one with
 * a filter, but for what the filter leaves out, where the kernel knows filters (Linux 6.11);
 * for IPv6 that is the address which was meant.
 */
void conntrack_msg_delete(struct nl_batch *batch, const struct conntrack_name *name)
{
	struct nlmsghdr *m;

	assert(name->len);
	m = message(batch, IPCTNL_MSG_CT_DELETE, 0, name->family);
	if (!m)
		return;
	mnl_attr_put(m, CTA_TUPLE_ORIG | NLA_F_NESTED, name->len, name->tuple);
	mnl_attr_put_u32(m, CTA_ID, name->id);
	if (name->zoned)
		mnl_attr_put_u16(m, CTA_ZONE, name->zone);
	nl_message_end(batch);
}

static bool read_address(struct prefix *out, const struct nlattr *nest, uint8_t family)
{
	const struct nlattr *ip[CTA_IP_MAX + 1];
	unsigned size = family == AF_INET ? 4 : 16;
	uint8_t bytes[16];

	nl_nested(nest, ip, CTA_IP_MAX + 1);
	return nl_get(ip[family == AF_INET ? CTA_IP_V4_SRC : CTA_IP_V6_SRC], bytes, size) &&
	       prefix_from_bytes(out, family, bytes, size * 8);
}

/* Protocols without ports have none here. */
static void read_ports(struct connection *out, const struct nlattr *nest)
{
	const struct nlattr *proto[CTA_PROTO_MAX + 1];
	uint16_t port;

	nl_nested(nest, proto, CTA_PROTO_MAX + 1);
	if (nl_get(proto[CTA_PROTO_SRC_PORT], &port, sizeof port))
		out->peer_port = ntohs(port);
	if (nl_get(proto[CTA_PROTO_DST_PORT], &port, sizeof port))
		out->own_port = ntohs(port);
}

static bool read_tuple(struct conntrack_info *out, const struct nlattr *nest)
{
	const struct nlattr *tuple[CTA_TUPLE_MAX + 1];
	size_t len = mnl_attr_get_payload_len(nest);

	if (!len || len > sizeof out->name.tuple)
		return false;
	out->name.len = (uint16_t)len;
	memcpy(out->name.tuple, mnl_attr_get_payload(nest), len);
	nl_nested(nest, tuple, CTA_TUPLE_MAX + 1);
	if (!tuple[CTA_TUPLE_IP] || !tuple[CTA_TUPLE_PROTO])
		return false;
	read_ports(&out->connection, tuple[CTA_TUPLE_PROTO]);
	return read_address(&out->connection.peer, tuple[CTA_TUPLE_IP], out->name.family);
}

bool conntrack_msg_read(struct conntrack_info *out, const struct nlmsghdr *m)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(m);
	const struct nlattr *a[CTA_MAX + 1];

	if (m->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
	    mnl_nlmsg_get_payload_len(m) < sizeof *header ||
	    (header->nfgen_family != AF_INET && header->nfgen_family != AF_INET6))
		return false;
	memset(out, 0, sizeof *out);
	out->name.family = header->nfgen_family;
	nl_attributes(m, sizeof *header, a, CTA_MAX + 1);
	out->name.zoned = nl_get(a[CTA_ZONE], &out->name.zone, sizeof out->name.zone);
	return a[CTA_TUPLE_ORIG] && nl_get(a[CTA_ID], &out->name.id, sizeof out->name.id) &&
	       read_tuple(out, a[CTA_TUPLE_ORIG]);
}
