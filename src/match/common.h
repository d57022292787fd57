/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How common is a piece of text in logs, roughly? Of the words that an expression needs, those
 * are looked for that few lines have, and of a word the part that is rarest.
 */
#ifndef BANISH_MATCH_COMMON_H
#define BANISH_MATCH_COMMON_H

#include <stddef.h>
#include <stdint.h>

#define COMMON_SLOTS 16384

/* Four bytes in a row, and how often they stand in a sample of what servers log all day. Two
 * that share a slot are taken for one. */
struct common {
	uint8_t seen[COMMON_SLOTS];
	uint16_t bytes[256];
};

void common_learn(struct common *common);
/* How often the four bytes at `at`, in ASCII lower case, are seen. */
unsigned common_four(const struct common *common, const char *at);
/* How common the bytes of a text, in ASCII lower case, are one by one. */
unsigned common_bytes(const struct common *common, const char *at, size_t len);
/* How rare this text, in ASCII lower case, is: grows with its length and with how little of it
 * is in the sample; 0 for less than two bytes. */
unsigned common_rarity(const struct common *common, const char *at, size_t len);

#endif
