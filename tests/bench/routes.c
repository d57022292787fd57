/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast the kernel deletes routes when one process asks it for nothing else: seconds, for
 * COUNT host routes that were added as tests/bench/kernel.c adds them.
 *
 *	routes COUNT
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#define ONCE 256       /* routes in one sendmsg */
#define MESSAGE_MAX 64 /* bytes of one */
#define PROTOCOL 157

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *why)
{
	perror(why);
	exit(1);
}

static size_t put(char *at, uint16_t type, uint32_t address)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(at);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(m, sizeof *route);

	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | (type == RTM_NEWROUTE ? NLM_F_CREATE : 0);
	route->rtm_family = AF_INET;
	route->rtm_dst_len = 32;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = PROTOCOL;
	route->rtm_scope = type == RTM_DELROUTE ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE;
	route->rtm_type = RTN_BLACKHOLE;
	mnl_attr_put_u32(m, RTA_DST, htonl(address));
	return MNL_ALIGN(m->nlmsg_len);
}

/* Only errors are answered. */
static void change(struct mnl_socket *socket, uint16_t type, uint32_t count)
{
	static _Alignas(8) char batch[ONCE * MESSAGE_MAX];
	uint32_t i;
	size_t len = 0;

	for (i = 0; i < count; i++) {
		len += put(batch + len, type,
			   (20u << 24) + (uint32_t)((uint64_t)i * 2654435761u % (1u << 26)));
		if (i % ONCE != ONCE - 1 && i != count - 1)
			continue;
		if (mnl_socket_sendto(socket, batch, len) < 0)
			fail("routes: send");
		if (recv(mnl_socket_get_fd(socket), batch, sizeof batch, MSG_DONTWAIT) >= 0)
			fail("routes: the kernel refused some");
		len = 0;
	}
}

int main(int argc, char **argv)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
	uint32_t count = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	double start;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		fail("routes: no socket");
	change(socket, RTM_NEWROUTE, count);
	start = now();
	change(socket, RTM_DELROUTE, count);
	printf("%.4f\n", now() - start);
	mnl_socket_close(socket);
	return 0;
}
