/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include "netlink/nl.h"

/* What is in a message. */

static void clear(const struct nlattr **table, size_t size)
{
	while (size)
		table[--size] = NULL;
}

void nl_attributes(const struct nlmsghdr *message, size_t extra, const struct nlattr **table,
		   size_t size)
{
	const struct nlattr *attr;

	clear(table, size);
	if (mnl_nlmsg_get_payload_len(message) < extra)
		return;
	mnl_attr_for_each(attr, message, extra) if (mnl_attr_get_type(attr) < size)
		table[mnl_attr_get_type(attr)] = attr;
}

void nl_nested(const struct nlattr *nest, const struct nlattr **table, size_t size)
{
	const struct nlattr *attr;

	clear(table, size);
	mnl_attr_for_each_nested(attr, nest) if (mnl_attr_get_type(attr) < size)
		table[mnl_attr_get_type(attr)] = attr;
}

bool nl_get(const struct nlattr *attr, void *out, size_t size)
{
	if (!attr || mnl_attr_get_payload_len(attr) != size)
		return false;
	memcpy(out, mnl_attr_get_payload(attr), size);
	return true;
}

bool nl_get_be32(const struct nlattr *attr, uint32_t *out)
{
	uint32_t value;

	if (!nl_get(attr, &value, sizeof value))
		return false;
	*out = ntohl(value);
	return true;
}

uint64_t nl_get_be64(const struct nlattr *attr)
{
	uint64_t value = 0;

	nl_get(attr, &value, sizeof value);
	return be64toh(value);
}

const char *nl_text(const struct nlattr *attr)
{
	if (!attr || !memchr(mnl_attr_get_payload(attr), 0, mnl_attr_get_payload_len(attr)))
		return "";
	return mnl_attr_get_payload(attr);
}
