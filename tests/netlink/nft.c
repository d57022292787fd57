/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <string.h>

#include <criterion/criterion.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft_mark.h"
#include "netlink/nft_msg.h"
#include "netlink/nft_order.h"

static const struct nl nl = {.sequence = 100, .room = NL_BATCH_MAX};

static struct wire_change change(uint8_t op, const char *text)
{
	struct wire_change c = {.op = op, .left = 1000, .whole = 5000};

	cr_assert(prefix_parse(&c.prefix, text, strlen(text)), "%s", text);
	return c;
}

Test(nft, times_stay_within_what_the_kernel_takes)
{
	struct wire_change c = {.left = 1, .whole = 1};

	cr_expect(nft_times(&c).expiration >= 10);
	cr_expect(nft_times(&c).timeout >= nft_times(&c).expiration);
	c.left = 1000;
	c.whole = 5000;
	cr_expect_eq(nft_times(&c).expiration, 1000);
	cr_expect_eq(nft_times(&c).timeout, 5000);
	c.left = c.whole = WIRE_FOREVER;
	cr_expect_eq(nft_times(&c).expiration, nft_times(&c).timeout);
	cr_expect_lt(nft_times(&c).timeout, 18446744073708ull);
	cr_expect_gt(nft_times(&c).timeout, 99ull * 365 * 86400 * 1000);
}

Test(nft, an_interval_ends_behind_its_prefix)
{
	static const struct {
		const char *prefix, *end; /* NULL: there is nothing behind it */
	} table[] = {
		{"192.0.2.1", "192.0.2.2"},
		{"192.0.2.255", "192.0.3.0"},
		{"10.0.0.0/8", "11.0.0.0"},
		{"198.51.100.128/25", "198.51.101.0"},
		{"255.0.0.0/8", NULL},
		{"255.255.255.255", NULL},
		{"2001:db8::/32", "2001:db9::"},
		{"2001:db8::ffff/128", "2001:db8::1:0"},
		{"ffff:ffff:ffff:ffff::/64", NULL},
	};
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		struct wire_change c = change(WIRE_ADD, table[i].prefix), wanted;
		uint8_t end[16];

		cr_assert_eq(nft_interval_end(end, &c.prefix), table[i].end != NULL);
		if (!table[i].end)
			continue;
		wanted = change(WIRE_ADD, table[i].end);
		cr_expect_arr_eq(end, wanted.prefix.addr, prefix_bits(&c.prefix) / 8);
	}
}

static struct wire_change wires[WIRE_RECORDS_MAX];
static struct wire_result results[WIRE_RECORDS_MAX];
static struct change changes[WIRE_RECORDS_MAX];

static void many(const char *text)
{
	size_t i;

	for (i = 0; i < WIRE_RECORDS_MAX; i++) {
		wires[i] = change(WIRE_ADD, text);
		wires[i].prefix.addr[2] = (uint8_t)(i / 250);
		wires[i].prefix.addr[3] = (uint8_t)(i % 250);
		changes[i] = (struct change){&wires[i], &results[i]};
	}
}

/* Walks the messages and their lists as the kernel does. */
static size_t count_elements(const struct nl_batch *batch)
{
	const struct nlmsghdr *m = (const void *)batch->at;
	int left = (int)batch->len;
	size_t elements = 0, bytes = 0;
	unsigned messages = 0;

	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left), messages++) {
		const struct nlattr *list[NFTA_SET_ELEM_LIST_MAX + 1], *element;

		cr_assert_eq(m->nlmsg_seq, 100 + messages);
		bytes += MNL_ALIGN(m->nlmsg_len);
		nl_attributes(m, sizeof(struct nfgenmsg), list, NFTA_SET_ELEM_LIST_MAX + 1);
		cr_assert_not_null(list[NFTA_SET_ELEM_LIST_ELEMENTS]);
		mnl_attr_for_each_nested(element, list[NFTA_SET_ELEM_LIST_ELEMENTS]) elements++;
	}
	cr_assert_eq(messages, batch->count);
	cr_assert_eq(bytes, batch->len);
	return elements;
}

Test(nft, a_thousand_elements_are_one_message)
{
	struct nft_place place = {.family = 1, .table = NFT_TABLE, .set = "ban6"};
	struct nl_batch *batch = nl_batch_new();

	many("2001:db8::/64");
	nl_begin(batch, &nl);
	nft_msg_elements(batch, NFT_MSG_NEWSETELEM, &place, changes, 1000);
	cr_expect_eq(batch->count, 1);
	cr_expect_eq(count_elements(batch), 1000);
	free(batch);
}

Test(nft, intervals_that_do_not_fit_one_message_take_two)
{
	struct nft_place place = {.family = 1, .table = "t", .set = "s", .interval = true};
	struct nl_batch *batch = nl_batch_new();

	many("2001:db8::/64");
	nl_begin(batch, &nl);
	nft_msg_elements(batch, NFT_MSG_NEWSETELEM, &place, changes, 1000);
	cr_expect_eq(batch->count, 2);
	cr_expect_eq(count_elements(batch), 2000);
	free(batch);
}

Test(nft, a_batch_that_is_full_says_so)
{
	struct nft_place place = {.family = 1, .table = NFT_TABLE, .set = "ban4"};
	struct nl_batch *batch = nl_batch_new();
	int i;

	many("192.0.0.0/32");
	nl_begin(batch, &nl);
	for (i = 0; i < 100; i++)
		nft_msg_elements(batch, NFT_MSG_NEWSETELEM, &place, changes, 1000);
	cr_expect(batch->error);
	cr_expect_leq(batch->len, NL_BATCH_MAX);
	free(batch);
}

Test(nft, an_element_carries_its_whole_time_and_what_is_left)
{
	struct nft_place place = {.family = 1, .table = NFT_TABLE, .set = "ban4"};
	struct nl_batch *batch = nl_batch_new();
	const struct nlattr *list[NFTA_SET_ELEM_LIST_MAX + 1], *inner[2],
		*e[NFTA_SET_ELEM_MAX + 1];
	uint64_t ms;

	many("192.0.0.0/32");
	nl_begin(batch, &nl);
	nft_msg_elements(batch, NFT_MSG_NEWSETELEM, &place, changes, 1);
	nl_attributes((void *)batch->at, sizeof(struct nfgenmsg), list,
		      NFTA_SET_ELEM_LIST_MAX + 1);
	cr_expect_str_eq(nl_text(list[NFTA_SET_ELEM_LIST_SET]), "ban4");
	nl_nested(list[NFTA_SET_ELEM_LIST_ELEMENTS], inner, 2);
	nl_nested(inner[NFTA_LIST_ELEM], e, NFTA_SET_ELEM_MAX + 1);
	cr_assert(nl_get(e[NFTA_SET_ELEM_TIMEOUT], &ms, sizeof ms));
	cr_expect_eq(be64toh(ms), 5000);
	cr_assert(nl_get(e[NFTA_SET_ELEM_EXPIRATION], &ms, sizeof ms));
	cr_expect_eq(be64toh(ms), 1000);
	free(batch);
}

Test(nft, an_element_of_a_set_of_the_users_is_marked)
{
	struct nft_place place = {.family = 1, .table = "t", .set = "s", .marked = true};
	struct nl_batch *batch = nl_batch_new();
	struct nft_element e;

	many("192.0.0.0/32");
	nl_begin(batch, &nl);
	nft_msg_elements(batch, NFT_MSG_NEWSETELEM, &place, changes, 1);
	cr_assert(nft_element_read(&e, (void *)batch->at, 4, 0));
	cr_expect(e.ours);
	cr_expect_eq(e.timeout, 5000);
	cr_expect_eq(e.expiration, 1000);
	place.marked = false;
	nl_begin(batch, &nl);
	nft_msg_elements(batch, NFT_MSG_NEWSETELEM, &place, changes, 1);
	cr_assert(nft_element_read(&e, (void *)batch->at, 4, 0));
	cr_expect(!e.ours);
	free(batch);
}

Test(nft, marked_intervals_never_outgrow_a_message)
{
	struct nft_place place = {
		.family = 1, .table = "t", .set = "s", .interval = true, .marked = true};
	struct nl_batch *batch = nl_batch_new();

	many("2001:db8::/64");
	nl_begin(batch, &nl);
	nft_msg_elements(batch, NFT_MSG_NEWSETELEM, &place, changes, 1000);
	cr_expect_eq(count_elements(batch), 2000);
	free(batch);
}

/* ---- order ---- */

static void expect_order(const char *const *given, const char *const *wanted)
{
	size_t n = 0, left, i;

	for (; given[n]; n++) {
		wires[n] = change(given[n][0] == '+'   ? WIRE_ADD
				  : given[n][0] == '-' ? WIRE_DEL
						       : WIRE_FILL,
				  given[n] + 1);
		changes[n] = (struct change){&wires[n], &results[n]};
	}
	left = nft_order(changes, n);
	for (i = 0; wanted[i]; i++) {
		char text[PREFIX_TEXT_MAX + 1];

		cr_assert_lt(i, left);
		text[0] = " +-="[changes[i].wire->op];
		prefix_print(&changes[i].wire->prefix, text + 1);
		cr_expect_str_eq(text, wanted[i]);
	}
	cr_expect_eq(left, i);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(nft, the_last_change_of_a_prefix_counts)
{
	expect_order(LIST("+192.0.2.1", "-192.0.2.1"), LIST("-192.0.2.1"));
	expect_order(LIST("-192.0.2.1", "+192.0.2.1"), LIST("+192.0.2.1"));
	expect_order(LIST("+192.0.2.1", "+192.0.2.1", "+192.0.2.1"), LIST("+192.0.2.1"));
}

Test(nft, a_fill_leaves_an_add_or_delete_before_it_alone)
{
	expect_order(LIST("-192.0.2.1", "=192.0.2.1"), LIST("-192.0.2.1", "=192.0.2.1"));
	expect_order(LIST("=192.0.2.1", "-192.0.2.1"), LIST("-192.0.2.1"));
	expect_order(LIST("=192.0.2.1", "+192.0.2.1", "=192.0.2.1", "=192.0.2.1"),
		     LIST("+192.0.2.1", "=192.0.2.1"));
}

Test(nft, changes_of_a_set_stand_together)
{
	expect_order(LIST("-192.0.2.9", "+2001:db8::/64", "+192.0.2.0/24", "+192.0.2.1"),
		     LIST("+192.0.2.0/24", "+192.0.2.1", "-192.0.2.9", "+2001:db8::/64"));
}
