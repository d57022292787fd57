/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/ipset_create.h"
#include "netlink/ipset_msg.h"

static const struct nl nl = {.sequence = 1, .room = NL_BATCH_MAX};

Test(ipset, seconds_are_whole_and_never_fewer_than_asked)
{
	static const struct {
		int64_t ms;
		uint32_t seconds;
	} table[] = {{1, 1},
		     {999, 1},
		     {1000, 1},
		     {1001, 2},
		     {3600000, 3600},
		     {2147483000, 2147483},
		     {2147483001, 2147483},
		     {INT64_MAX - 1, 2147483},
		     {WIRE_FOREVER, 0}};
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++)
		cr_expect_eq(ipset_seconds(table[i].ms), table[i].seconds, "%zu", i);
}

Test(ipset, errors_are_told_as_errno)
{
	cr_expect_eq(ipset_errno(0), 0);
	cr_expect_eq(ipset_errno(-ENOENT), -ENOENT);
	cr_expect_eq(ipset_errno(-4352), -ENOSPC);
	cr_expect_eq(ipset_errno(-4097), -EINVAL);
}

Test(ipset, hash_sizes_are_powers_of_two_for_what_comes)
{
	cr_expect_eq(ipset_hashsize(0, 2000000), 1024);
	cr_expect_eq(ipset_hashsize(100000, 2000000), 32768);
	cr_expect_eq(ipset_hashsize(UINT32_MAX, 2000000), 524288);
	cr_expect_eq(ipset_hashsize(UINT32_MAX, UINT32_MAX), 1u << 24);
}

Test(ipset, a_thousand_of_the_largest_fit_a_message)
{
	static struct wire_change wires[WIRE_RECORDS_MAX];
	static struct change changes[WIRE_RECORDS_MAX];
	struct nl_batch *batch = nl_batch_new();
	const struct nlattr *a[IPSET_ATTR_CMD_MAX + 1], *element;
	uint32_t number = 0, wanted = 1;
	size_t i;

	for (i = 0; i < WIRE_RECORDS_MAX; i++) {
		wires[i] = (struct wire_change){
			.op = WIRE_ADD, .left = 1, .whole = 1, .prefix = {6, 128, {0x20}}};
		changes[i].wire = &wires[i];
	}
	nl_begin(batch, &nl);
	ipset_msg_changes(batch, "b6-net", true, changes, WIRE_RECORDS_MAX);
	cr_assert_eq(batch->error, 0);
	cr_expect_eq(batch->count, 1);
	nl_attributes((void *)batch->at, sizeof(struct nfgenmsg), a, IPSET_ATTR_CMD_MAX + 1);
	cr_expect_str_eq(nl_text(a[IPSET_ATTR_SETNAME]), "b6-net");
	mnl_attr_for_each_nested(element, a[IPSET_ATTR_ADT])
	{
		const struct nlattr *d[IPSET_ATTR_ADT_MAX + 1];

		nl_nested(element, d, IPSET_ATTR_ADT_MAX + 1);
		cr_assert(nl_get(d[IPSET_ATTR_LINENO], &number, sizeof number));
		cr_assert_eq(number, wanted++);
	}
	cr_expect_eq(number, WIRE_RECORDS_MAX);
	free(batch);
}

/* The number of the failed element is where the kernel puts it. */
Test(ipset, the_failed_one_is_found_in_the_repeated_message)
{
	struct wire_change wire = {.op = WIRE_DEL, .prefix = {4, 32, {192, 0, 2, 1}}};
	struct change change = {.wire = &wire};
	struct nl_batch *batch = nl_batch_new();
	const struct nlattr *a[IPSET_ATTR_CMD_MAX + 1];

	nl_begin(batch, &nl);
	ipset_msg_changes(batch, "b", false, &change, 1);
	cr_expect_eq(ipset_msg_failed((void *)batch->at), 0);
	nl_attributes((void *)batch->at, sizeof(struct nfgenmsg), a, IPSET_ATTR_CMD_MAX + 1);
	*(uint32_t *)mnl_attr_get_payload(a[IPSET_ATTR_LINENO]) = 17;
	cr_expect_eq(ipset_msg_failed((void *)batch->at), 17);
	cr_expect_eq(ipset_msg_failed(NULL), 0);
	free(batch);
}

/* What a list's answer would look like, built by hand. */
static struct nlmsghdr *listing(struct nl_batch *batch)
{
	const struct nfgenmsg header = {.nfgen_family = AF_INET};
	struct nlmsghdr *m;

	nl_begin(batch, &nl);
	m = nl_message(batch, 0, 0, &header, sizeof header);
	mnl_attr_put_strz(m, IPSET_ATTR_TYPENAME, "hash:ip");
	mnl_attr_put_u8(m, IPSET_ATTR_FAMILY, AF_INET6);
	return m;
}

static void put_ip(struct nlmsghdr *m, uint16_t type, size_t len, const void *bytes)
{
	struct nlattr *ip = mnl_attr_nest_start(m, IPSET_ATTR_IP);

	mnl_attr_put(m, type | NLA_F_NET_BYTEORDER, len, bytes);
	mnl_attr_nest_end(m, ip);
}

Test(ipset, a_header_is_read_back)
{
	struct nl_batch *batch = nl_batch_new();
	struct nlmsghdr *m = listing(batch);
	struct nlattr *data = mnl_attr_nest_start(m, IPSET_ATTR_DATA);
	struct ipset_header h = {0};

	mnl_attr_put_u32(m, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER, 0);
	mnl_attr_put_u32(m, IPSET_ATTR_INITVAL | NLA_F_NET_BYTEORDER, htonl(77));
	mnl_attr_put_u8(m, IPSET_ATTR_NETMASK, 64);
	mnl_attr_nest_end(m, data);
	ipset_msg_read_header(&h, m);
	cr_expect_str_eq(h.type, "hash:ip");
	cr_expect_eq(h.family, AF_INET6);
	cr_expect_eq(h.netmask, 64);
	cr_expect(h.timeout);
	cr_expect_eq(h.initval, 77);
	free(batch);
}

Test(ipset, elements_that_make_no_sense_are_left_out)
{
	static union packet out;
	struct packet_stream s = {.packet = &out, .record = sizeof(struct wire_held)};
	struct nl_batch *batch = nl_batch_new();
	struct nlmsghdr *m = listing(batch);
	struct nlattr *list = mnl_attr_nest_start(m, IPSET_ATTR_ADT), *data;
	uint8_t address[16] = {0x20, 1};

	data = mnl_attr_nest_start(m, IPSET_ATTR_DATA);
	put_ip(m, IPSET_ATTR_IPADDR_IPV6, 16, address);
	mnl_attr_put_u32(m, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER, htonl(9));
	mnl_attr_nest_end(m, data);
	data = mnl_attr_nest_start(m, IPSET_ATTR_DATA); /* too short */
	put_ip(m, IPSET_ATTR_IPADDR_IPV6, 4, address);
	mnl_attr_nest_end(m, data);
	data = mnl_attr_nest_start(m, IPSET_ATTR_DATA); /* too long a prefix */
	put_ip(m, IPSET_ATTR_IPADDR_IPV4, 4, address);
	mnl_attr_put_u8(m, IPSET_ATTR_CIDR, 33);
	mnl_attr_nest_end(m, data);
	data = mnl_attr_nest_start(m, IPSET_ATTR_DATA); /* no address */
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, list);
	ipset_msg_read_held(m, 64, &s);
	cr_assert_eq(out.head.count, 1);
	cr_expect_eq(out.held[0].left, 9000);
	cr_expect_eq(out.held[0].prefix.len, 64);
	free(batch);
}
