/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <string.h>

#include <criterion/criterion.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft_shared.h"
#include "netlink/nl.h"

#define HOUR 3600000u

static struct wire_change change(uint8_t op, const char *text, int64_t left)
{
	struct wire_change c = {.op = op, .left = left, .whole = left};

	cr_assert(prefix_parse(&c.prefix, text, strlen(text)), "%s", text);
	return c;
}

/* There it is, with what is left of it; 0: for ever. */
static struct nft_standing standing(bool ours, uint64_t left)
{
	return (struct nft_standing){
		.there = true,
		.exact = true,
		.element = {.ours = ours, .timeout = left, .expiration = left}};
}

static const struct nft_standing nothing;

Test(shared, an_add_takes_over_what_ends_sooner_and_leaves_the_rest)
{
	const struct wire_change add = change(WIRE_ADD, "192.0.2.1", HOUR);
	const struct {
		struct nft_standing standing;
		enum nft_fate fate;
	} table[] = {
		{nothing, NFT_ADD},
		{standing(false, 0), NFT_LEAVE},
		{standing(false, HOUR), NFT_LEAVE},
		{standing(false, 2 * HOUR), NFT_LEAVE},
		{standing(false, HOUR - 1000), NFT_LEAVE},
		{standing(false, HOUR - 10000), NFT_REPLACE},
		{standing(true, HOUR), NFT_LEAVE},
		{standing(true, HOUR / 2), NFT_REPLACE},
		{standing(true, HOUR * 2), NFT_REPLACE},
	};
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++)
		cr_expect_eq(nft_fate(&add, &table[i].standing), table[i].fate, "%zu", i);
}

Test(shared, a_ban_for_ever_is_longer_than_any_other_and_not_than_for_ever)
{
	const struct wire_change add = change(WIRE_ADD, "192.0.2.1", WIRE_FOREVER);
	struct nft_standing s = standing(false, HOUR);

	cr_expect_eq(nft_fate(&add, &s), NFT_REPLACE);
	s = standing(false, 0);
	cr_expect_eq(nft_fate(&add, &s), NFT_LEAVE);
}

Test(shared, a_delete_takes_ours_alone)
{
	const struct wire_change del = change(WIRE_DEL, "192.0.2.1", 0);
	struct nft_standing s = standing(true, HOUR);

	cr_expect_eq(nft_fate(&del, &nothing), NFT_LEAVE);
	cr_expect_eq(nft_fate(&del, &s), NFT_DELETE);
	s.exact = false;
	cr_expect_eq(nft_fate(&del, &s), NFT_LEAVE);
	s = standing(false, HOUR);
	cr_expect_eq(nft_fate(&del, &s), NFT_LEAVE);
	s = standing(false, 0);
	cr_expect_eq(nft_fate(&del, &s), NFT_LEAVE);
}

Test(shared, an_address_in_someone_elses_prefix_is_out_already)
{
	const struct wire_change add = change(WIRE_ADD, "192.0.2.1", HOUR);
	const struct wire_change net = change(WIRE_ADD, "192.0.2.0/25", HOUR);
	struct nft_standing s = standing(false, 0);

	s.exact = false;
	cr_expect_eq(nft_fate(&add, &s), NFT_LEAVE);
	cr_expect_eq(nft_fate(&net, &s), NFT_ADD, "a prefix may reach beyond it");
	s = standing(false, HOUR / 2);
	s.exact = false;
	cr_expect_eq(nft_fate(&add, &s), NFT_ADD, "not for long enough");
	s = standing(true, 2 * HOUR);
	s.exact = false;
	cr_expect_eq(nft_fate(&add, &s), NFT_ADD, "ours may be undone");
}

/* ---- what the kernel says of an element ---- */

static union {
	struct nlmsghdr head;
	char bytes[512];
} message;

struct said {
	const uint64_t *timeout, *expiration;
	const void *mark;
	size_t mark_size;
};

static const struct nlmsghdr *say(const struct said *said)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(&message);
	struct nlattr *list, *element, *key;

	mnl_nlmsg_put_extra_header(m, sizeof(struct nfgenmsg));
	list = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	key = mnl_attr_nest_start(m, NFTA_SET_ELEM_KEY);
	mnl_attr_put(m, NFTA_DATA_VALUE, 4, "\300\0\2\1");
	mnl_attr_nest_end(m, key);
	if (said->timeout)
		mnl_attr_put_u64(m, NFTA_SET_ELEM_TIMEOUT, htobe64(*said->timeout));
	if (said->expiration)
		mnl_attr_put_u64(m, NFTA_SET_ELEM_EXPIRATION, htobe64(*said->expiration));
	if (said->mark)
		mnl_attr_put(m, NFTA_SET_ELEM_USERDATA, said->mark_size, said->mark);
	mnl_attr_nest_end(m, element);
	mnl_attr_nest_end(m, list);
	return m;
}

static const uint64_t hour = HOUR, two = 2 * HOUR, half = HOUR / 2, rounded = HOUR + 10, none;

Test(shared, ours_is_what_has_our_mark_and_the_time_that_we_gave)
{
	struct nft_mark mark;
	const struct {
		struct said said;
		bool ours;
	} table[] = {
		{{&hour, &half, &mark, sizeof mark}, true},
		{{&rounded, &half, &mark, sizeof mark}, true},
		{{&two, &half, &mark, sizeof mark}, false},
		{{&none, NULL, &mark, sizeof mark}, false},
		{{NULL, NULL, &mark, sizeof mark}, false},
		{{&hour, &half, NULL, 0}, false},
		{{&hour, &half, "\0\7banish", 9}, true},
		{{&two, &half, "\0\7banish", 9}, true},
		{{&hour, &half, "\0\7banisH", 9}, false},
		{{&hour, &half, "\0\6banish", 8}, false},
		{{&hour, &half, "\0\10banish!", 10}, false},
		{{&hour, &half, "\0\377banish", 9}, false},
		{{&hour, &half, "\1\7banish", 9}, false},
		{{&hour, &half, "\5\1x\0\7banish", 12}, true},
		{{&hour, &half, "\0", 1}, false},
	};
	struct nft_element e;
	size_t i;

	nft_mark_pack(&mark, HOUR, 32);
	for (i = 0; i < sizeof table / sizeof *table; i++) {
		cr_assert(nft_element_read(&e, say(&table[i].said), 4, 0));
		cr_expect_eq(e.ours, table[i].ours, "%zu", i);
	}
}

Test(shared, the_sets_own_timeout_is_not_repeated)
{
	const struct said timed = {.expiration = &half}, forever = {.timeout = NULL};
	struct nft_element e;

	cr_assert(nft_element_read(&e, say(&timed), 4, HOUR));
	cr_expect_eq(e.timeout, HOUR);
	cr_expect_eq(e.expiration, HOUR / 2);
	cr_assert(nft_element_read(&e, say(&forever), 4, HOUR));
	cr_expect_eq(e.timeout, 0);
}

Test(shared, messages_that_are_cut_short_hold_no_element)
{
	const struct said said = {.timeout = &hour, .expiration = &half};
	uint32_t len = say(&said)->nlmsg_len;
	struct nft_element e;

	cr_expect(!nft_element_read(&e, &message.head, 16, 0), "a key of another size");
	for (message.head.nlmsg_len = sizeof message.head; message.head.nlmsg_len < len;
	     message.head.nlmsg_len++)
		nft_element_read(&e, &message.head, 4, 0);
	message.head.nlmsg_len = sizeof message.head + sizeof(struct nfgenmsg);
	cr_expect(!nft_element_read(&e, &message.head, 4, 0));
}
