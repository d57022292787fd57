/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own table, inet banish: taken over, made, found out; and the sets of each scope in it,
 * made and exchanged. What is done for a scope touches its own sets and rules alone, but for
 * making a table anew that cannot be used.
 */
#ifndef BANISH_NETLINK_NFT_TABLE_H
#define BANISH_NETLINK_NFT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/nft_msg.h"
#include "netlink/target.h"

struct nft_slot {
	bool live;   /* a set of the present generation and its rules are there */
	bool filled; /* a set of the next one is */
	struct nft_counter
		counter[2]; /* of the rules for TCP or everything, and UDP, as last read */
};

struct nft_scope {
	char name[NFT_SCOPE_SIZE];
	struct options options; /* its ports, and size of its sets */
	unsigned users;		/* targets that are defined so */
	bool created;		/* made anew, and empty */
	bool second;		/* the present generation's names end in "b" */
	bool refilling;
	struct nft_slot slots[NFT_SLOTS];
};

struct nft_table {
	struct kernel *kernel;
	bool owner; /* asked for */
	bool owned;
	bool remade;   /* and so empty of what other scopes had: set here, cleared by the worker
			*/
	bool complete; /* all scopes that there are to be are defined: others may go */
	struct nft_scope *scopes[WIRE_TARGETS_MAX];
};

/* The scope that these options are about, with one more user. NULL: out of memory. */
struct nft_scope *nft_table_scope(struct nft_table *t, const struct options *options);
/* One user less; the kernel is not touched. */
void nft_table_leave(struct nft_table *t, struct nft_scope *s);
void nft_table_free(struct nft_table *t); /* takes NULL */

/* The table is there and the scope is as it should be after this, with whatever was in it, or
 * empty (s->created). Also repairs what others changed or took away. kernel and owner are set
 * by the caller. 0 or -errno; -EPERM: someone else owns the table, or one who is about to end.
 */
int nft_table_open(struct nft_table *t, struct nft_scope *s);
/* Nothing is defined any more for now: what scopes left behind that nobody defines is taken
 * out, by this and from now on by nft_table_open(). */
int nft_table_complete(struct nft_table *t);
/* Make the sets that are missing for these slots: live ones with their rules, or of the next
 * generation. */
int nft_table_add(struct nft_table *t, struct nft_scope *s, const bool live[NFT_SLOTS],
		  const bool filled[NFT_SLOTS]);

/* Sets of a next generation beside the present one ... */
int nft_table_refill(struct nft_table *t, struct nft_scope *s);
/* ... take its place, with what was filled into them, in one transaction, or go. What has ports
 * and was not filled leaves neither sets nor rules. */
int nft_table_commit(struct nft_table *t, struct nft_scope *s);
int nft_table_abort(struct nft_table *t, struct nft_scope *s);

#endif
