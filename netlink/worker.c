/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"

#include "netlink/nft_table.h"
#include "netlink/requests.h"
#include "netlink/worker.h"

/* The loop: packets of the daemon, what is heard of the kernel, and what is due. */

/* A helper whose daemon was stopped just now takes two seconds at most to end, and a table is
 * its own until then. */
#define PATIENCE_MS 2500

static void tell_hello(struct worker *w)
{
	w->out.head = (struct wire_head){.version = WIRE_VERSION, .kind = WIRE_HELLO};
	worker_send(w, 0);
}

static void tell(struct worker *w, uint8_t target, const struct wire_event *event)
{
	w->out.head = (struct wire_head){
		.version = WIRE_VERSION, .kind = WIRE_EVENT, .target = target, .count = 1};
	w->out.event = *event;
	worker_send(w, sizeof w->out.event);
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
		requests_take(w, (size_t)len);
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
	int64_t now = worker_now();

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

		what = t && t->verbs->look ? t->verbs->look(t, worker_now()) : 0;
		if (!what)
			continue;
		tell(w, (uint8_t)i, &(struct wire_event){.what = what});
	}
	requests_look_later(w);
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
		watch_own_lost(&w->watch, w->in.head.target, worker_now());
	own->remade = false;
}

static void turn(struct worker *w)
{
	struct pollfd fds[1 + WATCH_FDS] = {{.fd = w->fd, .events = POLLIN}};
	struct wire_event event;
	uint8_t target;

	watch_fds(&w->watch, fds + 1);
	if (poll(fds, 1 + WATCH_FDS, wait_ms(w)) < 0)
		return;
	watch_read(&w->watch, fds + 1, worker_now());
	while (watch_next(&w->watch, &event, &target, worker_now()))
		if (w->greeted)
			tell(w, target, &event);
	if (fds[0].revents)
		receive(w);
	watch_own(w);
	if (!conntrack_wait(&w->conntrack, worker_now()))
		requests_end_tracked(w);
	if (w->look_due <= worker_now())
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
		w->patience = worker_now() + PATIENCE_MS;
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
		requests_end_tracked(w);
	for (i = 0; i < WIRE_TARGETS_MAX; i++)
		requests_forget(w, (unsigned)i);
	sockets_close(&w->sockets);
	conntrack_close(&w->conntrack);
	watch_close(&w->watch);
	kernel_close(&w->kernel);
	free(w);
	return 0;
}
