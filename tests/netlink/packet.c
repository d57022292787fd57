/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "netlink/packet.h"

static union packet packet;

static size_t fill(uint8_t kind, uint16_t count, size_t record)
{
	memset(&packet, 0, sizeof packet);
	packet.head = (struct wire_head){.version = WIRE_VERSION, .kind = kind, .count = count};
	return sizeof packet.head + count * record;
}

Test(packet, every_request_has_records_of_one_size)
{
	static const struct {
		uint8_t kind;
		uint16_t count;
		size_t record;
	} good[] = {
		{WIRE_HELLO, 0, 0},
		{WIRE_DEFINE, 3, sizeof(struct wire_option)},
		{WIRE_FORGET, 0, 0},
		{WIRE_CHANGE, 0, sizeof(struct wire_change)},
		{WIRE_CHANGE, 1000, sizeof(struct wire_change)},
		{WIRE_REFILL, 1, sizeof(struct wire_refill)},
		{WIRE_FLUSH, 0, 0},
		{WIRE_LIST, 0, 0},
		{WIRE_QUERY, 1, sizeof(struct wire_query)},
		{WIRE_CLOSE, 3, sizeof(struct wire_close)},
		{WIRE_CLOSE, 1000, sizeof(struct wire_close)},
		{WIRE_SOCKETS, 1, sizeof(struct wire_ports)},
	};
	size_t i, len;

	for (i = 0; i < sizeof good / sizeof *good; i++) {
		len = fill(good[i].kind, good[i].count, good[i].record);
		cr_expect_eq(packet_check(&packet, len), 0, "kind %u", good[i].kind);
		cr_expect_eq(packet_check(&packet, len + 1), -EBADMSG);
		cr_expect_eq(packet_check(&packet, len - 1), len > 16 ? -EBADMSG : -ENODATA);
	}
}

Test(packet, what_is_wrong_with_a_head_is_told)
{
	size_t len = fill(WIRE_CHANGE, 2, sizeof(struct wire_change));
	unsigned kind;

	cr_expect_eq(packet_check(&packet, 0), -ENODATA);
	cr_expect_eq(packet_check(&packet, 15), -ENODATA);
	packet.head.version++;
	cr_expect_eq(packet_check(&packet, len), -EPROTONOSUPPORT);
	packet.head.version--;
	packet.head.count = 3;
	cr_expect_eq(packet_check(&packet, len), -EBADMSG);
	packet.head.count = WIRE_RECORDS_MAX + 1;
	cr_expect_eq(packet_check(&packet, 16 + 1001 * sizeof(struct wire_change)), -EBADMSG);
	packet.head.count = 2;
	packet.head.target = WIRE_TARGETS_MAX;
	cr_expect_eq(packet_check(&packet, len), -ENODEV);
	fill(0, 0, 0);
	for (kind = WIRE_RESULT; kind < 256; kind++) {
		packet.head.kind = (uint8_t)kind;
		cr_expect_eq(packet_check(&packet, 16), -EBADMSG, "kind %u", kind);
	}
	packet.head.kind = 0;
	cr_expect_eq(packet_check(&packet, 16), -EBADMSG);
}

static struct wire_change change(const char *text)
{
	struct wire_change c = {.op = WIRE_ADD, .left = 1000, .whole = 2000};

	cr_assert(prefix_parse(&c.prefix, text, strlen(text)), "%s", text);
	return c;
}

Test(packet, loopback_and_half_the_world_are_never_banned)
{
	static const struct {
		const char *prefix;
		int error;
	} table[] = {
		{"192.0.2.1", 0},	 {"10.0.0.0/8", 0},	   {"2001:db8::/32", 0},
		{"2001:db8::1", 0},	 {"::2:0:0:0:0/64", 0},	   {"126.0.0.0/8", 0},
		{"0.0.0.0/0", -EPERM},	 {"10.0.0.0/7", -EPERM},   {"127.0.0.1", -EPERM},
		{"127.0.0.0/8", -EPERM}, {"127.9.0.0/16", -EPERM}, {"0.0.0.0", -EPERM},
		{"0.0.0.0/8", -EPERM},	 {"::/0", -EPERM},	   {"2001:db8::/31", -EPERM},
		{"::1", -EPERM},	 {"::", -EPERM},	   {"::/64", -EPERM},
		{"::/127", -EPERM},
	};
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		struct wire_change c = change(table[i].prefix);

		cr_expect_eq(packet_check_change(&c), table[i].error, "%s", table[i].prefix);
		c.op = WIRE_DEL;
		cr_expect_eq(packet_check_change(&c), table[i].error, "%s", table[i].prefix);
	}
}

Test(packet, a_record_has_a_kind_and_a_time)
{
	struct wire_change c = change("192.0.2.1");

	c.op = WIRE_FILL;
	cr_expect_eq(packet_check_change(&c), 0);
	c.op = WIRE_FILL + 1;
	cr_expect_eq(packet_check_change(&c), -EINVAL);
	c.op = 0;
	cr_expect_eq(packet_check_change(&c), -EINVAL);
	c.op = WIRE_ADD;
	c.left = 0;
	cr_expect_eq(packet_check_change(&c), -EINVAL);
	c.left = 2001;
	cr_expect_eq(packet_check_change(&c), -EINVAL);
	c.left = c.whole = WIRE_FOREVER;
	cr_expect_eq(packet_check_change(&c), 0);
	c.left = INT64_MIN;
	cr_expect_eq(packet_check_change(&c), -EINVAL);
	c.op = WIRE_DEL;
	c.left = c.whole = 0;
	cr_expect_eq(packet_check_change(&c), 0);
	c.prefix.addr[4] = 1;
	cr_expect_eq(packet_check_change(&c), -EINVAL);
}

Test(packet, what_may_be_banned_may_be_closed_at_ports_that_exist)
{
	static const struct {
		const char *peer;
		uint8_t count;
		struct wire_ports ports;
		int error;
	} table[] = {
		{"192.0.2.1", 0, {0, 0}, 0},	       {"192.0.2.1", 1, {25, 25}, 0},
		{"192.0.2.1", 1, {0, 0}, 0},	       {"192.0.2.1", 8, {1, 65535}, 0},
		{"192.0.2.1", 0, {9, 8}, 0},	       {"192.0.2.1", 1, {9, 8}, -EINVAL},
		{"192.0.2.1", 1, {0, 8}, -EINVAL},     {"192.0.2.1", 9, {25, 25}, -EINVAL},
		{"192.0.2.1", 255, {25, 25}, -EINVAL}, {"10.0.0.0/8", 0, {0, 0}, 0},
		{"10.0.0.0/7", 0, {0, 0}, -EPERM},     {"127.0.0.1", 1, {25, 25}, -EPERM},
		{"::1", 1, {25, 25}, -EPERM},	       {"2001:db8::/32", 1, {25, 25}, 0},
		{"::/0", 1, {25, 25}, -EPERM},
	};
	size_t i, j;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		struct wire_close c = {.peer = change(table[i].peer).prefix,
				       .count = table[i].count};

		for (j = 0; j < WIRE_PORTS_MAX; j++)
			c.ports[j] = table[i].ports;
		cr_expect_eq(packet_check_close(&c), table[i].error, "%zu", i);
	}
	cr_expect_eq(packet_check_close(&(struct wire_close){0}), -EINVAL, "no prefix at all");
}

Test(packet, one_connection_may_be_anyones)
{
	struct wire_close c = {.peer = change("127.0.0.1").prefix, .peer_port = 1};

	cr_expect_eq(packet_check_close(&c), 0);
	c.peer = change("::1").prefix;
	cr_expect_eq(packet_check_close(&c), 0);
	c.peer = change("192.0.2.0/24").prefix;
	cr_expect_eq(packet_check_close(&c), -EINVAL, "a port of many peers");
}

Test(packet, a_stream_leaves_in_full_packets_and_ends_with_a_flag)
{
	struct packet_stream s = {.packet = &packet, .record = sizeof(struct wire_held)};
	static union packet got;
	int fds[2], size = 1 << 20, i, total = 0, packets = 0;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	s.fd = fds[0];
	fill(WIRE_LIST, 0, 0);
	for (i = 0; i < 2500; i++)
		((struct wire_held *)packet_stream_next(&s))->left = i;
	cr_assert_eq(packet_stream_end(&s, 0), 0);
	do {
		ssize_t len = recv(fds[1], &got, sizeof got, 0);

		cr_assert_eq(len, (ssize_t)(16 + got.head.count * sizeof(struct wire_held)));
		for (i = 0; i < got.head.count; i++)
			cr_assert_eq(got.held[i].left, total++);
		packets++;
	} while (!(got.head.flags & WIRE_LAST));
	cr_expect_eq(total, 2500);
	cr_expect_eq(packets, 3);
	close(fds[0]);
	close(fds[1]);
}

Test(packet, a_stream_that_failed_ends_without_records)
{
	struct packet_stream s = {.packet = &packet, .record = sizeof(struct wire_held)};
	static union packet got;
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	s.fd = fds[0];
	fill(WIRE_LIST, 0, 0);
	packet_stream_next(&s);
	packet_stream_end(&s, -EINTR);
	cr_expect_eq(recv(fds[1], &got, sizeof got, 0), 16);
	cr_expect_eq(got.head.error, -EINTR);
	cr_expect_eq(got.head.count, 0);
	cr_expect_eq(got.head.flags, WIRE_LAST);
	close(fds[1]);
	packet_stream_next(&s);
	cr_expect_eq(packet_stream_end(&s, 0), -EPIPE);
	close(fds[0]);
}
