/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a target is to be: the records of a WIRE_DEFINE, checked. The only text we ever read. */
#ifndef BANISH_NETLINK_OPTIONS_H
#define BANISH_NETLINK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/wire.h"

#define OPTIONS_MAXBANS 2000000 /* when nothing is said */
#define OPTIONS_NAME_MAX 26	/* of an ipset: "NAME6-net" must fit the kernel's 31 */

#define OPTIONS_PORTS_MAX 64

enum options_kind { OPTIONS_NFT = 1, OPTIONS_IPSET, OPTIONS_ROUTE };

struct options_port {
	uint8_t protocol; /* IPPROTO_TCP or _UDP */
	uint16_t first, last;
};

struct options {
	enum options_kind kind;
	char name[OPTIONS_NAME_MAX + 1];
	char name6[32];	    /* empty: NAME6 */
	uint8_t nft_family; /* NFPROTO_*; 0: our own table */
	char nft_table[63];
	char set4[63], set6[63]; /* empty: none */
	bool owner;
	uint32_t route_table;
	uint8_t route_type; /* RTN_* */
	uint8_t protocol;
	uint32_t maxbans;
	uint32_t identity;
	uint32_t expect;
	/* Of an nft target that drops what goes to these alone. TCP before UDP, in order, and
	 * no two that overlap or touch. */
	struct options_port ports[OPTIONS_PORTS_MAX];
	unsigned port_count;
};

/* 0, or WIRE_FAULT_OPTION with the option's name in *where. */
int options_parse(struct options *out, const char **where, const struct wire_option *records,
		  size_t count);

#endif
