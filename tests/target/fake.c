/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink/wire.h"
#include "tests/target/fake.h"

struct packet {
	struct wire_head head;
	union {
		struct wire_option options[WIRE_RECORDS_MAX];
		struct wire_change changes[WIRE_RECORDS_MAX];
		struct wire_result results[WIRE_RECORDS_MAX];
		struct wire_held held[WIRE_RECORDS_MAX];
		struct prefix prefixes[WIRE_RECORDS_MAX];
		struct wire_defined defined;
		struct wire_event event;
		struct wire_close closes[WIRE_RECORDS_MAX];
		struct wire_socket sockets[WIRE_RECORDS_MAX];
		struct wire_fact facts[WIRE_RECORDS_MAX];
		struct wire_ports ports;
		char bytes[WIRE_RECORDS_MAX * WIRE_RECORD_SIZE_MAX + 1000];
	};
};

static struct packet in, out, held_back[WIRE_WINDOW];
static unsigned held_count;
static unsigned queries;
static unsigned taken; /* how often a target that another has was asked for */
static int old;	       /* younger verbs are not known */

static void say(size_t len)
{
	send(WIRE_FD, &out, len, MSG_NOSIGNAL);
}

static void begin(uint8_t kind)
{
	memset(&out, 0, sizeof out);
	out.head.version = WIRE_VERSION;
	out.head.kind = kind;
	out.head.target = in.head.target;
	out.head.serial = in.head.serial;
	out.head.flags = WIRE_LAST;
}

static void say_records(unsigned count, size_t size)
{
	out.head.count = (uint16_t)count;
	say(sizeof out.head + count * size);
}

static void say_alone(uint8_t kind)
{
	begin(kind);
	out.head.serial = 0;
	out.head.flags = 0;
	if (kind == WIRE_EVENT)
		out.event.what = WIRE_ADDRESSES_CHANGED;
	say_records(kind == WIRE_EVENT, sizeof out.event);
}

static void read_hello(void)
{
	do
		if (recv(WIRE_FD, &in, sizeof in, 0) <= 0)
			_exit(0);
	while (in.head.kind != WIRE_HELLO);
}

static void restart(void)
{
	held_count = 0;
	say_alone(WIRE_HELLO);
	read_hello();
}

static void answer_define(void)
{
	begin(WIRE_RESULT);
	out.defined.way = WIRE_WAY_DIFF;
	out.defined.identity = 77;
	out.defined.timeouts = 1;
	for (unsigned i = 0; i < in.head.count; i++) {
		const struct wire_option *o = &in.options[i];

		if (o->option == WIRE_OPT_NAME && !strcmp(o->text, "timeless")) {
			out.defined.error = WIRE_FAULT_TIMEOUT;
			strcpy(out.defined.where, o->text);
		}
		if (o->option == WIRE_OPT_NAME && !strcmp(o->text, "taken") && taken++ < 3)
			out.defined.error = -EAGAIN;
		if (o->option == WIRE_OPT_NAME && !strcmp(o->text, "refused"))
			out.head.error = -EPERM;
		if (o->option == WIRE_OPT_NAME && !strcmp(o->text, "nonsense"))
			out.defined.way = 9;
		if (o->option == WIRE_OPT_IDENTITY)
			out.defined.created = !strcmp(o->text, "4711");
	}
	say_records(out.head.error ? 0 : 1, sizeof out.defined);
}

static void answer_change(void)
{
	begin(WIRE_RESULT);
	for (unsigned i = 0; i < in.head.count; i++)
		if (in.changes[i].prefix.addr[3] == FAKE_FULL)
			out.results[i].error = -ENOSPC;
	say_records(in.head.count, sizeof *out.results);
}

static void answer_list(void)
{
	for (unsigned from = 0; from < FAKE_LISTED; from += WIRE_RECORDS_MAX) {
		unsigned count = FAKE_LISTED - from;

		begin(WIRE_LIST);
		if (count > WIRE_RECORDS_MAX) {
			count = WIRE_RECORDS_MAX;
			out.head.flags = 0;
		}
		for (unsigned i = 0; i < count; i++) {
			uint32_t number = from + i;

			out.held[i].prefix.family = 4;
			out.held[i].prefix.len = 32;
			memcpy(out.held[i].prefix.addr, &number, 4);
			out.held[i].left = number;
		}
		say_records(count, sizeof *out.held);
	}
}

/* At first one address, and one more at every question. */
static void answer_query(void)
{
	begin(WIRE_QUERY);
	queries++;
	for (unsigned i = 0; i < queries; i++)
		out.prefixes[i] = (struct prefix){4, 32, {203, 0, 113, (uint8_t)i}};
	say_records(queries, sizeof *out.prefixes);
}

static void hold(void)
{
	held_back[held_count++] = in;
	if (held_count < WIRE_WINDOW)
		return;
	for (unsigned i = 0; i < WIRE_WINDOW; i++) {
		in = held_back[i];
		answer_change();
	}
	held_count = 0;
}

static void say_event(uint8_t what, unsigned target, unsigned pid, const char *comm)
{
	begin(WIRE_EVENT);
	out.head.serial = 0;
	out.head.flags = 0;
	out.head.target = (uint8_t)target;
	out.event.what = what;
	out.event.pid = pid;
	memcpy(out.event.comm, comm, strlen(comm));
	say_records(1, sizeof out.event);
}

static void tell_removed(void)
{
	say_event(WIRE_REMOVED, 0, 123, "nft");
	say_event(WIRE_REMOVED, 0, 0, "");
	say_event(WIRE_REMOVED, 0, 9, "\033[2Jx");
	say_event(WIRE_REMOVED, 31, 5, "none such");
	say_event(WIRE_UNUSED, 0, 0, "");
	answer_change();
}

/* As many connections of each peer as its ports say. */
static void answer_close(void)
{
	begin(WIRE_RESULT);
	for (unsigned i = 0; i < in.head.count; i++) {
		out.results[i].error = in.closes[i].count + 10 * in.closes[i].conntrack +
				       100 * in.closes[i].ports[0].first +
				       (int)(1000 * in.closes[i].peer_port) +
				       (int)(10000 * in.closes[i].idle);
		if (in.closes[i].peer.addr[3] == FAKE_REFUSE)
			out.results[i].error = -EOPNOTSUPP;
	}
	say_records(in.head.count, sizeof *out.results);
}

/* One in the first packet, and one in the last. */
static void answer_sockets(void)
{
	struct wire_ports asked = in.ports;

	for (unsigned i = 0; i < 2; i++) {
		begin(WIRE_SOCKETS);
		out.head.flags = i ? WIRE_LAST : 0;
		out.sockets[0].peer = (struct prefix){4, 32, {203, 0, 113, (uint8_t)i}};
		out.sockets[0].own = (struct prefix){4, 32, {192, 0, 2, 1}};
		out.sockets[0].own_port = asked.first;
		out.sockets[0].peer_port = asked.last;
		out.sockets[0].state = 1;
		out.sockets[0].idle = 1000;
		out.sockets[0].uid = 7;
		out.sockets[0].inode = 9;
		if (asked.first == FAKE_PORT_STRANGE)
			out.sockets[0].peer.family = 5;
		if (asked.first == FAKE_PORT_WIDE)
			out.sockets[0].peer = (struct prefix){4, 24, {203, 0, 113}};
		say_records(1, sizeof *out.sockets);
	}
}

static void answer_live(void)
{
	static const uint8_t abouts[] = {WIRE_SET_REFERENCES, WIRE_CHAIN_HOOK};

	if (in.head.target == FAKE_LIVE_RESTART) {
		restart();
		return;
	}
	begin(WIRE_LIVE);
	for (unsigned i = 0; i < 2; i++) {
		out.facts[i].what = abouts[i];
		out.facts[i].value = -1 - (int)i;
		strcpy(out.facts[i].name, i ? "in\nput" : "banish");
	}
	if (in.head.target == FAKE_LIVE_STRANGE)
		out.facts[1].what = 99;
	if (in.head.target == FAKE_LIVE_ENDLESS)
		memset(out.facts[1].name, 'x', sizeof out.facts[1].name);
	say_records(2, sizeof *out.facts);
}

/* As a helper that was built before there were such requests. */
static void answer_unknown(void)
{
	begin(WIRE_RESULT);
	out.head.error = -EBADMSG;
	say_records(0, 0);
}

/* An answer that is wrong in one point. */
static void answer_badly(unsigned order)
{
	begin(WIRE_RESULT);
	switch (order) {
	case FAKE_SHORT:
		say(7);
		return;
	case FAKE_LONG:
		say(sizeof out);
		return;
	case FAKE_VERSION:
		out.head.version++;
		break;
	case FAKE_KIND:
		out.head.kind = 99;
		break;
	case FAKE_SERIAL:
		out.head.serial++;
		break;
	case FAKE_MISCOUNTED:
		say_records(in.head.count + 1u, sizeof *out.results);
		return;
	case FAKE_OVERCOUNTED:
		out.head.count = 65535;
		say(sizeof out.head + 4);
		return;
	case FAKE_NOT_LAST:
		out.head.flags = 0;
		break;
	case FAKE_POSITIVE:
		out.results[0].error = 5;
		break;
	case FAKE_DEAD:
		out.results[0].error = -EPIPE;
		break;
	case FAKE_DEAD_WHOLE:
		out.head.error = -EPIPE;
		say_records(0, 0);
		return;
	case FAKE_POSITIVE_WHOLE:
		out.head.error = 5;
		say_records(0, 0);
		return;
	case FAKE_UNASKED:
		answer_change();
		answer_change();
		return;
	case FAKE_STRANGE_EVENT:
		begin(WIRE_EVENT);
		out.head.serial = 0;
		out.event.what = 99;
		say_records(1, sizeof out.event);
		return;
	case FAKE_ENDLESS_NAME:
		say_event(WIRE_REMOVED, 0, 1, "0123456789abcdef");
		return;
	case FAKE_FAR_TARGET:
		say_event(WIRE_REMOVED, WIRE_TARGETS_MAX, 1, "nft");
		return;
	case FAKE_LONG_HELLO:
		begin(WIRE_HELLO);
		out.head.serial = 0;
		say_records(1, 4);
		return;
	}
	say_records(in.head.count, sizeof *out.results);
}

static void do_change(void)
{
	unsigned order = in.changes[0].prefix.addr[3];

	switch (order) {
	case FAKE_REFUSE:
		begin(WIRE_RESULT);
		out.head.error = -EIO;
		say_records(0, 0);
		break;
	case FAKE_HOLD:
		hold();
		break;
	case FAKE_REMOVE:
		tell_removed();
		break;
	case FAKE_OLD:
		old = 1;
		answer_change();
		break;
	case FAKE_ADDRESS:
		say_alone(WIRE_EVENT);
		say_alone(WIRE_EVENT);
		say_alone(WIRE_EVENT);
		answer_change();
		break;
	case FAKE_RESTART_TWICE:
		say_alone(WIRE_HELLO);
		/* fall through */
	case FAKE_RESTART:
		restart();
		break;
	case FAKE_EXIT:
		_exit(0);
	default:
		if (order > FAKE_EXIT && order < FAKE_GARBAGE_END)
			answer_badly(order);
		else
			answer_change();
	}
}

static void do_request(void)
{
	if (old && in.head.kind >= WIRE_CLOSE && in.head.kind <= WIRE_LIVE) {
		answer_unknown();
		return;
	}
	switch (in.head.kind) {
	case WIRE_CLOSE:
		answer_close();
		break;
	case WIRE_SOCKETS:
		answer_sockets();
		break;
	case WIRE_LIVE:
		answer_live();
		break;
	case WIRE_DEFINE:
		answer_define();
		break;
	case WIRE_CHANGE:
		do_change();
		break;
	case WIRE_LIST:
		answer_list();
		break;
	case WIRE_QUERY:
		answer_query();
		break;
	case WIRE_HELLO:
		break;
	default:
		begin(WIRE_RESULT);
		say_records(1, sizeof *out.results);
	}
}

/* The room gives its helper no argument but its name, which no test run has. */
__attribute__((constructor)) static void be_the_helper(int argc, char **argv)
{
	if (argc != 1 || strcmp(argv[0], "banish-netlink") != 0)
		return;
	restart();
	while (recv(WIRE_FD, &in, sizeof in, 0) > 0)
		do_request();
	_exit(0);
}
