/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

#include "netlink/route_msg.h"

/*
 * IPv6 routes are told apart by destination, metric and next hop, and that of all that lead
 * nowhere is the same, of whatever type and protocol they are: a second one with the same
 * metric is refused with -EEXIST. 1 is the best metric there is; the kernel's routes and an
 * administrator's have 256 and 1024 unless someone says otherwise. A route to somewhere with
 * metric 1, which nobody makes, would stand before ours.
 * IPv4 has 0, the best, unless someone says otherwise, so there ours has to stand before its
 * equals.
 */
static const uint32_t metrics6[] = {[ROUTE_BEST] = 1, [ROUTE_SECOND] = 2};

static struct nlmsghdr *message(struct nl_batch *batch, uint16_t type, uint16_t flags,
				const struct route_mark *mark, uint8_t family, uint8_t len)
{
	const struct rtmsg header = {
		.rtm_family = family,
		.rtm_dst_len = len,
		.rtm_table = mark->table < 256 ? (uint8_t)mark->table : RT_TABLE_UNSPEC,
		.rtm_protocol = mark->protocol,
		.rtm_scope = type == RTM_DELROUTE ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE,
		.rtm_type = mark->type,
	};
	struct nlmsghdr *m = nl_message(batch, type, flags, &header, sizeof header);

	if (m)
		mnl_attr_put_u32(m, RTA_TABLE, mark->table);
	return m;
}

static void put(struct nl_batch *batch, uint16_t type, uint16_t flags,
		const struct route_mark *mark, const struct prefix *p, enum route_place place)
{
	struct nlmsghdr *m = message(batch, type, flags, mark, (uint8_t)prefix_af(p), p->len);

	if (!m)
		return;
	mnl_attr_put(m, RTA_DST, prefix_bits(p) / 8, p->addr);
	if (p->family == 6)
		mnl_attr_put_u32(m, RTA_PRIORITY, metrics6[place]);
	nl_message_end(batch);
}

/*
 * Neither NLM_F_REPLACE, which would take the place of whatever stands there, nor NLM_F_EXCL,
 * which would fail for it: the kernel puts an IPv4 route before its equals, and says -EEXIST
 * only when the very same one, of our protocol and type, is there.
 */
void route_msg_add(struct nl_batch *batch, const struct route_mark *mark,
		   const struct prefix *prefix, enum route_place place)
{
	put(batch, RTM_NEWROUTE, NLM_F_CREATE, mark, prefix, place);
}

/* Table, protocol and, for IPv4, type are compared by the kernel; scope "nowhere" is any. */
void route_msg_delete(struct nl_batch *batch, const struct route_mark *mark,
		      const struct prefix *prefix, enum route_place place)
{
	put(batch, RTM_DELROUTE, 0, mark, prefix, place);
}

/* Strict checking makes the kernel filter by all three; without, it sends every route. */
void route_msg_dump(struct nl_batch *batch, const struct route_mark *mark, uint8_t family)
{
	const struct rtmsg header = {
		.rtm_family = family,
		.rtm_protocol = mark->protocol,
		.rtm_type = mark->type,
	};
	struct nlmsghdr *m =
		nl_message(batch, RTM_GETROUTE, NLM_F_DUMP, &header, sizeof header);

	if (!m)
		return;
	mnl_attr_put_u32(m, RTA_TABLE, mark->table);
	nl_message_end(batch);
}

bool route_metric(uint8_t family, uint32_t metric)
{
	if (family == AF_INET)
		return !metric;
	return metric == metrics6[ROUTE_BEST] || metric == metrics6[ROUTE_SECOND];
}

bool route_msg_read(struct prefix *out, enum route_place *place, const struct nlmsghdr *m,
		    const struct route_mark *mark)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(m);
	const struct nlattr *a[RTA_MAX + 1];
	uint32_t table, metric = 0;
	uint8_t bytes[16] = {0};
	bool second;

	if (m->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(m) < sizeof *header)
		return false;
	nl_attributes(m, sizeof *header, a, RTA_MAX + 1);
	table = header->rtm_table;
	nl_get(a[RTA_TABLE], &table, sizeof table);
	if (table != mark->table || header->rtm_protocol != mark->protocol ||
	    header->rtm_type != mark->type)
		return false;
	nl_get(a[RTA_PRIORITY], &metric, sizeof metric);
	second = header->rtm_family == AF_INET6 && metric == metrics6[ROUTE_SECOND];
	if (header->rtm_family == AF_INET6 && metric != metrics6[ROUTE_BEST] && !second)
		return false;
	if (!nl_get(a[RTA_DST], bytes, header->rtm_family == AF_INET ? 4 : 16))
		return false;
	if (!prefix_from_bytes(out, header->rtm_family, bytes, header->rtm_dst_len))
		return false;
	*place = second ? ROUTE_SECOND : ROUTE_BEST;
	return true;
}
