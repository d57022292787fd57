/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/route_msg.h"
#include "netlink/target.h"

/* The target route: host and net routes that lead nowhere, with a protocol number of their own.
 */

#define SEND_MAX 256 /* routes in one sendmsg; more gain nothing */
#define PASSES_MAX 8 /* of a flush: a dump can miss what is deleted around it */

struct route {
	struct target target; /* first */
	struct route_mark mark;
};

static struct route *route_of(struct target *t)
{
	return (struct route *)t;
}

static void route_close(struct target *t)
{
	free(route_of(t));
}

static int done(uint8_t op, int error)
{
	if (op == WIRE_ADD && error == -EEXIST)
		return 0;
	if (op == WIRE_DEL && (error == -ESRCH || error == -ENOENT))
		return 0;
	return error;
}

static void note(void *arg, unsigned index, int error, const struct nlmsghdr *about)
{
	struct change *changes = arg;

	(void)about;
	changes[index].result->error = done(changes[index].wire->op, error);
}

/* Nothing is acknowledged but errors: those are always. */
static void write_some(struct route *r, struct change *changes, size_t count)
{
	struct kernel *k = r->target.kernel;
	const struct nl_answers answers = {.ended = note, .arg = changes};
	size_t i;
	int error;

	nl_begin(k->batch, &k->route);
	for (i = 0; i < count; i++) {
		const struct prefix *p = &changes[i].wire->prefix;

		if (changes[i].wire->op == WIRE_ADD)
			route_msg_add(k->batch, &r->mark, p);
		else
			route_msg_delete(k->batch, &r->mark, p);
	}
	error = nl_send(&k->route, k->batch, &answers);
	/* Answers were lost, or nothing was sent: all of it can be repeated. */
	if (error == -ENOBUFS && count > 1) {
		write_some(r, changes, count / 2);
		write_some(r, changes + count / 2, count - count / 2);
	} else if (error == -ENOBUFS || error == -EMSGSIZE || error == -EBADMSG) {
		for (i = 0; i < count; i++)
			changes[i].result->error = error;
	}
}

static void route_change(struct target *target, struct change *changes, size_t count)
{
	size_t from, some;

	count = target_drop_fills(changes, count);
	for (from = 0; from < count; from += some) {
		some = count - from < SEND_MAX ? count - from : SEND_MAX;
		write_some(route_of(target), changes + from, some);
	}
}

/* ---- list and flush ---- */

static int dump(struct route *r, int (*data)(void *arg, const struct nlmsghdr *m), void *arg)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct kernel *k = r->target.kernel;
	const struct nl_answers answers = {.data = data, .arg = arg};
	struct nl_batch *batch = nl_batch_new();
	int i, error = batch ? 0 : -ENOMEM;

	for (i = 0; i < 2 && !error; i++) {
		nl_begin(batch, &k->lists);
		route_msg_dump(batch, &r->mark, families[i]);
		error = nl_send(&k->lists, batch, &answers);
		/* A table that has never had a route, and a kernel without IPv6. */
		if (error == -ENOENT || error == -EAFNOSUPPORT || error == -EOPNOTSUPP)
			error = 0;
	}
	free(batch);
	return error;
}

struct listing {
	struct route *route;
	struct packet_stream *out;
};

static int read_held(void *arg, const struct nlmsghdr *m)
{
	const struct listing *l = arg;
	struct wire_held *held;
	struct prefix p;

	if (!route_msg_read(&p, m, &l->route->mark))
		return 0;
	held = packet_stream_next(l->out);
	held->prefix = p;
	held->left = WIRE_FOREVER;
	return l->out->error;
}

static int route_list(struct target *target, struct packet_stream *out)
{
	struct listing l = {route_of(target), out};

	return dump(l.route, read_held, &l);
}

/* Deletes gather while the dump goes on, on another socket. */
struct sweep {
	struct route *route;
	size_t count, total;
	struct wire_change wires[SEND_MAX];
	struct wire_result results[SEND_MAX];
	struct change changes[SEND_MAX];
};

static void sweep_out(struct sweep *s)
{
	if (s->count)
		write_some(s->route, s->changes, s->count);
	s->total += s->count;
	s->count = 0;
}

static int sweep_in(void *arg, const struct nlmsghdr *m)
{
	struct sweep *s = arg;
	struct wire_change *wire = &s->wires[s->count];

	if (!route_msg_read(&wire->prefix, m, &s->route->mark))
		return 0;
	wire->op = WIRE_DEL;
	s->changes[s->count] = (struct change){wire, &s->results[s->count]};
	if (++s->count == SEND_MAX)
		sweep_out(s);
	return 0;
}

static int route_flush(struct target *target)
{
	struct sweep s = {.route = route_of(target), .total = 1};
	int pass, error = 0;

	for (pass = 0; pass < PASSES_MAX && s.total; pass++) {
		s.total = 0;
		error = dump(s.route, sweep_in, &s);
		sweep_out(&s);
		if (error && error != -EINTR)
			return error;
	}
	return s.total ? -EBUSY : 0;
}

static const struct target_verbs verbs = {
	.change = route_change,
	.refill = target_no_refill,
	.flush = route_flush,
	.list = route_list,
	.close = route_close,
};

int route_open(struct target **out, struct wire_defined *defined, struct kernel *kernel,
	       const struct options *o)
{
	struct route *r = calloc(1, sizeof *r);

	if (!r)
		return -ENOMEM;
	r->target = (struct target){.verbs = &verbs, .kernel = kernel};
	r->mark = (struct route_mark){
		.table = o->route_table, .protocol = o->protocol, .type = o->route_type};
	defined->way = WIRE_WAY_DIFF;
	*out = &r->target;
	return 0;
}
