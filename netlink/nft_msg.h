/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages that nf_tables takes, built into a batch and not sent. */
#ifndef BANISH_NETLINK_NFT_MSG_H
#define BANISH_NETLINK_NFT_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/nft_scope.h"
#include "netlink/nl.h"
#include "netlink/target.h"

#define NFT_TABLE "banish"
#define NFT_CHAIN "prerouting"
#define NFT_PRIORITY (-300)

/* Linux 6.9; the headers of Debian 12 know the owner flag alone. */
#define NFT_OWNED 0x2
#define NFT_OWNED_PERSISTENT (NFT_OWNED | 0x4)

/* The key types of nft(8), which the kernel stores and does not look at. */
#define NFT_TYPE_IPV4_ADDR 7
#define NFT_TYPE_IPV6_ADDR 8
#define NFT_TYPE_INET_SERVICE 13

/* Linux 6.3: deletes that do not mind that nothing is there. */
#define NFT_DESTROYTABLE 26
#define NFT_DESTROYSET 29
#define NFT_DESTROYSETELEM 30

/* A set that elements go into. */
struct nft_place {
	uint8_t family; /* NFPROTO_* of the table */
	const char *table;
	char set[NFT_NAME_SIZE];
	uint8_t key;   /* bytes of an address; of one that is open */
	bool interval; /* holds [start, end), else addresses */
	bool open;     /* to others, who may make another of it: looked at ahead of changes */
	bool marked;   /* elements say that they are ours: nft_mark.h */
	uint64_t timeout; /* the set's own, ms; 0: none */
};

/* How long an element lives: the kernel's NFTA_SET_ELEM_TIMEOUT and _EXPIRATION, ms. */
struct nft_times {
	uint64_t timeout, expiration;
};
struct nft_times nft_times(const struct wire_change *change);

/* The first address behind the prefix. False: there is none. */
bool nft_interval_end(uint8_t end[16], const struct prefix *prefix);

/* A message of nf_tables, for the builders here. NULL: the batch is full. */
struct nlmsghdr *nft_msg_message(struct nl_batch *batch, uint16_t type, uint16_t flags,
				 uint8_t family);

/* Every transaction stands between these two. */
void nft_msg_open(struct nl_batch *batch, const struct nl *nl);
/* It fails with -ERESTART when there have been others since that generation. */
void nft_msg_open_at(struct nl_batch *batch, const struct nl *nl, uint32_t generation);
void nft_msg_close(struct nl_batch *batch);

/* Our own table and what is in it; `family` of the table is inet throughout. */
void nft_msg_table(struct nl_batch *batch, const char *table, uint32_t flags);
void nft_msg_table_delete(struct nl_batch *batch, const char *table);
void nft_msg_chain(struct nl_batch *batch);
void nft_msg_set(struct nl_batch *batch, const char *table, unsigned slot, const char *name,
		 uint32_t size);
void nft_msg_set_delete(struct nl_batch *batch, const char *name);

struct nft_counter {
	uint64_t packets, bytes;
};

/* The set of ports that a rule brings along: it has no name that anyone gives it, and goes with
 * its rule. Returns by what the rule of the same transaction calls it. */
#define NFT_PORTS_SET "__set%d"
uint32_t nft_msg_ports(struct nl_batch *batch, uint8_t protocol, const struct options *ports);

/* Drop what comes from an address that, masked to the slot's length, is in the set; to the
 * ports of that protocol alone when there are any. */
struct nft_rule {
	unsigned slot;
	const char *set;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP; 0: whatever it is */
	struct nft_counter counter;
};

void nft_msg_rule(struct nl_batch *batch, const struct nft_rule *rule,
		  const struct options *ports);
void nft_msg_rule_delete(struct nl_batch *batch, uint64_t handle);

/* Elements, in as many messages as they need. `type` is NFT_MSG_NEWSETELEM, _DELSETELEM or
 * NFT_DESTROYSETELEM. */
void nft_msg_elements(struct nl_batch *batch, uint16_t type, const struct nft_place *place,
		      const struct change *changes, size_t count);
/* Is this element there? Outside of transactions; answered by -ENOENT when it is not. Of an
 * interval set, by that which the first address is in, or (`end`) by its end. */
void nft_msg_get(struct nl_batch *batch, const struct nft_place *place,
		 const struct prefix *prefix, bool end);

/* Read requests; family NFPROTO_UNSPEC and no table: of all. */
void nft_msg_dump(struct nl_batch *batch, uint8_t family, uint16_t type, const char *table);
void nft_msg_get_table(struct nl_batch *batch, uint8_t family, const char *table);
void nft_msg_get_set(struct nl_batch *batch, uint8_t family, const char *table,
		     const char *set);

#endif
