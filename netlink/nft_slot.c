/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "netlink/nft_msg.h"

/*
 * What our own sets are called. A prefix length has a hash set of its own and a rule that masks
 * the address: interval sets cost O(n) for each change and refuse prefixes that overlap.
 */

unsigned nft_slot(const struct prefix *prefix)
{
	return prefix->family == 4 ? prefix->len : 33u + prefix->len;
}

struct prefix nft_slot_prefix(unsigned slot)
{
	return slot <= 32 ? (struct prefix){.family = 4, .len = (uint8_t)slot}
			  : (struct prefix){.family = 6, .len = (uint8_t)(slot - 33)};
}

const char *nft_slot_name(char name[NFT_NAME_SIZE], unsigned slot, bool second)
{
	const struct prefix p = nft_slot_prefix(slot);
	const char *b = second ? "b" : "";

	if (p.len == (p.family == 4 ? 32 : 64))
		snprintf(name, NFT_NAME_SIZE, "ban%u%s", p.family, b);
	else
		snprintf(name, NFT_NAME_SIZE, "ban%u_%u%s", p.family, p.len, b);
	return name;
}

bool nft_slot_parse(unsigned *slot, bool *second, const char *name)
{
	char ours[NFT_NAME_SIZE];
	unsigned i;

	for (i = 0; i < 2 * NFT_SLOTS; i++)
		if (!strcmp(name, nft_slot_name(ours, i / 2, i % 2))) {
			*slot = i / 2;
			*second = i % 2;
			return true;
		}
	return false;
}
