/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include <criterion/criterion.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "netlink/nft_layout.h"

static const struct nl nl = {.sequence = 100, .room = NL_BATCH_MAX};

static struct nft_found_set found_set(const char *name)
{
	struct nft_found_set s = {.good = true};

	strcpy(s.name, name);
	cr_assert(nft_slot_parse(&s.slot, &s.second, s.scope, name), "%s", name);
	return s;
}

static struct nft_found_rule found_rule(const char *set, uint8_t protocol, uint64_t packets)
{
	struct nft_found_rule r = {.protocol = protocol, .counter.packets = packets};

	strcpy(r.set, set);
	return r;
}

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define VIEW(sets_, rules_, scope)                                                             \
	nft_layout_view(&view,                                                                 \
			&(struct nft_layout){.sets = (sets_),                                  \
					     .set_count = COUNT(sets_),                        \
					     .rules = (rules_),                                \
					     .rule_count = COUNT(rules_)},                     \
			scope)

static struct nft_view view;

static unsigned live(void)
{
	unsigned i, count = 0;

	for (i = 0; i < NFT_SLOTS; i++)
		count += view.live[i];
	return count;
}

Test(layout, a_scope_sees_its_own_sets_and_counters)
{
	struct nft_found_set sets[] = {found_set("ban4"), found_set("ban6"),
				       found_set("ban4_24_tcp25_udp53")};
	struct nft_found_rule rules[] = {found_rule("ban4", 0, 7), found_rule("ban6", 0, 0),
					 found_rule("ban4_24_tcp25_udp53", IPPROTO_TCP, 3),
					 found_rule("ban4_24_tcp25_udp53", IPPROTO_UDP, 4)};

	VIEW(sets, rules, "");
	cr_expect(live() == 2 && view.live[32] && view.live[33 + 64] && !view.second);
	cr_expect_eq(view.counters[32][0].packets, 7);
	VIEW(sets, rules, "tcp25_udp53");
	cr_expect(live() == 1 && view.live[24]);
	cr_expect_eq(view.counters[24][0].packets, 3);
	cr_expect_eq(view.counters[24][1].packets, 4);
	VIEW(sets, rules, "tcp25");
	cr_expect_eq(live(), 0);
}

Test(layout, rules_tell_the_generation_in_force)
{
	struct nft_found_set sets[] = {found_set("ban4"), found_set("ban4b"),
				       found_set("ban4_24b")};
	struct nft_found_rule rules[] = {found_rule("ban4b", 0, 0)};

	VIEW(sets, rules, "");
	cr_expect(view.second && live() == 2 && view.live[32] && view.live[24]);
}

Test(layout, without_rules_the_only_generation_is_in_force)
{
	struct nft_found_set sets[] = {found_set("ban4b")};
	struct nft_found_rule rules[] = {found_rule("another", 0, 0)};

	VIEW(sets, rules, "");
	cr_expect(view.second && live() == 1);
}

Test(layout, what_makes_no_sense_is_not_in_force)
{
	struct nft_found_set both[] = {found_set("ban4"), found_set("ban4b")};
	struct nft_found_rule two[] = {found_rule("ban4", 0, 0), found_rule("ban4b", 0, 0)};
	struct nft_found_rule none[] = {found_rule("another", 0, 0)};

	VIEW(both, two, "");
	cr_expect_eq(live(), 0, "rules of both generations");
	VIEW(both, none, "");
	cr_expect_eq(live(), 0, "two generations and no rule");
}

Test(layout, a_set_that_was_made_otherwise_is_not_in_force)
{
	struct nft_found_set sets[] = {found_set("ban4"), found_set("ban6")};
	struct nft_found_rule rules[] = {found_rule("ban4", 0, 0), found_rule("ban6", 0, 0)};

	sets[0].good = false;
	VIEW(sets, rules, "");
	cr_expect(live() == 1 && view.live[33 + 64]);
}

Test(layout, our_own_rules_are_read_as_they_are_written)
{
	struct options ports = {.ports = {{IPPROTO_TCP, 25, 25}, {IPPROTO_UDP, 1, 9}},
				.port_count = 2};
	struct nft_rule rule = {.slot = 24, .set = "ban4_24_tcp25_udp1-9", .counter = {5, 600}};
	static const uint8_t protocols[] = {0, IPPROTO_TCP, IPPROTO_UDP};
	struct nl_batch *batch = nl_batch_new();
	struct nft_found_rule seen;
	size_t i;

	for (i = 0; i < COUNT(protocols); i++) {
		struct nlmsghdr *m = (void *)batch->at;

		rule.protocol = protocols[i];
		nl_begin(batch, &nl);
		nft_msg_rule(batch, &rule, &ports);
		cr_expect_eq(batch->count, protocols[i] ? 3 : 1);
		while ((m->nlmsg_type & 0xff) != NFT_MSG_NEWRULE)
			m = (void *)((char *)m + MNL_ALIGN(m->nlmsg_len));
		cr_expect(!nft_found_rule_read(&seen, m), "it has no handle yet");
		mnl_attr_put_u64(m, NFTA_RULE_HANDLE, htobe64(77));
		cr_assert(nft_found_rule_read(&seen, m));
		cr_expect_eq(seen.handle, 77);
		cr_expect_eq(seen.protocol, protocols[i]);
		cr_expect_str_eq(seen.set, rule.set);
		cr_expect_eq(seen.counter.packets, 5);
		cr_expect_eq(seen.counter.bytes, 600);
		cr_expect(seen.counted && !seen.accepts);
	}
	free(batch);
}
