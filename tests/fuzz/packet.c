/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any packets as what the daemon says, to a helper whose kernel agrees to everything. Each
 * request gets one answer, in its order; a record that makes no sense is refused alone; what
 * may never be banned does not reach the kernel.
 *
 * An input is packets with their length before them; the first byte of a packet says how its
 * head is mended, so that not all of them are refused for the same reasons.
 */
#include <string.h>

#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "netlink/nl.h"
#include "tests/fuzz/null/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PACKETS_MAX 64

enum mend {
	RAW = 1, /* nothing is mended */
	KEEP_COUNT = 2,
	SLEEP = 4, /* and then the worker sleeps */
};

struct packet {
	struct wire_head head;
	char records[16384];
};

struct request {
	uint8_t kind;
	uint16_t count;
	uint32_t serial;
};

struct run {
	/* What is to be answered. */
	struct request asked[PACKETS_MAX];
	size_t count, answered;
};

/* ---- the kernel ---- */

/* An address in network order that a ban may never have. */
static bool forbidden(const uint8_t *addr, size_t len)
{
	static const uint8_t none[16] = {0}, local[16] = {[15] = 1};

	if (len == 4)
		return addr[0] == 127 || !memcmp(addr, none, 4);
	return !memcmp(addr, none, 16) || !memcmp(addr, local, 16);
}

static void check_route(const struct nlmsghdr *m)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(m);
	const struct nlattr *a[RTA_DST + 1];

	nl_attributes(m, sizeof *header, a, RTA_DST + 1);
	if (a[RTA_DST] && (m->nlmsg_type == RTM_NEWROUTE || m->nlmsg_type == RTM_DELROUTE))
		CLAIM(!forbidden(mnl_attr_get_payload(a[RTA_DST]),
				 mnl_attr_get_payload_len(a[RTA_DST])));
}

static void check_element(const struct nlattr *element)
{
	const struct nlattr *a[IPSET_ATTR_IP + 1], *ip[IPSET_ATTR_IPADDR_MAX + 1];

	nl_nested(element, a, IPSET_ATTR_IP + 1);
	CLAIM(a[IPSET_ATTR_IP]);
	nl_nested(a[IPSET_ATTR_IP], ip, IPSET_ATTR_IPADDR_MAX + 1);
	for (int i = IPSET_ATTR_IPADDR_IPV4; i <= IPSET_ATTR_IPADDR_IPV6; i++)
		if (ip[i])
			CLAIM(!forbidden(mnl_attr_get_payload(ip[i]),
					 mnl_attr_get_payload_len(ip[i])));
}

static bool is_ipset(const struct nlmsghdr *m, uint8_t command)
{
	return m->nlmsg_type == (NFNL_SUBSYS_IPSET << 8 | command);
}

static void check_ipset(const struct nlmsghdr *m)
{
	const struct nlattr *a[IPSET_ATTR_ADT + 1], *element;

	nl_attributes(m, sizeof(struct nfgenmsg), a, IPSET_ATTR_ADT + 1);
	if (a[IPSET_ATTR_ADT])
		mnl_attr_for_each_nested(element, a[IPSET_ATTR_ADT]) check_element(element);
}

/* A set as an administrator's or ours would be, so that there is one to change. */
static void answer_header(const struct null_batch *batch, const struct nlmsghdr *asked)
{
	const struct nfgenmsg family = {.nfgen_family = AF_INET};
	const struct nlattr *a[IPSET_ATTR_SETNAME + 1], *unused;
	_Alignas(8) char buffer[1024];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct nlattr *nest;
	const char *name;
	bool six, net;

	(void)unused;
	nl_attributes(asked, sizeof family, a, IPSET_ATTR_SETNAME + 1);
	name = nl_text(a[IPSET_ATTR_SETNAME]);
	six = strchr(name, '6') != NULL;
	net = strstr(name, "net") != NULL;
	m->nlmsg_type = asked->nlmsg_type;
	m->nlmsg_flags = NLM_F_MULTI;
	m->nlmsg_seq = asked->nlmsg_seq;
	memcpy(mnl_nlmsg_put_extra_header(m, sizeof family), &family, sizeof family);
	mnl_attr_put_u8(m, IPSET_ATTR_PROTOCOL, 6);
	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, name);
	mnl_attr_put_strz(m, IPSET_ATTR_TYPENAME, net ? "hash:net" : "hash:ip");
	mnl_attr_put_u8(m, IPSET_ATTR_FAMILY, six ? 10 : 2);
	nest = mnl_attr_nest_start(m, IPSET_ATTR_DATA);
	mnl_attr_put_u32(m, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER, 0);
	mnl_attr_put_u32(m, IPSET_ATTR_MAXELEM | NLA_F_NET_BYTEORDER, __builtin_bswap32(100));
	mnl_attr_put_u32(m, IPSET_ATTR_INITVAL | NLA_F_NET_BYTEORDER, __builtin_bswap32(77));
	if (six && !net)
		mnl_attr_put_u8(m, IPSET_ATTR_NETMASK, 64);
	mnl_attr_nest_end(m, nest);
	null_reply(batch->socket, m, m->nlmsg_len);
}

static void sent(void *arg, const struct null_batch *batch)
{
	const struct nlmsghdr *m = batch->first;
	int left = (int)batch->len;

	(void)arg;
	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		check_route(m);
		if (is_ipset(m, IPSET_CMD_ADD) || is_ipset(m, IPSET_CMD_DEL))
			check_ipset(m);
		if (is_ipset(m, IPSET_CMD_LIST))
			answer_header(batch, m);
	}
	null_agree(batch);
}

/* ---- the daemon ---- */

static bool is_list(uint8_t kind)
{
	return kind == WIRE_LIST || kind == WIRE_QUERY || kind == WIRE_SOCKETS ||
	       kind == WIRE_LIVE;
}

static size_t answer_size(const struct request *asked)
{
	switch (asked->kind) {
	case WIRE_DEFINE:
		return sizeof(struct wire_defined);
	case WIRE_CHANGE:
	case WIRE_CLOSE:
		return asked->count * sizeof(struct wire_result);
	default:
		return sizeof(struct wire_result);
	}
}

static void check_results(const struct request *asked, const struct wire_head *head)
{
	const struct wire_result *results = (const void *)(head + 1);

	for (size_t i = 0; i < head->count && asked->kind != WIRE_DEFINE; i++)
		CLAIM(results[i].error <= 0);
}

static void answered(void *arg, const struct wire_head *head, size_t len)
{
	struct run *r = arg;
	const struct request *asked = &r->asked[r->answered];

	if (head->kind == WIRE_EVENT)
		return;
	CLAIM(r->answered < r->count && head->serial == asked->serial);
	r->answered += head->flags & WIRE_LAST;
	if (head->error) {
		CLAIM(head->flags & WIRE_LAST && len == sizeof *head);
		return;
	}
	CLAIM(head->kind == (is_list(asked->kind) ? asked->kind : WIRE_RESULT));
	if (is_list(asked->kind))
		return;
	CLAIM(head->flags & WIRE_LAST && len == sizeof *head + answer_size(asked));
	check_results(asked, head);
}

static size_t record_size(uint8_t kind)
{
	static const size_t sizes[16] = {
		[WIRE_DEFINE] = sizeof(struct wire_option),
		[WIRE_CHANGE] = sizeof(struct wire_change),
		[WIRE_REFILL] = sizeof(struct wire_refill),
		[WIRE_QUERY] = sizeof(struct wire_query),
		[WIRE_CLOSE] = sizeof(struct wire_close),
		[WIRE_SOCKETS] = sizeof(struct wire_ports),
	};

	return sizes[kind & 15];
}

/* Of this kind, for a target that can be, with as many records as there are bytes for. */
static size_t mend(struct packet *p, size_t len, uint8_t how)
{
	size_t record;

	if (how & RAW || len < sizeof p->head)
		return len;
	p->head.version = WIRE_VERSION;
	p->head.kind %= 16;
	p->head.target %= 4;
	record = record_size(p->head.kind);
	if (how & KEEP_COUNT)
		return len;
	p->head.count = record ? (uint16_t)((len - sizeof p->head) / record) : 0;
	return sizeof p->head + p->head.count * record;
}

/* 0: there is none. */
static size_t read_packet(struct packet *p, struct input *in, uint8_t *how)
{
	uint16_t len;

	*how = input_byte(in);
	input_bytes(in, &len, sizeof len);
	len = (uint16_t)(len % (sizeof *p + 1));
	if (len > in->left)
		len = (uint16_t)in->left;
	input_bytes(in, p, len);
	return len ? mend(p, len, *how) : 0;
}

static void ask(struct run *r, const struct packet *p, size_t len)
{
	if (len >= sizeof p->head)
		r->asked[r->count++] =
			(struct request){p->head.kind, p->head.count, p->head.serial};
}

/* The daemon's WIRE_HELLO is not answered. */
static bool is_hello(const struct packet *p, size_t len)
{
	return len == sizeof p->head && p->head.version == WIRE_VERSION &&
	       p->head.kind == WIRE_HELLO && !p->head.count &&
	       p->head.target < WIRE_TARGETS_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet read[PACKETS_MAX];
	static struct null_packet packets[2 * PACKETS_MAX];
	struct run run = {.count = 0};
	const struct null_world world = {sent, answered, &run};
	struct input in = {data, size};
	size_t count = 0, made = 0, len;
	uint8_t how;

	while (in.left && made < PACKETS_MAX) {
		len = read_packet(&read[made], &in, &how);
		if (!len)
			break;
		if (!is_hello(&read[made], len))
			ask(&run, &read[made], len);
		packets[count++] = (struct null_packet){&read[made++], len};
		if (how & SLEEP)
			packets[count++] = (struct null_packet){NULL, 0};
	}
	null_run(&world, packets, count);
	CLAIM(run.answered == run.count);
	return 0;
}
