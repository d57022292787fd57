/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon asks the worker for is looked at, done and answered. */
#ifndef BANISH_NETLINK_REQUESTS_H
#define BANISH_NETLINK_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/conntrack.h"
#include "netlink/lock.h"
#include "netlink/packet.h"
#include "netlink/sockets.h"
#include "netlink/target.h"
#include "netlink/watch.h"

struct worker {
	int fd;
	int error;    /* of the socketpair: the end */
	bool greeted; /* the daemon knows of us */
	unsigned bad; /* packets that could not be looked at */
	struct kernel kernel;
	struct watch watch;
	struct sockets sockets;
	struct conntrack conntrack;
	struct locks locks;
	int64_t patience; /* ms: until then what another helper has is asked for again */
	int look_ms;	  /* between two looks at targets that the kernel says nothing about */
	int64_t look_due; /* ms; INT64_MAX: there are none */
	struct target *targets[WIRE_TARGETS_MAX];
	union packet in, out;
	struct change changes[WIRE_RECORDS_MAX];
};

/* CLOCK_MONOTONIC in ms. */
int64_t worker_now(void);

/* Send w->out, whose records are of that size. */
void worker_send(struct worker *w, size_t record);

/* The packet of `len` bytes in w->in. */
void requests_take(struct worker *w, size_t len);

/* The number has no target any more; the kernel keeps what it holds. */
void requests_forget(struct worker *w, unsigned number);
/* The next look at targets that the kernel says nothing about. */
void requests_look_later(struct worker *w);
/* Delete the conntrack entries that are to go. */
void requests_end_tracked(struct worker *w);

#endif
