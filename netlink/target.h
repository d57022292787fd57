/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place in the kernel that prefixes are put into: the verbs, and what all kinds of
 * them share.
 */
#ifndef BANISH_NETLINK_TARGET_H
#define BANISH_NETLINK_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "netlink/nft_probe.h"
#include "netlink/nl.h"
#include "netlink/options.h"
#include "netlink/packet.h"
#include "netlink/wire.h"

/* The worker's way into the kernel. */
struct kernel {
	struct nl nft; /* the parent's: owns the table */
	struct nl ipset;
	struct nl route;
	struct nl lists;	/* NETLINK_ROUTE: dumps, so that changes can go on meanwhile */
	struct nl_batch *batch; /* of whoever sends next */
	struct nft_probe nft_can;
	struct nft_table *own; /* NULL until a target is our own nft table */
};

/* `nft_fd`: the socket that owns the table; it belongs to *out from now on, also on failure. */
int kernel_open(struct kernel *out, int nft_fd);
void kernel_close(struct kernel *kernel);

/* One good record of a WIRE_CHANGE, and where its result goes. */
struct change {
	const struct wire_change *wire;
	struct wire_result *result; /* 0 until something else is known */
};

struct target {
	const struct target_verbs *verbs;
	struct kernel *kernel; /* borrowed */
};

struct target_verbs {
	/* Sets a result for each that fails; may reorder `changes`, keeping the order of those
	 * of one prefix. */
	void (*change)(struct target *t, struct change *changes, size_t count);
	int (*refill)(struct target *t, const struct wire_refill *refill);
	int (*flush)(struct target *t);
	int (*list)(struct target *t, struct packet_stream *held);
	/* wire_fact records. NULL: there is nothing to say */
	int (*live)(struct target *t, struct packet_stream *facts);
	/* Has somebody taken something out, as far as can be seen without notifications? Called
	 * now and then, at `now` ms of CLOCK_MONOTONIC. Returns enum wire_happened to be told,
	 * or 0. NULL: the kernel tells by itself. */
	uint8_t (*look)(struct target *t, int64_t now);
	void (*close)(struct target *t); /* frees; the kernel keeps what it holds */
};

/* Open one: 0, -errno or enum wire_fault. *defined tells the rest; its `error` is left alone.
 */
int nft_open(struct target **out, struct wire_defined *defined, struct kernel *kernel,
	     const struct options *options);
int ipset_open(struct target **out, struct wire_defined *defined, struct kernel *kernel,
	       const struct options *options);
int route_open(struct target **out, struct wire_defined *defined, struct kernel *kernel,
	       const struct options *options);

/* WIRE_FILL makes no sense without a refill: those records get -EINVAL. Returns how many are
 * left. */
size_t target_drop_fills(struct change *changes, size_t count);
/* For verbs that a kind has no answer to. */
int target_no_refill(struct target *t, const struct wire_refill *refill);
int target_no_list(struct target *t, struct packet_stream *held);

/* Write to defined->where. */
void target_where(struct wire_defined *defined, const char *text);

#endif
