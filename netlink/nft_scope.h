/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a target of our own table drops: everything from its addresses, or what goes to some
 * ports. Each such scope has sets and rules of its own in the one table. Pure.
 */
#ifndef BANISH_NETLINK_NFT_SCOPE_H
#define BANISH_NETLINK_NFT_SCOPE_H

#include <stdbool.h>

#include "base/prefix.h"

#include "netlink/options.h"

#define NFT_NAME_SIZE 64  /* of a set; the kernel takes 256 */
#define NFT_SCOPE_SIZE 38 /* so that the longest name around it fits a wire_fact */

/* "" everything; "tcp25_465_1000-2000_udp53"; and when that is too long "ports", with ten
 * digits that are the same whenever the ports are. Returns `name`. */
const char *nft_scope_name(char name[NFT_SCOPE_SIZE], const struct options *options);

/* Sets of a scope: one for each family and prefix length. */
#define NFT_SLOTS (33 + 129)

unsigned nft_slot(const struct prefix *prefix);
/* Family and length that a slot is for. */
struct prefix nft_slot_prefix(unsigned slot);
/* Of single IPv4 addresses or of IPv6 /64s. */
bool nft_slot_basic(unsigned slot);
/* "ban4", "ban6" (the /64), "ban4_24", "ban6_128"; with a scope "ban4_tcp25", "ban4_24_tcp25";
 * of the second generation "ban4b", "ban4_tcp25b" and so on. Returns `name`. */
const char *nft_slot_name(char name[NFT_NAME_SIZE], const char *scope, unsigned slot,
			  bool second);
/* The other way round. False: no name of ours. */
bool nft_slot_parse(unsigned *slot, bool *second, char scope[NFT_SCOPE_SIZE], const char *name);

#endif
