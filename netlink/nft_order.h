/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The changes of a packet in the order in which transactions take them. */
#ifndef BANISH_NETLINK_NFT_ORDER_H
#define BANISH_NETLINK_NFT_ORDER_H

#include <stddef.h>

#include "netlink/target.h"

/* Leaves, of the changes of one prefix, the last that counts (a fill behind an add or a delete
 * counts as well as that one), and puts those of one slot together, adds before deletes before
 * fills. What is left out has succeeded. Returns how many are left. */
size_t nft_order(struct change *changes, size_t count);

#endif
