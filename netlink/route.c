/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "netlink/route_msg.h"
#include "netlink/target.h"

/* The target route: host and net routes that lead nowhere, with a protocol number of their own.
 */

#define SEND_MAX 256	       /* routes in one sendmsg; more gain nothing */
#define SWEEP_MAX (1 << 19)    /* routes that a flush has in memory, 10 MB; a power of two */
#define SWEEP_STEP 2654435761u /* odd, and a golden part of 2^32 */
#define PASSES_MAX 32	       /* of a flush: others may add to ours meanwhile */

struct route {
	struct target target; /* first */
	struct route_mark mark;
	bool second; /* some of ours may stand behind others' */
};

/* One message to be sent, and what became of it. */
struct order {
	const struct prefix *prefix;
	enum route_place place;
	int error;
};

static struct route *route_of(struct target *t)
{
	return (struct route *)t;
}

static void route_close(struct target *t)
{
	free(route_of(t));
}

/* ---- changes ---- */

static void note(void *arg, unsigned index, int error, const struct nlmsghdr *about)
{
	struct order *orders = arg;

	(void)about;
	orders[index].error = error;
}

/* All adds or all deletes, SEND_MAX at most. Nothing is acknowledged but errors: those are
 * always, and are there when the send returns. */
static void send_orders(struct route *r, bool del, struct order *orders, size_t count)
{
	struct kernel *k = r->target.kernel;
	const struct nl_answers answers = {.ended = note, .arg = orders};
	size_t i;
	int error;

	if (!count)
		return;
	nl_begin(k->batch, &k->route);
	for (i = 0; i < count; i++) {
		orders[i].error = 0;
		(del ? route_msg_delete : route_msg_add)(k->batch, &r->mark, orders[i].prefix,
							 orders[i].place);
	}
	error = nl_send(&k->route, k->batch, &answers);
	/* Answers were lost, or nothing was sent: all of it can be repeated. */
	if (error == -ENOBUFS && count > 1) {
		send_orders(r, del, orders, count / 2);
		send_orders(r, del, orders + count / 2, count - count / 2);
	} else if (error == -ENOBUFS || error == -EMSGSIZE || error == -EBADMSG) {
		for (i = 0; i < count; i++)
			orders[i].error = error;
	}
}

static bool is_gone(int error)
{
	return error == -ESRCH || error == -ENOENT;
}

/* The first was ours, and was deleted: make it again, and delete the one behind it that came
 * for the time between. */
static void restore(struct route *r, struct order *orders, const struct order *behind,
		    size_t count)
{
	struct order again[SEND_MAX], over[SEND_MAX];
	size_t i, ours = 0, spare = 0, next = 0;

	for (i = 0; i < count; i++)
		if (!orders[i].error)
			again[ours++] = orders[i];
	send_orders(r, false, again, ours);
	for (i = 0; i < count; i++) {
		if (orders[i].error)
			continue;
		orders[i].error = again[next++].error;
		if (!orders[i].error && !behind[i].error)
			over[spare++] = behind[i];
		r->second |= orders[i].error != 0;
	}
	send_orders(r, true, over, spare);
}

/*
 * At the best place of an IPv6 prefix is something that leads nowhere: is it ours? The kernel
 * tells of such a route nothing but that there is one, and to list all takes long; but it
 * deletes ours alone. So a second one is put behind it for the time being, and the first is
 * deleted and made again. If there was none to delete, the second stays: it is in force as soon
 * as the other one goes.
 */
static void settle(struct route *r, struct order *orders, size_t count)
{
	struct order behind[SEND_MAX];
	size_t i;

	for (i = 0; i < count; i++)
		behind[i] = (struct order){.prefix = orders[i].prefix, .place = ROUTE_SECOND};
	send_orders(r, false, behind, count);
	send_orders(r, true, orders, count);
	restore(r, orders, behind, count);
	for (i = 0; i < count; i++) {
		if (!is_gone(orders[i].error))
			continue;
		orders[i].error = behind[i].error == -EEXIST ? 0 : behind[i].error;
		r->second = true;
	}
}

/* Those of IPv6 that need another look, in front. */
static size_t gather6(struct order *out, size_t *from, const struct order *orders, size_t count,
		      int error)
{
	size_t i, found = 0;

	for (i = 0; i < count; i++) {
		if (orders[i].prefix->family != 6 || (error && orders[i].error != error))
			continue;
		from[found] = i;
		out[found++] = orders[i];
	}
	return found;
}

static void add(struct route *r, struct order *orders, size_t count)
{
	struct order doubts[SEND_MAX];
	size_t from[SEND_MAX], i, doubtful;

	send_orders(r, false, orders, count);
	doubtful = gather6(doubts, from, orders, count, -EEXIST);
	if (doubtful)
		settle(r, doubts, doubtful);
	for (i = 0; i < doubtful; i++)
		orders[from[i]].error = doubts[i].error;
	for (i = 0; i < count; i++)
		if (orders[i].prefix->family == 4 && orders[i].error == -EEXIST)
			orders[i].error = 0;
}

static void del(struct route *r, struct order *orders, size_t count)
{
	struct order second[SEND_MAX];
	size_t from[SEND_MAX], i,
		more = r->second ? gather6(second, from, orders, count, 0) : 0;

	send_orders(r, true, orders, count);
	for (i = 0; i < more; i++)
		second[i].place = ROUTE_SECOND;
	send_orders(r, true, second, more);
	for (i = 0; i < more; i++)
		if (!is_gone(second[i].error) && second[i].error)
			orders[from[i]].error = second[i].error;
	for (i = 0; i < count; i++)
		if (is_gone(orders[i].error))
			orders[i].error = 0;
}

/* Changes of one kind: those of a prefix stay in their order. */
static void write_some(struct route *r, struct change *changes, size_t count)
{
	struct order orders[SEND_MAX];
	size_t i;

	for (i = 0; i < count; i++)
		orders[i] = (struct order){.prefix = &changes[i].wire->prefix};
	if (changes->wire->op == WIRE_DEL)
		del(r, orders, count);
	else
		add(r, orders, count);
	for (i = 0; i < count; i++)
		changes[i].result->error = orders[i].error;
}

static void route_change(struct target *target, struct change *changes, size_t count)
{
	size_t from, to;

	count = target_drop_fills(changes, count);
	for (from = 0; from < count; from = to) {
		for (to = from + 1; to < count && to - from < SEND_MAX; to++)
			if (changes[to].wire->op != changes[from].wire->op)
				break;
		write_some(route_of(target), changes + from, to - from);
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
	enum route_place place;
	struct prefix p;

	if (!route_msg_read(&p, &place, m, &l->route->mark))
		return 0;
	l->route->second |= place == ROUTE_SECOND;
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

/*
 * What a flush is to delete. The kernel's table of IPv4 routes shrinks with them: deleted one
 * behind the other as they are listed they make it rebuild the same part again and again, which
 * takes twice as long as when it is thinned out evenly. So all are gathered first, or an even
 * part of them, and deleted in steps of the golden ratio, each far from those before.
 */
struct sweep {
	struct route *route;
	size_t count;
	uint32_t part; /* one of so many is gathered, a power of two */
	struct kept {
		struct prefix prefix;
		uint8_t place;
	} at[SWEEP_MAX];
};

/* Which part it belongs to. */
static bool in_part(const struct sweep *s, const struct prefix *p)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t i;

	for (i = 0; i < sizeof p->addr; i++)
		hash = (hash ^ p->addr[i]) * 16777619u;
	return !(hash & (s->part - 1));
}

static void halve(struct sweep *s)
{
	size_t i, kept = 0;

	s->part *= 2;
	for (i = 0; i < s->count; i++)
		if (in_part(s, &s->at[i].prefix))
			s->at[kept++] = s->at[i];
	s->count = kept;
}

static int sweep_in(void *arg, const struct nlmsghdr *m)
{
	struct sweep *s = arg;
	enum route_place place;
	struct prefix prefix;

	if (!route_msg_read(&prefix, &place, m, &s->route->mark))
		return 0;
	if (s->count == SWEEP_MAX)
		halve(s);
	if (in_part(s, &prefix))
		s->at[s->count++] = (struct kept){prefix, (uint8_t)place};
	return 0;
}

static int sweep_some(struct sweep *s, struct order *orders, size_t count)
{
	size_t i;

	send_orders(s->route, true, orders, count);
	for (i = 0; i < count; i++)
		if (orders[i].error && !is_gone(orders[i].error))
			return orders[i].error;
	return 0;
}

static int sweep_out(struct sweep *s)
{
	struct order orders[SEND_MAX];
	uint32_t i, at, size = 1;
	size_t count = 0;
	int error = 0;

	while (size < s->count)
		size *= 2;
	for (i = 0; i < size && !error; i++) {
		at = i * SWEEP_STEP & (size - 1);
		if (at >= s->count)
			continue;
		orders[count++] =
			(struct order){.prefix = &s->at[at].prefix, .place = s->at[at].place};
		if (count < SEND_MAX)
			continue;
		error = sweep_some(s, orders, count);
		count = 0;
	}
	return error ? error : sweep_some(s, orders, count);
}

static int route_flush(struct target *target)
{
	/* Not malloc, which would keep as much for the next time. */
	struct sweep *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pass, error = 0;

	if (s == MAP_FAILED)
		return -ENOMEM;
	s->route = route_of(target);
	s->count = 1;
	for (pass = 0; pass < PASSES_MAX && s->count && !error; pass++) {
		s->count = 0;
		s->part = 1;
		error = dump(s->route, sweep_in, s);
		if (!error || error == -EINTR)
			error = sweep_out(s);
	}
	if (!error && s->count)
		error = -EBUSY;
	munmap(s, sizeof *s);
	return error;
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
