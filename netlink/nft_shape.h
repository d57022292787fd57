/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kind of set one of the user's is. A file of rules that is loaded anew may make it
 * another: an address that is written to what has become a set of intervals begins one that
 * ends with the last address there is.
 */
#ifndef BANISH_NETLINK_NFT_SHAPE_H
#define BANISH_NETLINK_NFT_SHAPE_H

#include <stdint.h>

#include "netlink/nft_msg.h"
#include "netlink/target.h"

/* Fill in what a place, of which table and set are known, is to be filled by: 0, enum
 * wire_fault or -errno. */
int nft_shape_open(struct nft_place *place, struct kernel *kernel, unsigned family);

/* Is the set still of that kind? 0, and where *generation is 0, the generation of the ruleset
 * that says so, for nft_msg_open_at(): of several sets that of the first one looked at.
 * -ENOENT: there is none; -ESTALE: it is of another kind. */
int nft_shape_same(uint32_t *generation, struct kernel *kernel, const struct nft_place *place);

#endif
