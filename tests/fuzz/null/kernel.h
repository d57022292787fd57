/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper's worker between a daemon and a kernel that are both made up. Its netlink sockets
 * are pairs of unix sockets, its time stands still unless it sleeps, and libipset is not
 * asked. Nothing gets out.
 */
#ifndef BANISH_TESTS_FUZZ_NULL_KERNEL_H
#define BANISH_TESTS_FUZZ_NULL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <libmnl/libmnl.h>

#include "netlink/wire.h"

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

struct input {
	const uint8_t *at;
	size_t left;
};

/* Zeros when nothing is left. */
uint8_t input_byte(struct input *in);
void input_bytes(struct input *in, void *out, size_t size);

/* A batch as it was sent. Answers to it go to the socket that sent it. */
struct null_batch {
	struct mnl_socket *socket;
	const struct nlmsghdr *first;
	size_t len;
	unsigned count;
};

struct null_world {
	/* Every batch, after its messages were looked at: only what is ours is ever taken away.
	 */
	void (*sent)(void *arg, const struct null_batch *batch);
	/* Every packet to the daemon, after it was looked at. */
	void (*answered)(void *arg, const struct wire_head *head, size_t len);
	void *arg;
};

/* One datagram of the kernel's. */
void null_reply(struct mnl_socket *socket, const void *data, size_t len);
/* To all sockets that were opened for notifications. */
void null_notify(const void *data, size_t len);
/* What a kernel says when all went well: to a dump that it is over, to others that they are
 * done where that was asked for. */
void null_agree(const struct null_batch *batch);
/* To message `index` of the batch. */
void null_error(const struct null_batch *batch, unsigned index, int error);

/* A packet of the daemon's; len 0: let the worker sleep until it wakes by itself. */
struct null_packet {
	const void *data;
	size_t len;
};

/* A worker's life: greeted, given these one by one, and left. */
void null_run(const struct null_world *world, const struct null_packet *packets, size_t count);

#endif
