/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody takes out what the daemon holds: milliseconds from the kernel's last word of that to
 *its last word of what was put back.
 *
 *	heal nft|route COUNT COMMAND...
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

static const struct kind {
	const char *name;
	int bus, group;
	unsigned short taken, put; /* what says that something was taken out, and put in */
} kinds[] = {
	{"nft", NETLINK_NETFILTER, NFNLGRP_NFTABLES,
	 NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE,
	 NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM},
	{"route", NETLINK_ROUTE, RTNLGRP_IPV4_ROUTE, RTM_DELROUTE, RTM_NEWROUTE},
};

struct heard {
	long count;
	double gone, back; /* seconds; 0: not heard of */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *why)
{
	fprintf(stderr, "heal: %s: %s\n", why, strerror(errno));
	exit(1);
}

static int listen_to(const struct kind *kind)
{
	struct sockaddr_nl own = {.nl_family = AF_NETLINK};
	struct timeval quiet = {.tv_usec = 500000};
	int fd = socket(AF_NETLINK, SOCK_RAW, kind->bus), size = 64 << 20;

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof quiet) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &kind->group,
		       sizeof kind->group))
		fail("cannot listen");
	return fd;
}

static void take(struct heard *heard, const struct kind *kind, const char *at, int len)
{
	const struct nlmsghdr *m = (const void *)at;
	double t = now();

	for (; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
		if (m->nlmsg_type == kind->taken) {
			heard->gone = t;
		} else if (m->nlmsg_type == kind->put) {
			heard->back = t;
			heard->count++;
		}
	}
}

int main(int argc, char **argv)
{
	const struct kind *kind = argc > 1 && !strcmp(argv[1], "route") ? &kinds[1] : &kinds[0];
	static char buffer[1 << 20];
	struct heard heard = {0};
	double begin = now();
	long count;
	ssize_t len;
	int fd;

	if (argc < 4)
		fail("usage: heal nft|route COUNT COMMAND...");
	count = atol(argv[2]);
	fd = listen_to(kind);
	if (!fork()) {
		execvp(argv[3], argv + 3);
		fail(argv[3]);
	}
	while (now() - begin < 60) {
		len = recv(fd, buffer, sizeof buffer, 0);
		if (len > 0)
			take(&heard, kind, buffer, (int)len);
		else if (errno != EAGAIN)
			fail("heard too much");
		else if (heard.gone && heard.count >= count)
			break;
	}
	if (heard.back <= heard.gone)
		fail("not all came back");
	printf("%.1f\n", (heard.back - heard.gone) * 1000);
	return 0;
}
