/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <netinet/in.h>

#include "netlink/nft_put.h"

void nft_put_set(struct nft_table *t, const struct nft_scope *s, unsigned slot, bool second)
{
	char name[NFT_NAME_SIZE];

	nft_msg_set(t->kernel->batch, NFT_TABLE, slot,
		    nft_slot_name(name, s->name, slot, second), s->options.maxbans);
}

static bool has_protocol(const struct nft_scope *s, uint8_t protocol)
{
	for (unsigned i = 0; i < s->options.port_count; i++)
		if (s->options.ports[i].protocol == protocol)
			return true;
	return false;
}

/* One rule for each protocol that there are ports of. */
void nft_put_rules(struct nft_table *t, const struct nft_scope *s, unsigned slot, bool second)
{
	static const uint8_t protocols[2] = {IPPROTO_TCP, IPPROTO_UDP};
	char name[NFT_NAME_SIZE];
	struct nft_rule rule = {.slot = slot,
				.set = nft_slot_name(name, s->name, slot, second),
				.counter = s->slots[slot].counter[0]};

	if (!s->options.port_count)
		nft_msg_rule(t->kernel->batch, &rule, &s->options);
	for (int i = 0; i < 2; i++) {
		if (!has_protocol(s, protocols[i]))
			continue;
		rule.protocol = protocols[i];
		rule.counter = s->slots[slot].counter[i];
		nft_msg_rule(t->kernel->batch, &rule, &s->options);
	}
}

void nft_drop_set(struct nft_table *t, const struct nft_scope *s, unsigned slot, bool second)
{
	char name[NFT_NAME_SIZE];

	nft_msg_set_delete(t->kernel->batch, nft_slot_name(name, s->name, slot, second));
}

void nft_drop_rules(struct nft_table *t, const struct nft_layout *l, const struct nft_scope *s)
{
	char of[NFT_SCOPE_SIZE];

	for (size_t i = 0; i < l->rule_count; i++)
		if (nft_found_scope(of, &l->rules[i]) && !strcmp(of, s->name))
			nft_msg_rule_delete(t->kernel->batch, l->rules[i].handle);
}

void nft_drop_strange_rules(struct nft_table *t, const struct nft_layout *l)
{
	char of[NFT_SCOPE_SIZE];

	for (size_t i = 0; i < l->rule_count; i++)
		if (!nft_found_scope(of, &l->rules[i]))
			nft_msg_rule_delete(t->kernel->batch, l->rules[i].handle);
}
