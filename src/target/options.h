/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a target's spec asks for, checked. */
#ifndef BANISH_TARGET_OPTIONS_H
#define BANISH_TARGET_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/spec.h"
#include "target/ports.h"

#define OPTIONS_TEXT_MAX 63  /* what fits a wire_option, with its NUL */
#define OPTIONS_IPSET_MAX 26 /* "NAME6-net" must fit the kernel's 31 */
#define OPTIONS_IPSET6_MAX 31
#define OPTIONS_SETS 4 /* of an ipset: addresses of IPv4 and IPv6, prefixes of both */
#define OPTIONS_SET_SIZE (OPTIONS_IPSET6_MAX + sizeof "-net")

enum options_kind {
	OPTIONS_NFT = 1,
	OPTIONS_IPSET,
	OPTIONS_ROUTE,
	OPTIONS_NULL,
	OPTIONS_TCPRULES,
};

/* Texts point into the spec. */
struct options {
	enum options_kind kind;
	const char *name; /* ipset: of the IPv4 set */
	char name6[OPTIONS_IPSET6_MAX + 1];
	char table[OPTIONS_TEXT_MAX]; /* nft: "FAMILY NAME" of the user's; empty: our own */
	const char *set4, *set6;      /* nft: in the user's table; NULL: none */
	bool owner;		      /* nft: own the table */
	struct ports ports;	      /* nft, our own table: what is stopped */
	const char *type;	      /* route */
	uint32_t route_table;
	uint8_t protocol;
	uint32_t maxbans;		/* ipset; 0: nothing was said */
	const char *file, *cdb, *fixed; /* tcprules: paths; all but the first may be NULL */
	bool ipv6;			/* tcprules: of the build that knows IPv6 */
};

/* Is it the helper that puts it into the kernel? */
bool options_in_kernel(const struct options *options);
/* 0, or -EINVAL after a diag_error for each mistake. */
int options_read(struct options *out, const struct spec *spec, struct diag *diag);
/* What two targets would both use: "table inet banish", "ipset", "file"; NULL:
 * nothing. */
const char *options_clash(const struct options *a, const struct options *b);
/* The names of an ipset's sets: IPv4, IPv6, and the prefixes of each. */
void options_set_names(const struct options *options,
		       char names[OPTIONS_SETS][OPTIONS_SET_SIZE]);
/* "main" and the like; NULL: it has but a number. */
const char *options_table_name(uint32_t number);
/* One line for a person. Returns `out`. */
const char *options_describe(const struct options *options, char *out, size_t size);

#endif
