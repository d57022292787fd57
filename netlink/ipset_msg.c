/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/ipset_msg.h"

#define ATTR_BITMASK (IPSET_ATTR_MARKMASK + 1) /* newer than some headers */
#define HASH_FULL IPSET_ERR_TYPE_SPECIFIC      /* of the hash types */

uint32_t ipset_seconds(int64_t left)
{
	int64_t seconds = left / 1000 + (left % 1000 != 0);

	if (left == WIRE_FOREVER)
		return 0;
	if (seconds < 1)
		return 1; /* 0 has no end */
	return seconds < IPSET_TIMEOUT_MAX ? (uint32_t)seconds : IPSET_TIMEOUT_MAX;
}

int ipset_errno(int error)
{
	if (error == -HASH_FULL)
		return -ENOSPC;
	return error <= -IPSET_ERR_PRIVATE ? -EINVAL : error;
}

static struct nlmsghdr *message(struct nl_batch *batch, uint8_t command, uint16_t flags,
				const char *set)
{
	const struct nfgenmsg header = {.nfgen_family = AF_INET, .version = NFNETLINK_V0};
	struct nlmsghdr *m = nl_message(batch, (uint16_t)(NFNL_SUBSYS_IPSET << 8 | command),
					flags, &header, sizeof header);

	if (m) {
		mnl_attr_put_u8(m, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL);
		mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, set);
	}
	return m;
}

void ipset_msg_header(struct nl_batch *batch, const char *set)
{
	struct nlmsghdr *m = message(batch, IPSET_CMD_LIST, NLM_F_ACK | NLM_F_DUMP, set);

	if (!m)
		return;
	mnl_attr_put_u32(m, IPSET_ATTR_FLAGS | NLA_F_NET_BYTEORDER,
			 htonl(IPSET_FLAG_LIST_HEADER));
	nl_message_end(batch);
}

void ipset_msg_kind(struct nl_batch *batch, const char *set)
{
	if (message(batch, IPSET_CMD_HEADER, 0, set))
		nl_message_end(batch);
}

void ipset_msg_list(struct nl_batch *batch, const char *set)
{
	if (message(batch, IPSET_CMD_LIST, NLM_F_ACK | NLM_F_DUMP, set))
		nl_message_end(batch);
}

void ipset_msg_flush(struct nl_batch *batch, const char *set)
{
	if (message(batch, IPSET_CMD_FLUSH, NLM_F_ACK, set))
		nl_message_end(batch);
}

void ipset_msg_destroy(struct nl_batch *batch, const char *set)
{
	if (message(batch, IPSET_CMD_DESTROY, NLM_F_ACK, set))
		nl_message_end(batch);
}

void ipset_msg_swap(struct nl_batch *batch, const char *a, const char *b)
{
	struct nlmsghdr *m = message(batch, IPSET_CMD_SWAP, NLM_F_ACK, a);

	if (!m)
		return;
	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME2, b);
	nl_message_end(batch);
}

static void put_ip(struct nlmsghdr *m, const struct prefix *p)
{
	struct nlattr *nest = mnl_attr_nest_start(m, IPSET_ATTR_IP);
	uint16_t type = p->family == 4 ? IPSET_ATTR_IPADDR_IPV4 : IPSET_ATTR_IPADDR_IPV6;

	mnl_attr_put(m, type | NLA_F_NET_BYTEORDER, prefix_bits(p) / 8, p->addr);
	nl_nest_end(m, nest);
}

static void put_change(struct nlmsghdr *m, const struct ipset_way *way,
		       const struct wire_change *c, uint32_t number)
{
	struct nlattr *nest = mnl_attr_nest_start(m, IPSET_ATTR_DATA);

	put_ip(m, &c->prefix);
	if (way->nets)
		mnl_attr_put_u8(m, IPSET_ATTR_CIDR, c->prefix.len);
	if (c->op != WIRE_DEL)
		mnl_attr_put_u32(m, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER,
				 htonl(ipset_seconds(c->left)));
	if (number)
		mnl_attr_put_u32(m, IPSET_ATTR_LINENO, number);
	nl_nest_end(m, nest);
}

/* The elements of a message are alike but for their values, which takes a third of the time of
 * building each from its attributes. */
static void put_alike(struct nlmsghdr *m, const struct nlattr *model,
		      const struct ipset_way *way, const struct wire_change *c, uint32_t number)
{
	const size_t head = sizeof *model, bytes = prefix_bits(&c->prefix) / 8;
	uint32_t seconds = htonl(ipset_seconds(c->left));
	char *at = mnl_nlmsg_get_payload_tail(m), *end = at + model->nla_len;

	memcpy(at, model, model->nla_len);
	memcpy(at + 3 * head, c->prefix.addr, bytes);
	if (way->nets)
		at[4 * head + bytes] = (char)c->prefix.len;
	if (c->op != WIRE_DEL)
		memcpy(end - 2 * sizeof seconds - head, &seconds, sizeof seconds);
	memcpy(end - sizeof number, &number, sizeof number);
	m->nlmsg_len += model->nla_len;
}

/* Without NLM_F_EXCL an add refreshes and a delete of what is not there succeeds. */
static struct nlmsghdr *change_message(struct nl_batch *batch, const struct ipset_way *way,
				       const struct change *first, uint16_t flags)
{
	bool del = first->wire->op == WIRE_DEL;

	if (way->only && !del)
		flags |= NLM_F_EXCL;
	return message(batch, del ? IPSET_CMD_DEL : IPSET_CMD_ADD, flags, way->set);
}

/* A thousand changes take 52 kB. */
void ipset_msg_changes(struct nl_batch *batch, const struct ipset_way *way,
		       const struct change *changes, size_t count)
{
	struct nlmsghdr *m = change_message(batch, way, changes, NLM_F_ACK);
	struct nlattr *list, *model;
	size_t i;

	if (!m)
		return;
	mnl_attr_put_u32(m, IPSET_ATTR_LINENO, 0); /* the kernel writes the failed one here */
	list = mnl_attr_nest_start(m, IPSET_ATTR_ADT);
	model = mnl_nlmsg_get_payload_tail(m);
	for (i = 0; i < count; i++)
		if (i)
			put_alike(m, model, way, changes[i].wire, (uint32_t)i + 1);
		else
			put_change(m, way, changes[i].wire, 1);
	nl_nest_end(m, list);
	nl_message_end(batch);
}

void ipset_msg_change(struct nl_batch *batch, const struct ipset_way *way,
		      const struct change *change)
{
	struct nlmsghdr *m = change_message(batch, way, change, 0);

	if (!m)
		return;
	put_change(m, way, change->wire, 0);
	nl_message_end(batch);
}

uint32_t ipset_msg_failed(const struct nlmsghdr *about)
{
	const struct nlattr *a[IPSET_ATTR_CMD_MAX + 1];
	uint32_t number = 0;

	if (!about)
		return 0;
	nl_attributes(about, sizeof(struct nfgenmsg), a, IPSET_ATTR_CMD_MAX + 1);
	nl_get(a[IPSET_ATTR_LINENO], &number, sizeof number);
	return number;
}

void ipset_msg_read_header(struct ipset_header *out, const struct nlmsghdr *m)
{
	const struct nlattr *a[IPSET_ATTR_CMD_MAX + 1], *d[IPSET_ATTR_CREATE_MAX + 1] = {0};

	nl_attributes(m, sizeof(struct nfgenmsg), a, IPSET_ATTR_CMD_MAX + 1);
	if (!a[IPSET_ATTR_TYPENAME])
		return; /* the elements' part of a list */
	snprintf(out->type, sizeof out->type, "%s", nl_text(a[IPSET_ATTR_TYPENAME]));
	nl_get(a[IPSET_ATTR_FAMILY], &out->family, sizeof out->family);
	if (a[IPSET_ATTR_DATA])
		nl_nested(a[IPSET_ATTR_DATA], d, IPSET_ATTR_CREATE_MAX + 1);
	nl_get(d[IPSET_ATTR_NETMASK], &out->netmask, sizeof out->netmask);
	nl_get_be32(d[IPSET_ATTR_INITVAL], &out->initval);
	nl_get_be32(d[IPSET_ATTR_MAXELEM], &out->maxelem);
	nl_get_be32(d[IPSET_ATTR_ELEMENTS], &out->entries);
	nl_get_be32(d[IPSET_ATTR_REFERENCES], &out->references);
	out->bitmask = d[ATTR_BITMASK] != NULL;
	out->timeout = d[IPSET_ATTR_TIMEOUT] != NULL;
}

static bool read_prefix(struct prefix *out, const struct nlattr *const *d, unsigned len)
{
	const struct nlattr *ip[IPSET_ATTR_IPADDR_MAX + 1];
	uint8_t bytes[16], cidr;

	if (!d[IPSET_ATTR_IP])
		return false;
	nl_nested(d[IPSET_ATTR_IP], ip, IPSET_ATTR_IPADDR_MAX + 1);
	if (nl_get(d[IPSET_ATTR_CIDR], &cidr, sizeof cidr))
		len = cidr;
	if (nl_get(ip[IPSET_ATTR_IPADDR_IPV4], bytes, 4))
		return prefix_from_bytes(out, AF_INET, bytes, len);
	if (nl_get(ip[IPSET_ATTR_IPADDR_IPV6], bytes, 16))
		return prefix_from_bytes(out, AF_INET6, bytes, len);
	return false;
}

/* Of an element whose end passes while the kernel writes it down, what is left is a little
 * below zero, and reads as 4294967 s: longer than any timeout can be. */
static uint32_t seconds_left(const struct nlattr *timeout)
{
	uint32_t seconds = 0;

	nl_get_be32(timeout, &seconds);
	return seconds <= IPSET_TIMEOUT_MAX ? seconds : 1;
}

void ipset_msg_read(const struct ipset_reader *reader, const struct nlmsghdr *m)
{
	const struct nlattr *a[IPSET_ATTR_CMD_MAX + 1], *d[IPSET_ATTR_ADT_MAX + 1], *each;
	struct ipset_element element;
	uint32_t flags;

	nl_attributes(m, sizeof(struct nfgenmsg), a, IPSET_ATTR_CMD_MAX + 1);
	if (!a[IPSET_ATTR_ADT])
		return;
	mnl_attr_for_each_nested(each, a[IPSET_ATTR_ADT])
	{
		flags = 0;
		nl_nested(each, d, IPSET_ATTR_ADT_MAX + 1);
		element.seconds = seconds_left(d[IPSET_ATTR_TIMEOUT]);
		nl_get_be32(d[IPSET_ATTR_CADT_FLAGS], &flags);
		element.nomatch = flags & IPSET_FLAG_NOMATCH;
		if (read_prefix(&element.prefix, d, reader->len))
			reader->take(reader->arg, &element);
	}
}
