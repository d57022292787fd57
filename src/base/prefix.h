/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An address prefix: what is offended from, banned and put into the kernel.
 *
 * The bytes beyond `len` are always zero and IPv4-mapped IPv6 (RFC 4291 2.5.5.2) is always
 * stored as IPv4, so two prefixes are the same exactly when their bytes are: compare with
 * prefix_equal(), hash the whole struct.
 */
#ifndef BANISH_BASE_PREFIX_H
#define BANISH_BASE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PREFIX_TEXT_MAX 50 /* "ffff:...:255.255.255.255/128" and its NUL */

/* 18 bytes without padding: memcmp, hash and write it whole. */
struct prefix {
	uint8_t family;	  /* 4 or 6; 0 is no prefix at all */
	uint8_t len;	  /* 0..32 or 0..128 */
	uint8_t addr[16]; /* network order; IPv4 uses the first four */
};

/* Text -> prefix. Strict: "192.0.2.09", "1.2.3", "::1%eth0" and host bits after a "/len"
 * ("10.1.2.3/8") are refused, the last by prefix_parse only; prefix_parse_masked clears them.
 * `at` need not end in NUL. False leaves *out untouched. */
bool prefix_parse(struct prefix *out, const char *at, size_t len);
bool prefix_parse_masked(struct prefix *out, const char *at, size_t len);
/* The field's older spellings as well: "10." and "192.168." (tcprules, hosts.allow),
 * "10.0.0.0/255.0.0.0". For ignoreip. */
bool prefix_parse_loose(struct prefix *out, const char *at, size_t len);

/* "192.0.2.1", "2001:db8::/64": the length is left out for a single address.
 * Returns `text`, which has room for PREFIX_TEXT_MAX. */
const char *prefix_print(const struct prefix *p, char *text);
/* The address alone, never a length. */
const char *prefix_print_addr(const struct prefix *p, char *text);

/* From a kernel's or a socket's address: family AF_INET or AF_INET6, network order.
 * False: another family, or len out of range. */
bool prefix_from_bytes(struct prefix *out, int af, const void *addr, unsigned len);
int prefix_af(const struct prefix *p); /* AF_INET or AF_INET6 */

unsigned prefix_bits(const struct prefix *p); /* 32 or 128 */
bool prefix_is_single(const struct prefix *p);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
bool prefix_covers(const struct prefix *wide, const struct prefix *narrow); /* or equal */
/* *p cut to `len` bits; a longer len than it has changes nothing. */
struct prefix prefix_cut(const struct prefix *p, unsigned len);
/* Family, length and cleared host bits are what they must be: for bytes from disk or a socket.
 */
bool prefix_valid(const struct prefix *p);

#endif
