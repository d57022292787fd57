/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in the kernel where our own table should be. */
#ifndef BANISH_NETLINK_NFT_LAYOUT_H
#define BANISH_NETLINK_NFT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/nft_msg.h"
#include "netlink/target.h"

struct nft_layout {
	bool there;
	bool strange; /* has what we do not put there: it is not to be built upon */
	uint32_t flags;
	uint32_t owner;		 /* netlink port; 0: none, or it is gone */
	unsigned chains;	 /* ours: 1 */
	bool second;		 /* rules name the generation with "b" */
	bool named[2];		 /* either does */
	bool sets[2][NFT_SLOTS]; /* of the two generations */
	struct nft_counter counters[NFT_SLOTS];
};

int nft_layout_read(struct nft_layout *out, struct kernel *kernel);

#endif
