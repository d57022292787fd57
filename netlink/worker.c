/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"

#include "netlink/conntrack.h"
#include "netlink/lock.h"
#include "netlink/nft_table.h"
#include "netlink/options.h"
#include "netlink/packet.h"
#include "netlink/sockets.h"
#include "netlink/target.h"
#include "netlink/watch.h"
#include "netlink/worker.h"

/* A helper whose daemon was stopped just now takes two seconds at most to end, and a table is
 * its own until then. */
#define PATIENCE_MS 2500

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

static int64_t now_ms(void)
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

static void send_out(struct worker *w, size_t record)
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
	send_out(w, 0);
}

static void answer(struct worker *w, int error)
{
	begin(w, WIRE_RESULT);
	w->out.head.flags = WIRE_LAST;
	w->out.head.count = 1;
	w->out.results[0].error = error;
	send_out(w, sizeof w->out.results[0]);
}

static void tell_hello(struct worker *w)
{
	w->out.head = (struct wire_head){.version = WIRE_VERSION, .kind = WIRE_HELLO};
	send_out(w, 0);
}

static void tell(struct worker *w, uint8_t target, const struct wire_event *event)
{
	w->out.head = (struct wire_head){
		.version = WIRE_VERSION, .kind = WIRE_EVENT, .target = target, .count = 1};
	w->out.event = *event;
	send_out(w, sizeof w->out.event);
}

/* ---- verbs ---- */

static struct target **slot_of(struct worker *w)
{
	return &w->targets[w->in.head.target];
}

static void forget(struct worker *w, unsigned number)
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

	return taken && now_ms() < w->patience ? -EAGAIN : error;
}

static void look_later(struct worker *w)
{
	int i;

	w->look_due = INT64_MAX;
	for (i = 0; i < WIRE_TARGETS_MAX; i++)
		if (w->targets[i] && w->targets[i]->verbs->look)
			w->look_due = now_ms() + w->look_ms;
}

/* Before the target is opened, so that nothing that happens from then on is missed. */
static void watch_for(struct worker *w, const struct options *o)
{
	int error = watch_target(&w->watch, w->in.head.target, o);

	if (error)
		log_warning("banish-netlink: what others do to the firewall goes unnoticed: %s",
			    strerror(-error));
}

/* Our own table can have become owned, or have lost what other targets put there. */
static void watch_own(struct worker *w)
{
	struct nft_table *own = w->kernel.own;

	if (!own)
		return;
	if (own->owned != w->watch.owned)
		watch_owned(&w->watch, own->owned);
	if (own->remade)
		watch_own_lost(&w->watch, w->in.head.target, now_ms());
	own->remade = false;
}

static void do_define(struct worker *w)
{
	struct wire_defined defined = {0};
	struct options o;
	const char *where;

	forget(w, w->in.head.target);
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
	look_later(w);
	begin(w, WIRE_RESULT);
	w->out.head.flags = WIRE_LAST;
	w->out.head.count = 1;
	w->out.defined = defined;
	send_out(w, sizeof defined);
}

static void do_forget(struct worker *w)
{
	forget(w, w->in.head.target);
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
	send_out(w, sizeof(struct wire_result));
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

static void end_tracked(struct worker *w)
{
	int64_t from = now_ms();
	int error = conntrack_end(&w->conntrack, w->kernel.batch);

	conntrack_rest(&w->conntrack, from, now_ms());
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
		end_tracked(w);
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
	send_out(w, sizeof(struct wire_result));
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

/* ---- the loop ---- */

static void refuse_packet(struct worker *w, int error)
{
	if (w->bad++ < 10)
		log_warning("banish-netlink: a packet that makes no sense: %s",
			    strerror(-error));
	if (error != -ENODATA)
		refuse(w, error);
}

static void take(struct worker *w, size_t len)
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

/* One packet for each turn of poll, so that the watch gets its turn in a flood. */
static void receive(struct worker *w)
{
	ssize_t len = recv(w->fd, &w->in, sizeof w->in, MSG_DONTWAIT | MSG_TRUNC);

	/* An empty packet reads like the end does; the end hangs up as well. */
	if (len == 0) {
		struct pollfd end = {.fd = w->fd};

		if (poll(&end, 1, 0) > 0 && end.revents & (POLLHUP | POLLERR))
			w->error = -EPIPE;
	} else if (len > 0) {
		take(w, (size_t)len);
	} else if (errno != EAGAIN && errno != EINTR) {
		w->error = -errno;
	}
}

static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int look_wait(const struct worker *w, int64_t now)
{
	if (w->look_due == INT64_MAX)
		return -1;
	return w->look_due > now ? (int)(w->look_due - now) : 0;
}

static int wait_ms(const struct worker *w)
{
	int64_t now = now_ms();

	return sooner(sooner(watch_wait(&w->watch, now), conntrack_wait(&w->conntrack, now)),
		      look_wait(w, now));
}

/* ipset has no notifications. */
static void look(struct worker *w)
{
	uint8_t what;
	int i;

	for (i = 0; i < WIRE_TARGETS_MAX; i++) {
		struct target *t = w->targets[i];

		what = t && t->verbs->look ? t->verbs->look(t, now_ms()) : 0;
		if (!what)
			continue;
		tell(w, (uint8_t)i, &(struct wire_event){.what = what});
	}
	look_later(w);
}

static void turn(struct worker *w)
{
	struct pollfd fds[1 + WATCH_FDS] = {{.fd = w->fd, .events = POLLIN}};
	struct wire_event event;
	uint8_t target;

	watch_fds(&w->watch, fds + 1);
	if (poll(fds, 1 + WATCH_FDS, wait_ms(w)) < 0)
		return;
	watch_read(&w->watch, fds + 1, now_ms());
	while (watch_next(&w->watch, &event, &target, now_ms()))
		if (w->greeted)
			tell(w, target, &event);
	if (fds[0].revents)
		receive(w);
	watch_own(w);
	if (!conntrack_wait(&w->conntrack, now_ms()))
		end_tracked(w);
	if (w->look_due <= now_ms())
		look(w);
}

static int start(struct worker *w, int nft_fd)
{
	int error = kernel_open(&w->kernel, nft_fd);

	return error ? error
		     : watch_open(&w->watch, nl_port(&w->kernel.nft),
				  nl_port(&w->kernel.route));
}

int worker_run(int fd, int nft_fd, int look_ms)
{
	struct worker *w = calloc(1, sizeof *w);
	int i, error = -ENOMEM;

	if (w) {
		w->fd = fd;
		w->look_ms = look_ms;
		w->look_due = INT64_MAX;
		w->patience = now_ms() + PATIENCE_MS;
		error = start(w, nft_fd);
	}
	if (error) {
		log_error("banish-netlink: cannot start: %s", strerror(-error));
		_exit(1); /* the parent tries again */
	}
	tell_hello(w);
	while (!w->error)
		turn(w);
	if (w->conntrack.count)
		end_tracked(w);
	for (i = 0; i < WIRE_TARGETS_MAX; i++)
		forget(w, (unsigned)i);
	sockets_close(&w->sockets);
	conntrack_close(&w->conntrack);
	watch_close(&w->watch);
	kernel_close(&w->kernel);
	free(w);
	return 0;
}
