/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a target's spec asks for, checked. */
#ifndef BANISH_TARGET_OPTIONS_H
#define BANISH_TARGET_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/spec.h"

#define OPTIONS_TEXT_MAX 63  /* what fits a wire_option, with its NUL */
#define OPTIONS_IPSET_MAX 26 /* "NAME6-net" must fit the kernel's 31 */

enum options_kind { OPTIONS_NFT = 1, OPTIONS_IPSET, OPTIONS_ROUTE, OPTIONS_NULL };

/* Texts point into the spec. */
struct options {
	enum options_kind kind;
	const char *name;	      /* ipset: of the IPv4 set */
	char table[OPTIONS_TEXT_MAX]; /* nft: "FAMILY NAME" of the user's; empty: our own */
	const char *set4, *set6;      /* nft: in the user's table; NULL: none */
	bool owner;		      /* nft: own the table */
	const char *type;	      /* route */
	uint32_t route_table;
	uint8_t protocol;
	uint32_t maxbans; /* ipset; 0: nothing was said */
};

/* 0, or -EINVAL after a diag_error for each mistake. */
int options_read(struct options *out, const struct spec *spec, struct diag *diag);
/* What two targets would both use: "table inet banish", "ipset", "routing table"; NULL:
 * nothing. */
const char *options_clash(const struct options *a, const struct options *b);
/* One line for a person. Returns `out`. */
const char *options_describe(const struct options *options, char *out, size_t size);

#endif
