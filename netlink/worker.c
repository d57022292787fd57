/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"

#include "netlink/options.h"
#include "netlink/packet.h"
#include "netlink/target.h"
#include "netlink/watch.h"
#include "netlink/worker.h"

struct worker {
	int fd;
	int error;    /* of the socketpair: the end */
	bool greeted; /* the daemon knows of us */
	unsigned bad; /* packets that could not be looked at */
	struct kernel kernel;
	struct watch watch;
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

/* The request as a whole cannot be done. Lists and queries are answered in their own kind. */
static void refuse(struct worker *w, int error)
{
	uint8_t kind = w->in.head.kind;

	begin(w, kind == WIRE_LIST || kind == WIRE_QUERY ? kind : WIRE_RESULT);
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

/* Not an answer: a hello, or an event with its one record. */
static void tell(struct worker *w, uint8_t kind, uint8_t what)
{
	w->out.head = (struct wire_head){.version = WIRE_VERSION, .kind = kind};
	w->out.head.count = kind == WIRE_EVENT;
	w->out.event = (struct wire_event){.what = what};
	send_out(w, sizeof w->out.event);
}

/* ---- verbs ---- */

static struct target **slot_of(struct worker *w)
{
	return &w->targets[w->in.head.target];
}

static void forget(struct target **slot)
{
	if (*slot)
		(*slot)->verbs->close(*slot);
	*slot = NULL;
}

static void do_hello(struct worker *w)
{
	w->greeted = true;
}

static int open_target(struct worker *w, const struct options *o, struct wire_defined *defined)
{
	struct target **out = slot_of(w);

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

static void do_define(struct worker *w)
{
	struct wire_defined defined = {0};
	struct options o;
	const char *where;

	forget(slot_of(w));
	defined.error = options_parse(&o, &where, w->in.options, w->in.head.count);
	if (defined.error)
		target_where(&defined, where);
	else
		defined.error = open_target(w, &o, &defined);
	begin(w, WIRE_RESULT);
	w->out.head.flags = WIRE_LAST;
	w->out.head.count = 1;
	w->out.defined = defined;
	send_out(w, sizeof defined);
}

static void do_forget(struct worker *w)
{
	forget(slot_of(w));
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

static const struct {
	void (*run)(struct worker *w);
	bool targeted; /* the target must be defined */
} verbs[] = {
	[WIRE_HELLO] = {do_hello, false},   [WIRE_DEFINE] = {do_define, false},
	[WIRE_FORGET] = {do_forget, false}, [WIRE_CHANGE] = {do_change, true},
	[WIRE_REFILL] = {do_refill, true},  [WIRE_FLUSH] = {do_flush, true},
	[WIRE_LIST] = {do_list, true},	    [WIRE_QUERY] = {do_query, false},
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

static void turn(struct worker *w)
{
	struct pollfd fds[] = {{.fd = w->fd, .events = POLLIN},
			       {.fd = nl_fd(&w->watch.nl), .events = POLLIN}};

	if (poll(fds, 2, watch_wait(&w->watch, now_ms())) < 0)
		return;
	if (fds[1].revents)
		watch_read(&w->watch, now_ms());
	if (watch_told(&w->watch, now_ms()) && w->greeted)
		tell(w, WIRE_EVENT, WIRE_ADDRESSES_CHANGED);
	if (fds[0].revents)
		receive(w);
}

static int start(struct worker *w, int nft_fd)
{
	int error = kernel_open(&w->kernel, nft_fd);

	return error ? error : watch_open(&w->watch);
}

int worker_run(int fd, int nft_fd)
{
	struct worker *w = calloc(1, sizeof *w);
	int i, error = -ENOMEM;

	if (w) {
		w->fd = fd;
		error = start(w, nft_fd);
	}
	if (error) {
		log_error("banish-netlink: cannot start: %s", strerror(-error));
		_exit(1); /* the parent tries again */
	}
	tell(w, WIRE_HELLO, 0);
	while (!w->error)
		turn(w);
	for (i = 0; i < WIRE_TARGETS_MAX; i++)
		forget(&w->targets[i]);
	watch_close(&w->watch);
	kernel_close(&w->kernel);
	free(w);
	return 0;
}
