/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>

#include "netlink/sockets.h"
#include "netlink/sockets_msg.h"

static const struct nl nl = {.sequence = 1, .room = NL_BATCH_MAX};

static struct prefix parse(const char *text)
{
	struct prefix p;

	cr_assert(prefix_parse(&p, text, strlen(text)), "%s", text);
	return p;
}

/* ---- the kernel's half of the filter: net/ipv4/inet_diag.c ---- */

struct entry {
	int family;
	uint8_t peer[16];
	uint16_t port;
};

static size_t least(const struct inet_diag_bc_op *op)
{
	const struct inet_diag_hostcond *host = (const void *)(op + 1);

	switch (op->code) {
	case INET_DIAG_BC_D_COND:
		return sizeof *op + sizeof *host + (host->family == AF_INET ? 4 : 16);
	case INET_DIAG_BC_S_GE:
	case INET_DIAG_BC_S_LE:
		return 2 * sizeof *op;
	default:
		cr_assert_eq(op->code, INET_DIAG_BC_JMP);
		return sizeof *op;
	}
}

/* A step must lead to the beginning of a condition. */
static bool begins(const struct sockets_filter *f, size_t wanted)
{
	size_t at = 0;

	while (at < wanted)
		at += ((const struct inet_diag_bc_op *)(f->at + at))->yes;
	return at == wanted;
}

static void audit(const struct sockets_filter *f)
{
	size_t at = 0;

	while (at < f->len) {
		const struct inet_diag_bc_op *op = (const void *)(f->at + at);
		size_t left = f->len - at, min = least(op);

		cr_assert(op->no >= min && op->no <= left + 4 && !(op->no & 3));
		cr_assert(op->no >= left || begins(f, at + op->no));
		cr_assert(op->yes >= min && op->yes <= left + 4 && !(op->yes & 3));
		at += op->yes;
	}
	cr_assert_eq(at, f->len);
}

static bool same_bits(const void *a, const void *b, unsigned bits)
{
	const uint8_t *x = a, *y = b;
	unsigned i;

	for (i = 0; i < bits; i++)
		if ((x[i / 8] ^ y[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static bool holds(const struct inet_diag_bc_op *op, const struct entry *e)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const struct inet_diag_hostcond *host = (const void *)(op + 1);

	switch (op->code) {
	case INET_DIAG_BC_S_GE:
		return e->port >= op[1].no;
	case INET_DIAG_BC_S_LE:
		return e->port <= op[1].no;
	case INET_DIAG_BC_D_COND:
		if (host->family == e->family)
			return same_bits(host->addr, e->peer, host->prefix_len);
		return host->family == AF_INET && !memcmp(e->peer, mapped, 12) &&
		       same_bits(host->addr, e->peer + 12, host->prefix_len);
	default:
		return false;
	}
}

static bool takes(const struct sockets_filter *f, const struct entry *e)
{
	long left = (long)f->len;
	const char *at = f->at;

	while (left > 0) {
		const struct inet_diag_bc_op *op = (const void *)at;
		unsigned step = holds(op, e) ? op->yes : op->no;

		left -= step;
		at += step;
	}
	return left == 0;
}

static struct entry entry(const char *peer, uint16_t port)
{
	struct entry e = {.family = strchr(peer, ':') ? AF_INET6 : AF_INET, .port = port};

	cr_assert_eq(inet_pton(e.family, peer, e.peer), 1);
	return e;
}

Test(sockets, a_filter_takes_one_of_its_peers_or_none)
{
	static const char *const peers[] = {"192.0.2.1", "2001:db8::/64", "198.51.100.0/25"};
	static const struct {
		const char *peer;
		size_t from; /* so many alternatives take it */
	} table[] = {{"192.0.2.1", 1},	      {"192.0.2.2", 9},
		     {"::ffff:192.0.2.1", 1}, {"2001:db8::1", 2},
		     {"2001:db8:0:1::", 9},   {"198.51.100.127", 3},
		     {"198.51.100.128", 9},   {"::", 9},
		     {"0.0.0.0", 9}};
	struct sockets_filter f = {0};
	size_t i, n;

	for (n = 1; n <= 3; n++) {
		struct prefix p = parse(peers[n - 1]);

		cr_assert(sockets_filter_peer(&f, &p));
		audit(&f);
		for (i = 0; i < sizeof table / sizeof *table; i++) {
			struct entry e = entry(table[i].peer, 25);

			cr_expect_eq(takes(&f, &e), table[i].from <= n, "%zu: %s", n,
				     table[i].peer);
		}
	}
}

Test(sockets, a_filter_takes_ports_from_first_to_last)
{
	const struct wire_ports ranges[] = {{25, 25}, {1000, 2000}, {65535, 65535}};
	static const struct {
		uint16_t port;
		bool taken;
	} table[] = {{0, false},   {24, false},	 {25, true},   {26, false},   {999, false},
		     {1000, true}, {1500, true}, {2000, true}, {2001, false}, {65535, true}};
	struct sockets_filter f = {0};
	size_t i;

	for (i = 0; i < 3; i++)
		cr_assert(sockets_filter_ports(&f, &ranges[i]));
	audit(&f);
	for (i = 0; i < sizeof table / sizeof *table; i++) {
		struct entry e = entry("192.0.2.1", table[i].port);

		cr_expect_eq(takes(&f, &e), table[i].taken, "%u", table[i].port);
	}
}

Test(sockets, a_full_filter_stays_as_it_was)
{
	struct sockets_filter f = {0}, before;
	struct prefix p = parse("2001:db8::1");
	unsigned n = 0;

	do
		before = f;
	while (++n && sockets_filter_peer(&f, &p));
	cr_expect_gt(n, SOCKETS_ALTERNATIVES_MAX);
	cr_expect_eq(f.len, before.len);
	cr_expect_arr_eq(f.at, before.at, f.len);
	audit(&f);
}

static struct peers peers;
static struct wire_close records[WIRE_RECORDS_MAX];

static void fill(size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		records[i] = (struct wire_close){
			.peer = {4, 32, {10, 1, (uint8_t)(i >> 8), (uint8_t)i}},
			.count = 2,
			.ports = {{25, 25}, {465, 587}}};
}

Test(sockets, many_records_are_filtered_by_their_ports)
{
	struct entry mail = entry("203.0.113.1", 587), web = entry("10.1.0.1", 443);
	struct sockets_filter f;

	fill(WIRE_RECORDS_MAX);
	peers_sort(&peers, records, NULL, SOCKETS_PEERS_MAX);
	sockets_filter_peers(&f, &peers);
	cr_expect(takes(&f, &web) && !takes(&f, &mail), "few: by peer");
	audit(&f);
	peers_sort(&peers, records, NULL, WIRE_RECORDS_MAX);
	sockets_filter_peers(&f, &peers);
	cr_expect(takes(&f, &mail) && !takes(&f, &web), "many: by port");
	audit(&f);
	cr_expect_eq(f.len, 36, "the same ports are asked for once");
	records[500].count = 0;
	sockets_filter_peers(&f, &peers);
	cr_expect_eq(f.len, 0, "one of all ports: no filter");
	records[500].count = 1;
	records[500].ports[0] = (struct wire_ports){0, 0};
	sockets_filter_peers(&f, &peers);
	cr_expect_eq(f.len, 0);
}

Test(sockets, too_many_ports_are_not_filtered)
{
	struct sockets_filter f;
	uint16_t i;

	fill(WIRE_RECORDS_MAX);
	for (i = 0; i < WIRE_RECORDS_MAX; i++)
		records[i].ports[1] = (struct wire_ports){i + 1, i + 1};
	peers_sort(&peers, records, NULL, WIRE_RECORDS_MAX);
	sockets_filter_peers(&f, &peers);
	cr_expect_eq(f.len, 0);
}

/* ---- messages ---- */

static struct nlmsghdr *answer(struct nl_batch *batch, const struct inet_diag_msg *diag)
{
	struct nlmsghdr *m;

	nl_begin(batch, &nl);
	m = nl_message(batch, SOCK_DIAG_BY_FAMILY, 0, diag, sizeof *diag);
	return m;
}

static struct inet_diag_msg socket_of(const char *peer, const char *own)
{
	struct inet_diag_msg d = {.idiag_family = strchr(peer, ':') ? AF_INET6 : AF_INET,
				  .idiag_state = 1,
				  .id = {.idiag_sport = htons(25), .idiag_dport = htons(1024)},
				  .idiag_uid = 1000,
				  .idiag_inode = 77};

	inet_pton(d.idiag_family, peer, d.id.idiag_dst);
	inet_pton(d.idiag_family, own, d.id.idiag_src);
	return d;
}

Test(sockets, a_socket_is_read_with_its_peer)
{
	static const struct {
		const char *peer, *own, *read;
	} table[] = {{"192.0.2.1", "192.0.2.9", "192.0.2.1"},
		     {"2001:db8::1", "2001:db8::9", "2001:db8::1"},
		     {"::ffff:192.0.2.1", "::ffff:192.0.2.9", "192.0.2.1"}};
	struct nl_batch *batch = nl_batch_new();
	struct sockets_info info;
	struct tcp_info tcp = {.tcpi_last_data_recv = 1234};
	size_t i;

	for (i = 0; i < 3; i++) {
		struct inet_diag_msg d = socket_of(table[i].peer, table[i].own);
		struct nlmsghdr *m = answer(batch, &d);
		struct prefix p = parse(table[i].read);

		mnl_attr_put(m, INET_DIAG_INFO, sizeof tcp, &tcp);
		nl_message_end(batch);
		cr_assert(sockets_msg_read(&info, m));
		cr_expect(prefix_equal(&info.wire.peer, &p), "%s", table[i].peer);
		cr_expect(prefix_equal(&info.connection.peer, &p));
		cr_expect_eq(info.wire.own_port, 25);
		cr_expect_eq(info.wire.peer_port, 1024);
		cr_expect_eq(info.wire.idle, 1234);
		cr_expect_eq(info.wire.uid, 1000);
		cr_expect_eq(info.wire.inode, 77);
		cr_expect_eq(info.wire.state, 1);
		cr_expect_eq(info.name.family, d.idiag_family);
		cr_expect_arr_eq(&info.name.id, &d.id, sizeof d.id);
	}
	free(batch);
}

Test(sockets, an_answer_that_is_not_whole_is_not_read)
{
	struct nl_batch *batch = nl_batch_new();
	struct inet_diag_msg d = socket_of("192.0.2.1", "192.0.2.9");
	struct nlmsghdr *m = answer(batch, &d);
	struct sockets_info info;

	mnl_attr_put_u32(m, INET_DIAG_INFO, 99);
	nl_message_end(batch);
	cr_expect(sockets_msg_read(&info, m));
	cr_expect_eq(info.wire.idle, 0, "a short tcp_info");
	m->nlmsg_len = sizeof *m + sizeof d - 1;
	cr_expect(!sockets_msg_read(&info, m));
	m->nlmsg_len = sizeof *m + sizeof d;
	m->nlmsg_type = TCPDIAG_GETSOCK;
	cr_expect(!sockets_msg_read(&info, m));
	m->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	((struct inet_diag_msg *)mnl_nlmsg_get_payload(m))->idiag_family = AF_UNIX;
	cr_expect(!sockets_msg_read(&info, m));
	free(batch);
}

Test(sockets, an_end_names_the_socket_with_its_cookie)
{
	struct nl_batch *batch = nl_batch_new();
	const struct sockets_name name = {.family = AF_INET,
					  .id = {.idiag_cookie = {7, 8}, .idiag_if = 3}};
	const struct inet_diag_req_v2 *request;
	struct nlmsghdr *m = (void *)batch->at;

	nl_begin(batch, &nl);
	sockets_msg_destroy(batch, &name);
	request = mnl_nlmsg_get_payload(m);
	cr_expect_eq(m->nlmsg_type, SOCK_DESTROY);
	cr_expect_eq(m->nlmsg_flags & (NLM_F_DUMP | NLM_F_ACK), 0);
	cr_expect_eq(request->sdiag_protocol, IPPROTO_TCP);
	cr_expect_arr_eq(&request->id, &name.id, sizeof name.id);
	free(batch);
}

/* ---- a kernel that cannot ---- */

/* Answers one message with `error`; returns how many batches it was sent. */
static int end_with(struct wire_result *results, int error)
{
	static const struct wire_close closes[3] = {{.peer = {4, 32, {192, 0, 2, 1}}},
						    {.peer = {4, 32, {127, 0, 0, 1}}},
						    {.peer = {6, 64, {0x20, 1, 0xd, 0xb8}}}};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer = {{.nlmsg_len = sizeof answer, .nlmsg_type = NLMSG_ERROR}, {.error = error}};
	struct nl_batch *batch = nl_batch_new();
	struct sockets s = {.able = false};
	static char sink[1 << 16];
	int pair[2], sent = 0;

	cr_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) && !nl_adopt(&s.nl, pair[0]));
	answer.header.nlmsg_seq = s.nl.sequence;
	cr_assert_eq(send(pair[1], &answer, sizeof answer, 0), sizeof answer);
	sockets_end(&s, batch, closes, results, 3);
	while (recv(pair[1], sink, sizeof sink, MSG_DONTWAIT) > 0)
		sent++;
	sockets_close(&s);
	close(pair[1]);
	free(batch);
	return sent;
}

Test(sockets, a_kernel_that_ends_none_is_asked_once_and_for_no_list)
{
	static const int errors[] = {-EOPNOTSUPP, -EPERM};
	size_t i;

	for (i = 0; i < 2; i++) {
		struct wire_result results[3] = {{0}, {-EINVAL}, {0}};

		cr_expect_eq(end_with(results, errors[i]), 1);
		cr_expect_eq(results[0].error, errors[i]);
		cr_expect_eq(results[1].error, -EINVAL);
		cr_expect_eq(results[2].error, errors[i]);
	}
}

Test(sockets, a_kernel_that_does_not_know_the_first_socket_is_asked_for_a_list)
{
	struct wire_result results[3] = {{0}, {-EINVAL}, {0}};

	cr_expect_gt(end_with(results, -ENOENT), 1);
}
