/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in the kernel where our own table should be. */
#ifndef BANISH_NETLINK_NFT_LAYOUT_H
#define BANISH_NETLINK_NFT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/nft_msg.h"
#include "netlink/target.h"

#define NFT_FOUND_MAX 10000 /* sets or rules; we make far fewer */

struct nft_found_set {
	char name[NFT_NAME_SIZE];
	char scope[NFT_SCOPE_SIZE];
	unsigned slot;
	bool second;
	bool good; /* made as we make it */
	uint32_t size;
	uint64_t entries; /* UINT64_MAX: this kernel does not say */
};

/* What can be seen of any rule. */
struct nft_found_rule {
	uint64_t handle;
	struct nft_counter counter;
	char set[NFT_NAME_SIZE]; /* the named set that it looks addresses up in; "": none */
	uint8_t protocol;	 /* IPPROTO_TCP or _UDP when it is about that, else 0 */
	bool counted;		 /* it has a counter */
	bool accepts;		 /* or may, by a map of verdicts */
};

struct nft_layout {
	bool there;
	bool strange; /* has what we do not put there: it is not to be built upon */
	uint32_t flags;
	uint32_t owner; /* netlink port; 0: none, or it is gone */
	unsigned chains;
	struct nft_found_set *sets;
	size_t set_count;
	struct nft_found_rule *rules; /* of the chain, in their order */
	size_t rule_count;
};

/* 0 or -errno. *out is to be cleared in any case. */
int nft_layout_read(struct nft_layout *out, struct kernel *kernel);
void nft_layout_clear(struct nft_layout *layout);

/* The scope whose set this rule looks up; false: none, it is not one of ours. */
bool nft_found_scope(char scope[NFT_SCOPE_SIZE], const struct nft_found_rule *rule);

/* Of one scope: which sets are in force. */
struct nft_view {
	bool second;				   /* rules name the generation with "b" */
	bool live[NFT_SLOTS];			   /* its sets */
	struct nft_counter counters[NFT_SLOTS][2]; /* of rules for TCP or everything, and UDP */
};

/* Nothing is live when there is nothing, or what is there makes no sense. */
void nft_layout_view(struct nft_view *out, const struct nft_layout *layout, const char *scope);

/* A message of NFT_MSG_GETSET. False: this kernel does not say how many entries there are. */
bool nft_set_size_read(uint32_t *size, uint32_t *entries, const struct nlmsghdr *message);
/* A message of NFT_MSG_GETRULE. False: not one. Pure. */
bool nft_found_rule_read(struct nft_found_rule *out, const struct nlmsghdr *message);

#endif
