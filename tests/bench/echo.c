/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper that says yes to everything and asks no kernel: what is left of the way from a
 * decision to its answer is the two packets, and the two processes that have to be woken. To be
 * given to tests/bench/kernel.c in place of banish-netlink.
 */
#include <poll.h>
#include <sys/socket.h>

#include "netlink/packet.h"

static union packet in, out;

static void answer(uint8_t kind, uint16_t count, size_t record)
{
	out.head = (struct wire_head){
		.version = WIRE_VERSION,
		.kind = kind,
		.target = in.head.target,
		.flags = WIRE_LAST,
		.count = count,
		.serial = in.head.serial,
	};
	send(WIRE_FD, &out, sizeof out.head + count * record, MSG_NOSIGNAL);
}

static void take(void)
{
	if (in.head.kind == WIRE_QUERY) {
		answer(WIRE_QUERY, 0, 0);
	} else if (in.head.kind == WIRE_DEFINE) {
		out.defined = (struct wire_defined){.way = WIRE_WAY_DIFF};
		answer(WIRE_RESULT, 1, sizeof out.defined);
		out.defined = (struct wire_defined){0};
	} else if (in.head.kind == WIRE_CHANGE) {
		answer(WIRE_RESULT, in.head.count, sizeof *out.results);
	}
}

int main(void)
{
	const struct wire_head hello = {.version = WIRE_VERSION, .kind = WIRE_HELLO};
	struct pollfd socket = {.fd = WIRE_FD, .events = POLLIN};

	send(WIRE_FD, &hello, sizeof hello, MSG_NOSIGNAL);
	while (poll(&socket, 1, -1) > 0 && recv(WIRE_FD, &in, sizeof in, MSG_DONTWAIT) > 0)
		take();
	return 0;
}
