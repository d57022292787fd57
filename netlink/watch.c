/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "netlink/watch.h"

int watch_open(struct watch *out)
{
	*out = (struct watch){0};
	return nl_open(&out->nl, NETLINK_ROUTE, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
}

void watch_close(struct watch *w)
{
	nl_close(&w->nl);
}

/* What exactly changed does not matter, nor whether some of it was lost. */
void watch_read(struct watch *w, int64_t now)
{
	if (nl_drain(&w->nl) && !w->due)
		w->due = now + WATCH_CALM_MS;
}

int watch_wait(const struct watch *w, int64_t now)
{
	if (!w->due)
		return -1;
	return w->due > now ? (int)(w->due - now) : 0;
}

bool watch_told(struct watch *w, int64_t now)
{
	if (!w->due || w->due > now)
		return false;
	w->due = 0;
	return true;
}

/* IFA_LOCAL is ours; IFA_ADDRESS is the peer's where there is one, and the only one that IPv6
 * has otherwise. */
static int read_address(void *arg, const struct nlmsghdr *m)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(m);
	const struct nlattr *a[IFA_LOCAL + 1], *own;
	struct packet_stream *out = arg;
	uint8_t bytes[16] = {0};
	struct prefix p;
	unsigned len;

	if (m->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(m) < sizeof *header)
		return 0;
	nl_attributes(m, sizeof *header, a, IFA_LOCAL + 1);
	own = a[IFA_LOCAL] ? a[IFA_LOCAL] : a[IFA_ADDRESS];
	len = header->ifa_family == AF_INET ? 4 : 16;
	if (nl_get(own, bytes, len) &&
	    prefix_from_bytes(&p, header->ifa_family, bytes, len * 8))
		memcpy(packet_stream_next(out), &p, sizeof p);
	return 0;
}

int watch_addresses(struct nl *nl, struct nl_batch *batch, struct packet_stream *out)
{
	const struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};
	const struct nl_answers answers = {.data = read_address, .arg = out};
	int tries, error = 0;

	/* Asked again when it changed meanwhile: to be told of an address twice does no harm.
	 */
	for (tries = 0; tries < 3; tries++) {
		nl_begin(batch, nl);
		if (nl_message(batch, RTM_GETADDR, NLM_F_DUMP, &header, sizeof header))
			nl_message_end(batch);
		error = nl_send(nl, batch, &answers);
		if (error != -EINTR)
			break;
	}
	return error;
}
