/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

#include "netlink/peers.h"

static struct prefix parse(const char *text)
{
	struct prefix p;

	cr_assert(prefix_parse(&p, text, strlen(text)), "%s", text);
	return p;
}

static struct wire_close record(const char *peer, uint16_t first, uint16_t last)
{
	return (struct wire_close){
		.peer = parse(peer), .count = last != 0, .ports[0] = {first, last}};
}

static int look(const struct peers *peers, const char *peer, uint16_t peer_port, uint16_t port)
{
	const struct connection c = {parse(peer), peer_port, port};
	size_t record = 0;

	return peers_find(peers, &c, &record) ? (int)record : -1;
}

Test(peers, a_connection_belongs_to_the_narrowest_record_of_its_port)
{
	static struct wire_close records[8];
	static struct peers peers;
	static const struct {
		const char *peer;
		uint16_t port;
		int record;
	} table[] = {
		{"192.0.2.1", 25, 1},	     {"192.0.2.1", 80, 0},   {"192.0.2.1", 443, 3},
		{"192.0.2.2", 80, 0},	     {"192.0.2.2", 25, 0},   {"192.0.3.1", 25, -1},
		{"192.0.2.1", 444, 0},	     {"2001:db8::1", 25, 2}, {"2001:db8::1", 24, -1},
		{"2001:db8:0:1::1", 25, -1}, {"2001:db8:1::", 9, 6}, {"2001:db8:1::1", 9, -1},
		{"10.9.8.7", 0, 4},	     {"11.0.0.0", 0, -1},    {"2002::", 25, 7},
		{"203.0.113.1", 25, -1},
	};
	size_t i;

	records[0] = record("192.0.2.0/24", 0, 0);
	records[1] = record("192.0.2.1", 1, 79);
	records[2] = record("2001:db8::/64", 25, 25);
	records[3] = record("192.0.2.1", 443, 443);
	records[4] = record("10.0.0.0/8", 0, 0);
	records[5] = record("192.0.2.0/24", 25, 25);
	records[6] = record("2001:db8:1::", 9, 9);
	records[7] = record("2002::/16", 0, 0);
	peers_sort(&peers, records, NULL, 8);
	cr_expect(peers.family4 && peers.family6);
	for (i = 0; i < sizeof table / sizeof *table; i++)
		cr_expect_eq(look(&peers, table[i].peer, 1024, table[i].port), table[i].record,
			     "%s %u: %d", table[i].peer, table[i].port,
			     look(&peers, table[i].peer, 1024, table[i].port));
}

Test(peers, refused_records_are_left_out)
{
	const struct wire_close records[] = {record("192.0.2.1", 0, 0), record("::/0", 0, 0),
					     record("0.0.0.0/0", 0, 0)};
	const struct wire_result results[] = {{0}, {-EPERM}, {-EPERM}};
	static struct peers peers;

	peers_sort(&peers, records, results, 3);
	cr_expect_eq(peers.count, 1);
	cr_expect(peers.family4 && !peers.family6);
	cr_expect_eq(look(&peers, "192.0.2.1", 1, 1), 0);
	cr_expect_eq(look(&peers, "192.0.2.2", 1, 1), -1);
	cr_expect_eq(look(&peers, "2001:db8::", 1, 1), -1);
	peers_sort(&peers, records, results, 0);
	cr_expect_eq(look(&peers, "192.0.2.1", 1, 1), -1);
}

Test(peers, what_has_no_ports_belongs_to_all_ports_alone)
{
	struct wire_close r = record("192.0.2.1", 1, 65535);
	static struct peers peers;

	peers_sort(&peers, &r, NULL, 1);
	cr_expect_eq(look(&peers, "192.0.2.1", 0, 0), -1);
	cr_expect_eq(look(&peers, "192.0.2.1", 0, 1), 0);
	r.ports[1] = (struct wire_ports){0, 0};
	r.count = 2;
	cr_expect_eq(look(&peers, "192.0.2.1", 0, 0), 0);
	r.count = 0;
	cr_expect_eq(look(&peers, "192.0.2.1", 0, 0), 0);
	r.peer_port = 53;
	cr_expect_eq(look(&peers, "192.0.2.1", 52, 9), -1);
	cr_expect_eq(look(&peers, "192.0.2.1", 53, 9), 0);
}

static bool belongs(const struct wire_close *r, const struct connection *c)
{
	int i;

	if (!prefix_covers(&r->peer, &c->peer) ||
	    (r->peer_port && r->peer_port != c->peer_port))
		return false;
	for (i = 0; i < r->count; i++)
		if (c->own_port >= r->ports[i].first && c->own_port <= r->ports[i].last)
			return true;
	return !r->count;
}

/* The same, asked one by one. */
static int look_slowly(const struct wire_close *records, size_t count,
		       const struct connection *c)
{
	int best = -1;
	size_t i;

	for (i = 0; i < count; i++)
		if (belongs(&records[i], c) &&
		    (best < 0 || records[i].peer.len > records[best].peer.len))
			best = (int)i;
	return best;
}

static struct prefix narrow(unsigned bits, uint8_t len)
{
	uint8_t bytes[16] = {10, (uint8_t)(bits >> 8), (uint8_t)bits, (uint8_t)(bits >> 4)};
	struct prefix p;

	cr_assert(prefix_from_bytes(&p, bits & 1 ? AF_INET : AF_INET6, bytes, len));
	return p;
}

Test(peers, thousands_are_found_as_if_asked_one_by_one)
{
	static struct wire_close records[PEERS_MAX];
	static struct peers peers;
	unsigned seed = 1;
	size_t i, found;
	int slow;

	for (i = 0; i < PEERS_MAX; i++) {
		unsigned n = (unsigned)rand_r(&seed);

		records[i] =
			(struct wire_close){.peer = narrow(n % 2048, (uint8_t)(8 + n % 25)),
					    .count = n >> 12 & 1,
					    .peer_port = n >> 13 & 7 ? 0 : 1,
					    .ports[0] = {n >> 16 & 7, 8}};
	}
	peers_sort(&peers, records, NULL, PEERS_MAX);
	for (i = 0; i < 5000; i++) {
		unsigned n = (unsigned)rand_r(&seed);
		const struct connection c = {narrow(n % 2048, n & 1 ? 32 : 128), n >> 14 & 1,
					     n >> 16 & 15};

		slow = look_slowly(records, PEERS_MAX, &c);
		found = SIZE_MAX;
		cr_expect_eq(peers_find(&peers, &c, &found), slow >= 0);
		if (slow >= 0)
			cr_assert_eq(found, (size_t)slow);
	}
}
