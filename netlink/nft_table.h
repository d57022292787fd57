/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own table, inet banish: taken over, made, found out, and its sets exchanged. */
#ifndef BANISH_NETLINK_NFT_TABLE_H
#define BANISH_NETLINK_NFT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/nft_msg.h"
#include "netlink/target.h"

struct nft_slot {
	bool live;		    /* a set of the present generation and its rule are there */
	bool filled;		    /* a set of the next one is */
	struct nft_counter counter; /* of the rule, as last read */
};

struct nft_table {
	struct kernel *kernel;
	uint32_t size; /* of each set */
	bool owner;    /* asked for */
	bool owned;
	bool created; /* made anew, and empty */
	bool second;  /* the present generation's names end in "b" */
	bool refilling;
	struct nft_slot slots[NFT_SLOTS];
};

/* The table is there and as it should be after this, with whatever was in it, or empty
 * (t->created). Also repairs one that others changed or took away. kernel, size and owner are
 * set by the caller. 0 or -errno; -EPERM: someone else owns it. */
int nft_table_open(struct nft_table *t);
/* Make the sets that are missing for these slots: live ones with their rules, or of the next
 * generation. */
int nft_table_add(struct nft_table *t, const bool live[NFT_SLOTS],
		  const bool filled[NFT_SLOTS]);

/* Sets of a next generation beside the present one ... */
int nft_table_refill(struct nft_table *t);
/* ... take its place, with what was filled into them, in one transaction, or go. */
int nft_table_commit(struct nft_table *t);
int nft_table_abort(struct nft_table *t);

#endif
