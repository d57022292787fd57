/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

#include "netlink/options.h"
#include "netlink/requests.h"

int64_t worker_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- answers ---- */

static void begin(struct worker *w, uint8_t kind)
{
	w->out.head = (struct wire_head){.version = WIRE_VERSION,
					 .kind = kind,
					 .target = w->in.head.target,
					 .serial = w->in.head.serial};
}

void worker_send(struct worker *w, size_t record)
{
	int error = packet_send(w->fd, &w->out, record);

	if (error && !w->error)
		w->error = error;
}

/* Answered in its own kind, by as many records as there are. */
static bool is_list(uint8_t kind)
{
	return kind == WIRE_LIST || kind == WIRE_QUERY || kind == WIRE_SOCKETS ||
	       kind == WIRE_LIVE;
}

/* The request as a whole cannot be done. */
static void refuse(struct worker *w, int error)
{
	uint8_t kind = w->in.head.kind;

	begin(w, is_list(kind) ? kind : WIRE_RESULT);
	w->out.head.flags = WIRE_LAST;
	w->out.head.error = error;
	worker_send(w, 0);
}

static void answer(struct worker *w, int error)
{
	begin(w, WIRE_RESULT);
	w->out.head.flags = WIRE_LAST;
	w->out.head.count = 1;
	w->out.results[0].error = error;
	worker_send(w, sizeof w->out.results[0]);
}

/* ---- verbs ---- */

static struct target **slot_of(struct worker *w)
{
	return &w->targets[w->in.head.target];
}

void requests_forget(struct worker *w, unsigned number)
{
	struct target **slot = &w->targets[number];

	if (*slot)
		(*slot)->verbs->close(*slot);
	*slot = NULL;
	watch_target(&w->watch, number, NULL);
	locks_drop(&w->locks, number);
}

static void do_hello(struct worker *w)
{
	w->greeted = true;
}

static int open_target(struct worker *w, const struct options *o, struct wire_defined *defined)
{
	struct target **out = slot_of(w);
	int error = locks_take(&w->locks, w->in.head.target, o, defined->where,
			       sizeof defined->where);

	if (error)
		return error;
	switch (o->kind) {
	case OPTIONS_NFT:
		return nft_open(out, defined, &w->kernel, o);
	case OPTIONS_IPSET:
		return ipset_open(out, defined, &w->kernel, o);
	case OPTIONS_ROUTE:
		return route_open(out, defined, &w->kernel, o);
	}
	return -EINVAL;
}

/* Nobody waits here for another helper to end: the other targets have work to do. */
static int unless_later(const struct worker *w, const struct options *o, int error)
{
	/* Who may not use nf_tables at all has failed before that. */
	bool owned = error == -EPERM && o->kind == OPTIONS_NFT && w->kernel.nft_can.done;
	bool taken = error == WIRE_FAULT_BUSY || owned;

	return taken && worker_now() < w->patience ? -EAGAIN : error;
}

void requests_look_later(struct worker *w)
{
	int i;

	w->look_due = INT64_MAX;
	for (i = 0; i < WIRE_TARGETS_MAX; i++)
		if (w->targets[i] && w->targets[i]->verbs->look)
			w->look_due = worker_now() + w->look_ms;
}

/* Before the target is opened, so that nothing that happens from then on is missed. */
static void watch_for(struct worker *w, const struct options *o)
{
	int error = watch_target(&w->watch, w->in.head.target, o);

	if (error)
		log_warning("banish-netlink: what others do to the firewall goes unnoticed: %s",
			    strerror(-error));
}

static void do_define(struct worker *w)
{
	struct wire_defined defined = {0};
	struct options o;
	const char *where;

	requests_forget(w, w->in.head.target);
	defined.error = options_parse(&o, &where, w->in.options, w->in.head.count);
	if (defined.error) {
		target_where(&defined, where);
	} else {
		watch_for(w, &o);
		defined.error = unless_later(w, &o, open_target(w, &o, &defined));
		/* What the user's ruleset lacks may come yet. */
		if (defined.error && defined.error != WIRE_FAULT_NO_TABLE &&
		    defined.error != WIRE_FAULT_NO_SET)
			watch_target(&w->watch, w->in.head.target, NULL);
	}
	if (defined.error)
		locks_drop(&w->locks, w->in.head.target);
	requests_look_later(w);
	begin(w, WIRE_RESULT);
	w->out.head.flags = WIRE_LAST;
	w->out.head.count = 1;
	w->out.defined = defined;
	worker_send(w, sizeof defined);
}

static void do_forget(struct worker *w)
{
	requests_forget(w, w->in.head.target);
	answer(w, 0);
}

static void do_change(struct worker *w)
{
	struct target *t = *slot_of(w);
	size_t i, good = 0, count = w->in.head.count;

	begin(w, WIRE_RESULT);
	w->out.head.flags = WIRE_LAST;
	w->out.head.count = (uint16_t)count;
	for (i = 0; i < count; i++) {
		struct wire_result *result = &w->out.results[i];

		result->error = packet_check_change(&w->in.changes[i]);
		if (!result->error)
			w->changes[good++] = (struct change){&w->in.changes[i], result};
	}
	if (good)
		t->verbs->change(t, w->changes, good);
	worker_send(w, sizeof(struct wire_result));
}

static void do_refill(struct worker *w)
{
	struct target *t = *slot_of(w);

	answer(w, t->verbs->refill(t, &w->in.refill));
}

static void do_flush(struct worker *w)
{
	struct target *t = *slot_of(w);

	answer(w, t->verbs->flush(t));
}

static struct packet_stream stream(struct worker *w, size_t record)
{
	begin(w, w->in.head.kind);
	return (struct packet_stream){.fd = w->fd, .packet = &w->out, .record = record};
}

static void finish(struct worker *w, struct packet_stream *s, int error)
{
	error = packet_stream_end(s, error);
	if (error && !w->error)
		w->error = error;
}

static void do_list(struct worker *w)
{
	struct packet_stream s = stream(w, sizeof(struct wire_held));
	struct target *t = *slot_of(w);

	finish(w, &s, t->verbs->list(t, &s));
}

static void do_live(struct worker *w)
{
	struct packet_stream s = stream(w, sizeof(struct wire_fact));
	struct target *t = *slot_of(w);

	finish(w, &s, t->verbs->live ? t->verbs->live(t, &s) : 0);
}

static void do_query(struct worker *w)
{
	struct packet_stream s;

	if (w->in.query.what != WIRE_OWN_ADDRESSES) {
		refuse(w, -EINVAL);
		return;
	}
	s = stream(w, sizeof(struct prefix));
	finish(w, &s, watch_addresses(&w->kernel.lists, w->kernel.batch, &s));
}

void requests_end_tracked(struct worker *w)
{
	int64_t from = worker_now();
	int error = conntrack_end(&w->conntrack, w->kernel.batch);

	conntrack_rest(&w->conntrack, from, worker_now());
	if (error)
		log_warning("banish-netlink: conntrack entries of banned peers stay: %s",
			    strerror(-error));
}

/* After the sockets are closed, whose resets need their entries on the way out. */
static void forget_tracked(struct worker *w)
{
	size_t i;

	for (i = 0; i < w->in.head.count; i++) {
		const struct wire_close *c = &w->in.closes[i];

		if (!c->conntrack || packet_check_close(c))
			continue;
		if (conntrack_want(&w->conntrack, c))
			continue;
		requests_end_tracked(w);
		conntrack_want(&w->conntrack, c);
	}
}

static void do_close(struct worker *w)
{
	size_t i, count = w->in.head.count;

	begin(w, WIRE_RESULT);
	w->out.head.flags = WIRE_LAST;
	w->out.head.count = (uint16_t)count;
	for (i = 0; i < count; i++)
		w->out.results[i].error = packet_check_close(&w->in.closes[i]);
	sockets_end(&w->sockets, w->kernel.batch, w->in.closes, w->out.results, count);
	worker_send(w, sizeof(struct wire_result));
	forget_tracked(w);
}

static void do_sockets(struct worker *w)
{
	struct packet_stream s;

	if (packet_check_ports(&w->in.ports)) {
		refuse(w, -EINVAL);
		return;
	}
	s = stream(w, sizeof(struct wire_socket));
	finish(w, &s, sockets_list(&w->sockets, w->kernel.batch, &w->in.ports, &s));
}

static const struct {
	void (*run)(struct worker *w);
	bool targeted; /* the target must be defined */
} verbs[] = {
	[WIRE_HELLO] = {do_hello, false},   [WIRE_DEFINE] = {do_define, false},
	[WIRE_FORGET] = {do_forget, false}, [WIRE_CHANGE] = {do_change, true},
	[WIRE_REFILL] = {do_refill, true},  [WIRE_FLUSH] = {do_flush, true},
	[WIRE_LIST] = {do_list, true},	    [WIRE_QUERY] = {do_query, false},
	[WIRE_CLOSE] = {do_close, false},   [WIRE_SOCKETS] = {do_sockets, false},
	[WIRE_LIVE] = {do_live, true},
};

static void refuse_packet(struct worker *w, int error)
{
	if (w->bad++ < 10)
		log_warning("banish-netlink: a packet that makes no sense: %s",
			    strerror(-error));
	if (error != -ENODATA)
		refuse(w, error);
}

void requests_take(struct worker *w, size_t len)
{
	int error = packet_check(&w->in, len);

	/* What was meant for the worker before us is not answered. */
	if (!w->greeted && (error || w->in.head.kind != WIRE_HELLO))
		return;
	if (!error && verbs[w->in.head.kind].targeted && !*slot_of(w))
		refuse(w, -ENODEV);
	else if (error)
		refuse_packet(w, error);
	else
		verbs[w->in.head.kind].run(w);
}
