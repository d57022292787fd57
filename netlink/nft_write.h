/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements into sets, in transactions that are to succeed. */
#ifndef BANISH_NETLINK_NFT_WRITE_H
#define BANISH_NETLINK_NFT_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/nft_msg.h"
#include "netlink/target.h"

/* Changes of one set, as nft_order() leaves them; during a refill of two sets. */
struct nft_group {
	const struct nft_place *live;	/* takes adds and deletes; NULL: there is none */
	const struct nft_place *second; /* takes them and fills; NULL: likewise */
	struct change *changes;
	size_t count;
	/* What is added is there already and is taken out first: on every kernel it has then
	 * the times, and the mark, that it is given. */
	bool replace;
};

/* One transaction when nothing is wrong. Else the groups go one by one, and what is wrong is
 * found by halving: the others are written, and results say what was not. 0; -ERESTART: nothing
 * was done, for the ruleset is not of that generation any more (0: any will do). */
int nft_write(struct kernel *kernel, struct nft_group *groups, size_t count,
	      uint32_t generation);

#endif
