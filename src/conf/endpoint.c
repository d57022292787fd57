/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include "conf/endpoint.h"

static bool parse_v4(const char *address, bool *loopback)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) != 1)
		return false;
	*loopback = ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
	return true;
}

static bool parse_v6(const char *address, bool *loopback)
{
	struct in6_addr v6;

	if (inet_pton(AF_INET6, address, &v6) != 1)
		return false;
	*loopback = IN6_IS_ADDR_LOOPBACK(&v6);
	return true;
}

bool endpoint_parse(struct text text, bool *loopback)
{
	const char *colon = text.len ? memrchr(text.at, ':', text.len) : NULL;
	char address[INET6_ADDRSTRLEN + 2];
	int64_t port;
	size_t len;

	if (!colon)
		return false;
	len = (size_t)(colon - text.at);
	if (!len || len >= sizeof address ||
	    !text_number((struct text){colon + 1, text.len - len - 1}, 1, 65535, &port))
		return false;
	memcpy(address, text.at, len);
	address[len] = 0;
	if (*address != '[')
		return parse_v4(address, loopback);
	if (address[len - 1] != ']')
		return false;
	address[len - 1] = 0;
	return parse_v6(address + 1, loopback);
}
