/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target nft: sets in our own table, or two sets in a table of the user's. */
#ifndef BANISH_NETLINK_NFT_H
#define BANISH_NETLINK_NFT_H

#include "netlink/nft_msg.h"
#include "netlink/nft_table.h"
#include "netlink/target.h"

struct nft {
	struct target target;	 /* first */
	struct nft_scope *scope; /* of our own table; NULL: the user's */
	/* Of the user's; no name: the family is not taken. */
	char table[NFT_NAME_SIZE];
	struct nft_place set4, set6;
};

struct nft *nft_of(struct target *target);
/* The verb close of both. */
void nft_close(struct target *target);

/* As nft_open() does; verbs are set, also on failure. */
int nft_own_open(struct nft *nft, struct wire_defined *defined, const struct options *options);
int nft_user_open(struct nft *nft, struct wire_defined *defined, const struct options *options);

/* The verb live. */
int nft_own_live(struct target *target, struct packet_stream *facts);
int nft_user_live(struct target *target, struct packet_stream *facts);

#endif
