/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include <criterion/criterion.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "netlink/conntrack.h"
#include "netlink/conntrack_msg.h"

static const struct nl nl = {.sequence = 1, .room = NL_BATCH_MAX};

static struct prefix parse(const char *text)
{
	struct prefix p;

	cr_assert(prefix_parse(&p, text, strlen(text)), "%s", text);
	return p;
}

/* ---- messages ---- */

struct made {
	const char *from, *to;
	uint8_t proto;
	uint16_t from_port, to_port; /* 0: without ports */
	bool no_id;
	uint16_t zone; /* 0: none */
};

static void put_address(struct nlmsghdr *m, uint16_t type, const char *text)
{
	uint8_t bytes[16];
	int six = strchr(text, ':') != NULL;

	inet_pton(six ? AF_INET6 : AF_INET, text, bytes);
	mnl_attr_put(m, (uint16_t)(type + 2 * six), six ? 16 : 4, bytes);
}

static void put_tuple(struct nlmsghdr *m, uint16_t type, const struct made *e)
{
	struct nlattr *tuple = mnl_attr_nest_start(m, type);
	struct nlattr *nest = mnl_attr_nest_start(m, CTA_TUPLE_IP);

	put_address(m, CTA_IP_V4_SRC, e->from);
	put_address(m, CTA_IP_V4_DST, e->to);
	nl_nest_end(m, nest);
	nest = mnl_attr_nest_start(m, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(m, CTA_PROTO_NUM, e->proto);
	if (e->to_port) {
		mnl_attr_put_u16(m, CTA_PROTO_SRC_PORT, htons(e->from_port));
		mnl_attr_put_u16(m, CTA_PROTO_DST_PORT, htons(e->to_port));
	} else {
		mnl_attr_put_u16(m, CTA_PROTO_ICMP_ID, 1);
	}
	nl_nest_end(m, nest);
	nl_nest_end(m, tuple);
}

static struct nlmsghdr *entry(struct nl_batch *batch, const struct made *e)
{
	const struct nfgenmsg header = {.nfgen_family =
						strchr(e->from, ':') ? AF_INET6 : AF_INET};
	const struct made back = {e->to, e->from, e->proto, e->to_port, e->from_port, 0, 0};
	struct nlmsghdr *m;

	nl_begin(batch, &nl);
	m = nl_message(batch, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, 0, &header,
		       sizeof header);
	put_tuple(m, CTA_TUPLE_ORIG, e);
	put_tuple(m, CTA_TUPLE_REPLY, &back);
	if (!e->no_id)
		mnl_attr_put_u32(m, CTA_ID, 0x1234);
	if (e->zone)
		mnl_attr_put_u16(m, CTA_ZONE, htons(e->zone));
	nl_message_end(batch);
	return m;
}

Test(conntrack, an_entry_is_read_in_its_original_direction)
{
	static const struct made table[] = {
		{"192.0.2.1", "192.0.2.9", 6, 1024, 25, false, 0},
		{"192.0.2.1", "192.0.2.9", 17, 1024, 53, false, 7},
		{"2001:db8::1", "2001:db8::9", 6, 1024, 25, false, 0},
		{"192.0.2.1", "192.0.2.9", 1, 0, 0, false, 0},
	};
	struct nl_batch *batch = nl_batch_new();
	struct conntrack_info info;
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		struct prefix p = parse(table[i].from);

		cr_assert(conntrack_msg_read(&info, entry(batch, &table[i])));
		cr_expect(prefix_equal(&info.connection.peer, &p), "%zu", i);
		cr_expect_eq(info.connection.peer_port, table[i].from_port);
		cr_expect_eq(info.connection.own_port, table[i].to_port);
		cr_expect_eq(info.name.id, 0x1234);
		cr_expect_eq(info.name.zoned, table[i].zone != 0);
		cr_expect_eq(ntohs(info.name.zone), table[i].zone);
	}
	free(batch);
}

/* A delete without tuple or number would take out more than was meant. */
Test(conntrack, a_delete_names_one_entry_exactly)
{
	const struct made one = {"2001:db8::1", "2001:db8::9", 6, 1024, 25, false, 3};
	struct nl_batch *batch = nl_batch_new(), *out = nl_batch_new();
	const struct nlattr *a[CTA_MAX + 1], *b[CTA_MAX + 1];
	struct nlmsghdr *m = entry(batch, &one), *d = (void *)out->at;
	struct conntrack_info info;

	cr_assert(conntrack_msg_read(&info, m));
	nl_begin(out, &nl);
	conntrack_msg_delete(out, &info.name);
	cr_expect_eq(d->nlmsg_type, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE);
	nl_attributes(m, sizeof(struct nfgenmsg), a, CTA_MAX + 1);
	nl_attributes(d, sizeof(struct nfgenmsg), b, CTA_MAX + 1);
	cr_assert(b[CTA_TUPLE_ORIG] && b[CTA_ID] && b[CTA_ZONE]);
	cr_expect(!b[CTA_FILTER]);
	cr_expect_eq(b[CTA_TUPLE_ORIG]->nla_len, a[CTA_TUPLE_ORIG]->nla_len);
	cr_expect_arr_eq(b[CTA_TUPLE_ORIG], a[CTA_TUPLE_ORIG], a[CTA_TUPLE_ORIG]->nla_len);
	cr_expect_arr_eq(b[CTA_ID], a[CTA_ID], 8);
	cr_expect_arr_eq(b[CTA_ZONE], a[CTA_ZONE], 6);
	free(batch);
	free(out);
}

Test(conntrack, what_cannot_be_named_is_not_read)
{
	struct made one = {"192.0.2.1", "192.0.2.9", 6, 1024, 25, true, 0};
	struct nl_batch *batch = nl_batch_new();
	struct conntrack_info info;
	struct nlmsghdr *m;

	cr_expect(!conntrack_msg_read(&info, entry(batch, &one)), "no number");
	one.no_id = false;
	m = entry(batch, &one);
	cr_expect(conntrack_msg_read(&info, m));
	((struct nfgenmsg *)mnl_nlmsg_get_payload(m))->nfgen_family = AF_INET6;
	cr_expect(!conntrack_msg_read(&info, m), "an address of the other family");
	m = entry(batch, &one);
	m->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	cr_expect(!conntrack_msg_read(&info, m));
	m = entry(batch, &one);
	m->nlmsg_len = sizeof *m + 3;
	cr_expect(!conntrack_msg_read(&info, m));
	m->nlmsg_len = sizeof *m + 4;
	cr_expect(!conntrack_msg_read(&info, m));
	free(batch);
}

Test(conntrack, only_ipv4_is_filtered_by_the_kernel)
{
	struct nl_batch *batch = nl_batch_new();
	const struct nlattr *a[CTA_MAX + 1];
	struct prefix p = parse("192.0.2.1");
	struct nlmsghdr *m = (void *)batch->at;

	nl_begin(batch, &nl);
	conntrack_msg_dump(batch, AF_INET6, NULL);
	nl_attributes(m, sizeof(struct nfgenmsg), a, CTA_MAX + 1);
	cr_expect(!a[CTA_FILTER] && !a[CTA_TUPLE_ORIG]);
	nl_begin(batch, &nl);
	conntrack_msg_dump(batch, AF_INET, &p);
	nl_attributes(m, sizeof(struct nfgenmsg), a, CTA_MAX + 1);
	cr_expect(a[CTA_FILTER] && a[CTA_TUPLE_ORIG]);
	free(batch);
}

/* ---- when to look ---- */

Test(conntrack, the_first_look_is_at_once_and_the_next_a_second_later)
{
	static struct conntrack c;
	const struct wire_close record = {.peer = {4, 32, {192, 0, 2, 1}}};

	cr_expect_eq(conntrack_wait(&c, 5000), -1);
	cr_expect(conntrack_want(&c, &record));
	cr_expect_eq(conntrack_wait(&c, 5000), 0);
	c.count = 0;
	conntrack_rest(&c, 5000, 5010);
	cr_expect_eq(conntrack_wait(&c, 5010), -1);
	cr_expect(conntrack_want(&c, &record));
	cr_expect_eq(conntrack_wait(&c, 5010), 1000);
	cr_expect_eq(conntrack_wait(&c, 6009), 1);
	cr_expect_eq(conntrack_wait(&c, 6010), 0);
	cr_expect_eq(conntrack_wait(&c, 9999), 0);
}

Test(conntrack, looks_never_take_more_than_a_tenth_of_the_time)
{
	static struct conntrack c = {.count = 1};

	conntrack_rest(&c, 1000, 1500);
	cr_expect_eq(conntrack_wait(&c, 1500), 4500);
	conntrack_rest(&c, 1000, 1000);
	cr_expect_eq(conntrack_wait(&c, 1000), 1000);
}

Test(conntrack, what_is_wanted_has_bounds)
{
	static struct conntrack c;
	const struct wire_close record = {.peer = {4, 32, {192, 0, 2, 1}}};
	size_t i;

	for (i = 0; i < PEERS_MAX; i++)
		cr_assert(conntrack_want(&c, &record));
	cr_expect(!conntrack_want(&c, &record));
	cr_expect_eq(c.count, PEERS_MAX);
}
