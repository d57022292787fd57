/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of a set that others put elements into as well: what is theirs stays theirs. */
#ifndef BANISH_NETLINK_NFT_SHARED_H
#define BANISH_NETLINK_NFT_SHARED_H

#include <stddef.h>

#include "netlink/nft_mark.h"
#include "netlink/nft_msg.h"
#include "netlink/target.h"

enum nft_fate {
	NFT_LEAVE = 1, /* nothing is to be done, which is success */
	NFT_ADD,       /* it is not there */
	NFT_REPLACE,   /* it is there, and is to be ours with the new times */
	NFT_DELETE,    /* it is there, and ours */
};

/* What the kernel holds where a change goes. */
struct nft_standing {
	bool there;
	bool exact; /* the very prefix, else an interval that begins elsewhere or is of another
		       length */
	struct nft_element element;
};

enum nft_fate nft_fate(const struct wire_change *change, const struct nft_standing *standing);

/* Ask the kernel and decide for each of up to WIRE_RECORDS_MAX changes. 0 or -errno. A set that
 * is gone is not told from one that is empty. */
int nft_shared_sift(enum nft_fate *fates, struct kernel *kernel, const struct nft_place *place,
		    const struct change *changes, size_t count);

#endif
