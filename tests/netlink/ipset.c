/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/ipset.h"

static const struct nl nl = {.sequence = 1, .room = NL_BATCH_MAX};

Test(ipset, seconds_are_whole_and_never_fewer_than_asked)
{
	static const struct {
		int64_t ms;
		uint32_t seconds;
	} table[] = {{INT64_MIN, 1},
		     {-1000, 1},
		     {0, 1},
		     {1, 1},
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
	cr_expect_eq(ipset_hashsize(100000, 2000000), 65536);
	cr_expect_eq(ipset_hashsize(UINT32_MAX, 2000000), 1048576);
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
	ipset_msg_changes(batch, &(struct ipset_way){"b6-net", true, false}, changes,
			  WIRE_RECORDS_MAX);
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

static void note_element(void *arg, const struct ipset_element *e)
{
	struct ipset_element **next = arg;

	*(*next)++ = *e;
}

/* As a list of the set reads them. */
static void expect_elements(const char *const *texts, bool nets, uint8_t op, unsigned len)
{
	struct nl_batch *batch = nl_batch_new();
	const struct ipset_way way = {"s", nets, false};
	struct wire_change wires[4];
	struct change changes[4];
	struct ipset_element read[4], *next = read;
	const struct ipset_reader reader = {.len = len, .take = note_element, .arg = &next};
	size_t i, count;

	for (count = 0; texts[count]; count++) {
		wires[count] =
			(struct wire_change){.op = op, .left = 1000 * (int64_t)(count + 1)};
		cr_assert(
			prefix_parse(&wires[count].prefix, texts[count], strlen(texts[count])));
		changes[count].wire = &wires[count];
	}
	nl_begin(batch, &nl);
	ipset_msg_changes(batch, &way, changes, count);
	ipset_msg_read(&reader, (void *)batch->at);
	cr_assert_eq(next - read, count);
	for (i = 0; i < count; i++) {
		cr_expect(prefix_equal(&read[i].prefix, &wires[i].prefix), "%s", texts[i]);
		cr_expect_eq(read[i].seconds, op == WIRE_DEL ? 0 : i + 1, "%s", texts[i]);
	}
	free(batch);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(ipset, each_element_of_a_message_has_its_own_values)
{
	expect_elements(LIST("192.0.2.1", "192.0.2.2", "198.51.100.7"), false, WIRE_ADD, 32);
	expect_elements(LIST("192.0.2.1", "192.0.2.2"), false, WIRE_DEL, 32);
	expect_elements(LIST("192.0.2.0/24", "198.51.0.0/16", "10.0.0.0/8"), true, WIRE_ADD,
			32);
	expect_elements(LIST("192.0.2.0/24", "198.51.0.0/16"), true, WIRE_DEL, 32);
	expect_elements(LIST("2001:db8:1::/64", "2001:db8:2::/64"), false, WIRE_ADD, 64);
	expect_elements(LIST("2001:db8::/32", "2001:db8:2::/48"), true, WIRE_ADD, 64);
	expect_elements(LIST("2001:db8::/32", "2001:db8:2::/48"), true, WIRE_DEL, 64);
}

/* An add that must find nothing, one that refreshes, and a delete. */
Test(ipset, the_first_add_of_an_element_takes_over_none)
{
	static const struct {
		uint8_t op;
		bool only;
		uint16_t flags;
	} table[] = {{WIRE_ADD, true, NLM_F_EXCL}, {WIRE_ADD, false, 0}, {WIRE_DEL, true, 0}};
	struct nl_batch *batch = nl_batch_new();
	const struct nlmsghdr *m = (void *)batch->at;
	size_t i;

	for (i = 0; i < 3; i++) {
		struct wire_change wire = {
			.op = table[i].op, .left = 1, .prefix = {4, 32, {1}}};
		struct change change = {.wire = &wire};
		const struct ipset_way way = {.set = "b", .only = table[i].only};

		nl_begin(batch, &nl);
		ipset_msg_change(batch, &way, &change);
		cr_expect_eq(m->nlmsg_flags & NLM_F_EXCL, table[i].flags, "%zu", i);
		nl_begin(batch, &nl);
		ipset_msg_changes(batch, &way, &change, 1);
		cr_expect_eq(m->nlmsg_flags & NLM_F_EXCL, table[i].flags, "%zu", i);
	}
	free(batch);
}

static struct ipset_header good(enum ipset_role role)
{
	bool six = role == IPSET_ADDRESSES6 || role == IPSET_NETS6;
	struct ipset_header h = {.timeout = true,
				 .family = six ? NFPROTO_IPV6 : NFPROTO_IPV4,
				 .netmask = role == IPSET_ADDRESSES6 ? 64 : 0};

	strcpy(h.type, ipset_nets(role) ? "hash:net" : "hash:ip");
	return h;
}

Test(ipset, a_set_that_does_not_fit_its_role_is_refused)
{
	enum ipset_role role;
	struct ipset_header h;

	for (role = 0; role < IPSET_ROLES; role++) {
		h = good(role);
		cr_expect_eq(ipset_check(&h, role), 0, "%d", role);
		h.timeout = false;
		cr_expect_eq(ipset_check(&h, role), WIRE_FAULT_TIMEOUT, "%d", role);
		h = good(role);
		h.family ^= NFPROTO_IPV4 ^ NFPROTO_IPV6;
		cr_expect_eq(ipset_check(&h, role), WIRE_FAULT_FAMILY, "%d", role);
		strcpy(h.type, "bitmap:ip");
		cr_expect_eq(ipset_check(&h, role), WIRE_FAULT_TYPE, "%d", role);
	}
	h = good(IPSET_ADDRESSES4);
	h.netmask = 24;
	cr_expect_eq(ipset_check(&h, IPSET_ADDRESSES4), WIRE_FAULT_NETMASK);
	h = good(IPSET_ADDRESSES6);
	h.bitmask = true;
	cr_expect_eq(ipset_check(&h, IPSET_ADDRESSES6), WIRE_FAULT_NETMASK);
	h = good(IPSET_ADDRESSES4);
	cr_expect_eq(ipset_check(&h, IPSET_NETS4), WIRE_FAULT_TYPE);
	h = good(IPSET_NETS6);
	cr_expect_eq(ipset_check(&h, IPSET_ADDRESSES6), 0);
}

Test(ipset, names_are_made_of_name_and_name6)
{
	static const struct {
		const char *name, *name6, *names[IPSET_ROLES];
	} table[] = {
		{"b", "", {"b", "b6", "b-net", "b6-net"}},
		{"SW_DBL4", "SW_DBL6", {"SW_DBL4", "SW_DBL6", "SW_DBL4-net", "SW_DBL6-net"}},
		{"abcdefghijklmnopqrstuvwxyz",
		 "",
		 {"abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz6",
		  "abcdefghijklmnopqrstuvwxyz-net", "abcdefghijklmnopqrstuvwxyz6-net"}},
		{"b",
		 "abcdefghijklmnopqrstuvwxyz12",
		 {"b", "abcdefghijklmnopqrstuvwxyz12", "b-net", ""}},
	};
	char names[IPSET_ROLES][IPSET_NAME_SIZE];
	size_t i, role;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		struct options o = {0};

		strcpy(o.name, table[i].name);
		strcpy(o.name6, table[i].name6);
		ipset_names(names, &o);
		for (role = 0; role < IPSET_ROLES; role++)
			cr_expect_str_eq(names[role], table[i].names[role], "%zu", i);
	}
}

/* The number of the failed element is where the kernel puts it. */
Test(ipset, the_failed_one_is_found_in_the_repeated_message)
{
	struct wire_change wire = {.op = WIRE_DEL, .prefix = {4, 32, {192, 0, 2, 1}}};
	struct change change = {.wire = &wire};
	struct nl_batch *batch = nl_batch_new();
	const struct nlattr *a[IPSET_ATTR_CMD_MAX + 1];

	nl_begin(batch, &nl);
	ipset_msg_changes(batch, &(struct ipset_way){.set = "b"}, &change, 1);
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
	mnl_attr_put_u32(m, IPSET_ATTR_MAXELEM | NLA_F_NET_BYTEORDER, htonl(1000));
	mnl_attr_put_u32(m, IPSET_ATTR_ELEMENTS | NLA_F_NET_BYTEORDER, htonl(10));
	mnl_attr_put_u32(m, IPSET_ATTR_REFERENCES | NLA_F_NET_BYTEORDER, htonl(2));
	mnl_attr_nest_end(m, data);
	ipset_msg_read_header(&h, m);
	cr_expect_eq(h.maxelem, 1000);
	cr_expect_eq(h.entries, 10);
	cr_expect_eq(h.references, 2);
	cr_expect_str_eq(h.type, "hash:ip");
	cr_expect_eq(h.family, AF_INET6);
	cr_expect_eq(h.netmask, 64);
	cr_expect(h.timeout);
	cr_expect_eq(h.initval, 77);
	free(batch);
}

static struct ipset_element elements[8];
static size_t element_count;

static void take(void *arg, const struct ipset_element *element)
{
	(void)arg;
	cr_assert_lt(element_count, 8);
	elements[element_count++] = *element;
}

Test(ipset, elements_that_make_no_sense_are_left_out)
{
	const struct ipset_reader reader = {.len = 64, .take = take};
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
	data = mnl_attr_nest_start(m, IPSET_ATTR_DATA);
	put_ip(m, IPSET_ATTR_IPADDR_IPV4, 4, address);
	mnl_attr_put_u8(m, IPSET_ATTR_CIDR, 16);
	mnl_attr_put_u32(m, IPSET_ATTR_CADT_FLAGS | NLA_F_NET_BYTEORDER,
			 htonl(IPSET_FLAG_NOMATCH));
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, list);
	ipset_msg_read(&reader, m);
	cr_assert_eq(element_count, 2);
	cr_expect_eq(elements[0].seconds, 9);
	cr_expect_eq(elements[0].prefix.len, 64);
	cr_expect(!elements[0].nomatch);
	cr_expect_eq(elements[1].seconds, 0);
	cr_expect_eq(elements[1].prefix.len, 16);
	cr_expect(elements[1].nomatch);
	free(batch);
}

/* An element that ends while it is being listed: 0 would be for ever, and what the kernel says
 * longer than anything. */
Test(ipset, what_ends_while_it_is_listed_has_the_least_left)
{
	static const struct {
		uint32_t listed, seconds;
	} table[] = {{0, 0}, {1, 1}, {2147483, 2147483}, {2147484, 1}, {4294967, 1}};
	const struct ipset_reader reader = {.len = 32, .take = take};
	struct nl_batch *batch = nl_batch_new();
	struct nlmsghdr *m = listing(batch);
	struct nlattr *list = mnl_attr_nest_start(m, IPSET_ATTR_ADT), *data;
	uint8_t address[4] = {192, 0, 2, 1};
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		data = mnl_attr_nest_start(m, IPSET_ATTR_DATA);
		put_ip(m, IPSET_ATTR_IPADDR_IPV4, 4, address);
		mnl_attr_put_u32(m, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER,
				 htonl(table[i].listed));
		mnl_attr_nest_end(m, data);
	}
	mnl_attr_nest_end(m, list);
	ipset_msg_read(&reader, m);
	cr_assert_eq(element_count, sizeof table / sizeof *table);
	for (i = 0; i < element_count; i++)
		cr_expect_eq(elements[i].seconds, table[i].seconds, "%zu", i);
	free(batch);
}
