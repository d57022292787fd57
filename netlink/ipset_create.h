/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets are created by libipset, which knows what revision of a type the kernel speaks. */
#ifndef BANISH_NETLINK_IPSET_CREATE_H
#define BANISH_NETLINK_IPSET_CREATE_H

#include <stdint.h>

struct ipset_plan {
	const char *name;
	const char *type; /* "hash:ip", "hash:net" */
	uint8_t family;	  /* NFPROTO_* */
	uint8_t netmask;  /* 0: none */
	uint32_t maxelem;
	uint32_t hashsize; /* a power of two */
	uint32_t initval;
};

/* 0; -ENOMEM; -EOPNOTSUPP: the kernel does not make such a set. */
int ipset_create(const struct ipset_plan *plan);
/* The hash size to begin with: each doubling waits for an RCU grace period. */
uint32_t ipset_hashsize(uint32_t expect, uint32_t maxelem);

#endif
