/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets and rules of a scope of our own table, into the transaction that is open in the kernel's
 * batch: what is put is made, what is dropped is deleted.
 */
#ifndef BANISH_NETLINK_NFT_PUT_H
#define BANISH_NETLINK_NFT_PUT_H

#include <stdbool.h>

#include "netlink/nft_layout.h"
#include "netlink/nft_table.h"

/* `second`: of the generation whose names end in "b". */
void nft_put_set(struct nft_table *t, const struct nft_scope *s, unsigned slot, bool second);
void nft_drop_set(struct nft_table *t, const struct nft_scope *s, unsigned slot, bool second);

/* The rules that look addresses up in that set, with the counters that the slot has. */
void nft_put_rules(struct nft_table *t, const struct nft_scope *s, unsigned slot, bool second);
/* Every rule of the scope that was found; and those of no scope. */
void nft_drop_rules(struct nft_table *t, const struct nft_layout *l, const struct nft_scope *s);
void nft_drop_strange_rules(struct nft_table *t, const struct nft_layout *l);

#endif
