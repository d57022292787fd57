/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel's nf_tables can do, tried out: vendors port back, so versions say little. */
#ifndef BANISH_NETLINK_NFT_PROBE_H
#define BANISH_NETLINK_NFT_PROBE_H

#include <stdbool.h>

struct kernel;

struct nft_probe {
	bool done;
	bool own;     /* tables can be owned and outlive their owner (6.9) */
	bool update;  /* a second add changes an element's end (6.12) */
	bool destroy; /* NFT_MSG_DESTROYSETELEM (6.3) */
};

/* Fills kernel->nft_can, once. 0 or -errno: nf_tables cannot be used at all. */
int nft_probe(struct kernel *kernel);

#endif
