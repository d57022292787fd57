/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>

#include "netlink/nft_scope.h"

/*
 * What our own sets are called. A prefix length has a hash set of its own and a rule that masks
 * the address: interval sets cost O(n) for each change and refuse prefixes that overlap.
 */

/* ---- scopes ---- */

/* FNV-1a: no secret, and the same in every version. */
static uint32_t digest(const struct options *o)
{
	uint32_t hash = 2166136261u;
	unsigned i, j;

	for (i = 0; i < o->port_count; i++) {
		const struct options_port *p = &o->ports[i];
		const uint8_t bytes[] = {p->protocol, (uint8_t)(p->first >> 8),
					 (uint8_t)p->first, (uint8_t)(p->last >> 8),
					 (uint8_t)p->last};

		for (j = 0; j < sizeof bytes; j++)
			hash = (hash ^ bytes[j]) * 16777619u;
	}
	return hash;
}

static int print_port(char *out, size_t size, const struct options_port *p, uint8_t before)
{
	const char *protocol = p->protocol == IPPROTO_TCP ? "tcp" : "udp";
	const char *blank = before ? "_" : "";

	if (before == p->protocol)
		protocol = "";
	if (p->first == p->last)
		return snprintf(out, size, "%s%s%u", blank, protocol, p->first);
	return snprintf(out, size, "%s%s%u-%u", blank, protocol, p->first, p->last);
}

const char *nft_scope_name(char name[NFT_SCOPE_SIZE], const struct options *o)
{
	uint8_t before = 0;
	size_t len = 0;
	unsigned i;

	name[0] = 0;
	for (i = 0; i < o->port_count && len < NFT_SCOPE_SIZE; i++) {
		len += (size_t)print_port(name + len, NFT_SCOPE_SIZE - len, &o->ports[i],
					  before);
		before = o->ports[i].protocol;
	}
	if (len >= NFT_SCOPE_SIZE)
		snprintf(name, NFT_SCOPE_SIZE, "ports%010u", digest(o));
	return name;
}

/* Ends in a digit, so that the "b" behind it is never its own. */
static bool is_scope(const char *text, size_t len)
{
	size_t i;

	if (!len || len >= NFT_SCOPE_SIZE || !isdigit((unsigned char)text[len - 1]))
		return false;
	for (i = 0; i < len; i++)
		if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) &&
		    text[i] != '_' && text[i] != '-')
			return false;
	return !strncmp(text, "tcp", 3) || !strncmp(text, "udp", 3) ||
	       !strncmp(text, "ports", 5);
}

/* ---- slots ---- */

unsigned nft_slot(const struct prefix *prefix)
{
	return prefix->family == 4 ? prefix->len : 33u + prefix->len;
}

struct prefix nft_slot_prefix(unsigned slot)
{
	return slot <= 32 ? (struct prefix){.family = 4, .len = (uint8_t)slot}
			  : (struct prefix){.family = 6, .len = (uint8_t)(slot - 33)};
}

bool nft_slot_basic(unsigned slot)
{
	return slot == 32 || slot == 33 + 64;
}

const char *nft_slot_name(char name[NFT_NAME_SIZE], const char *scope, unsigned slot,
			  bool second)
{
	const struct prefix p = nft_slot_prefix(slot);
	char len[8] = "";

	if (!nft_slot_basic(slot))
		snprintf(len, sizeof len, "_%u", p.len);
	snprintf(name, NFT_NAME_SIZE, "ban%u%s%s%s%s", p.family, len, scope[0] ? "_" : "",
		 scope, second ? "b" : "");
	return name;
}

/* A prefix length, "_24"; without one what `basic` is. */
static const char *read_length(unsigned *slot, const char *at, unsigned first, unsigned basic)
{
	unsigned len = 0;
	int digits = 0;

	*slot = basic;
	if (at[0] != '_' || !isdigit((unsigned char)at[1]))
		return at;
	for (at++; isdigit((unsigned char)*at) && digits < 3; at++, digits++)
		len = len * 10 + (unsigned)(*at - '0');
	*slot = first + len;
	return at;
}

bool nft_slot_parse(unsigned *slot, bool *second, char scope[NFT_SCOPE_SIZE], const char *name)
{
	char again[NFT_NAME_SIZE];
	bool six = !strncmp(name, "ban6", 4);
	size_t len = strlen(name);
	const char *at;

	if ((!six && strncmp(name, "ban4", 4) != 0) || len >= NFT_NAME_SIZE)
		return false;
	at = read_length(slot, name + 4, six ? 33 : 0, six ? 33 + 64 : 32);
	if (*slot >= (six ? NFT_SLOTS : 33))
		return false;
	*second = name[len - 1] == 'b';
	len -= (size_t)(at - name) + *second;
	scope[0] = 0;
	if (len && (*at != '_' || !is_scope(at + 1, len - 1)))
		return false;
	if (len)
		snprintf(scope, NFT_SCOPE_SIZE, "%.*s", (int)len - 1, at + 1);
	return !strcmp(name, nft_slot_name(again, scope, *slot, *second));
}
