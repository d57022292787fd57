/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a notification of the kernel about something of a target's? Pure. */
#ifndef BANISH_NETLINK_WATCHED_H
#define BANISH_NETLINK_WATCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>
#include <linux/filter.h>

#include "netlink/calm.h"
#include "netlink/nft_scope.h"
#include "netlink/options.h"

/* A target, and what happened to it. Zeroed: none. */
struct watched {
	struct options options;	    /* of kind 0: not watched */
	char scope[NFT_SCOPE_SIZE]; /* of our own table; nft_scope_name() */
	struct calm calm;
	bool named;    /* it is known who, or never will be */
	uint32_t port; /* netlink's, of who did it */
	uint32_t pid;
	char comm[16]; /* ends in NUL */
};

/* Of NFNLGRP_NFTABLES: did this take something of the target's away, or may it have? Elements
 * that end by themselves are not told of by any kernel. */
bool watched_nft(const struct watched *target, const struct nlmsghdr *message);
/* NFT_MSG_NEWGEN ends what a transaction is told of, and alone says who it was: fills pid and
 * comm. False: it is no such message. */
bool watched_nft_who(struct watched *who, const struct nlmsghdr *message);
/* Of RTNLGRP_IPV4_ROUTE and RTNLGRP_IPV6_ROUTE: a route of ours that is gone, or another's that
 * may have taken the place of one. */
bool watched_route(const struct watched *target, const struct nlmsghdr *message);

/* Programs that keep out of the queue what the two above need not see: packets of our own
 * socket `port`; and routes that replace nothing and are not deleted, or not of `protocols`
 * (at most WIRE_TARGETS_MAX). They return the length of the program. */
#define WATCHED_CODE_MAX (WIRE_TARGETS_MAX + 11)
unsigned short watched_nft_filter(struct sock_filter code[WATCHED_CODE_MAX], uint32_t port);
unsigned short watched_route_filter(struct sock_filter code[WATCHED_CODE_MAX], uint32_t port,
				    const uint8_t *protocols, size_t count);

#endif
