/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <linux/if_addr.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "netlink/watch.h"

/* Read at a time: whoever floods us does not keep the worker from its work. */
#define PACKETS_AT_ONCE 64
/* The end of a transaction's notifications, which tells who it was, may be under way still. */
#define NAME_WAIT_MS 5

int watch_open(struct watch *out, uint32_t nft_port, uint32_t route_port)
{
	struct watch w = {.nft_port = nft_port, .route_port = route_port};
	struct sock_filter code[WATCHED_CODE_MAX];
	int error;

	error = nl_open(&w.addresses, NETLINK_ROUTE, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	if (!error)
		error = nl_open_if_there(&w.nft, NETLINK_NETFILTER, 0);
	if (!error)
		error = nl_open(&w.route, NETLINK_ROUTE, 0);
	if (!error)
		error = nl_filter(&w.nft, code, watched_nft_filter(code, nft_port));
	if (error)
		goto fail;
	*out = w;
	return 0;
fail:
	watch_close(&w);
	return error;
}

void watch_close(struct watch *w)
{
	nl_close(&w->addresses);
	nl_close(&w->nft);
	nl_close(&w->route);
}

/* ---- what is listened to ---- */

static bool is_own(const struct watched *t)
{
	return t->options.kind == OPTIONS_NFT && !t->options.nft_family;
}

static bool needs_nft(const struct watch *w)
{
	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++)
		if (w->targets[i].options.kind == OPTIONS_NFT &&
		    (!is_own(&w->targets[i]) || !w->owned))
			return true;
	return false;
}

static int listen_nft(struct watch *w)
{
	bool in = needs_nft(w) && nl_fd(&w->nft) >= 0;
	int error = in == w->nft_in ? 0 : nl_join(&w->nft, NFNLGRP_NFTABLES, in);

	if (!error)
		w->nft_in = in;
	return error;
}

static size_t protocols_of(const struct watch *w, uint8_t out[WIRE_TARGETS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++)
		if (w->targets[i].options.kind == OPTIONS_ROUTE)
			out[count++] = w->targets[i].options.protocol;
	return count;
}

static int listen_route(struct watch *w)
{
	struct sock_filter code[WATCHED_CODE_MAX];
	uint8_t protocols[WIRE_TARGETS_MAX];
	size_t count = protocols_of(w, protocols);
	bool in = count;
	int error = nl_filter(&w->route, code,
			      watched_route_filter(code, w->route_port, protocols, count));

	if (!error && in != w->route_in)
		error = nl_join(&w->route, RTNLGRP_IPV4_ROUTE, in);
	if (!error && in != w->route_in)
		error = nl_join(&w->route, RTNLGRP_IPV6_ROUTE, in);
	if (!error)
		w->route_in = in;
	return error;
}

int watch_target(struct watch *w, size_t target, const struct options *options)
{
	struct watched *t = &w->targets[target];
	bool routes = t->options.kind == OPTIONS_ROUTE;
	int error;

	*t = (struct watched){0};
	if (options) {
		t->options = *options;
		nft_scope_name(t->scope, options);
		routes |= options->kind == OPTIONS_ROUTE;
	}
	error = routes ? listen_route(w) : 0;
	return error ? error : listen_nft(w);
}

int watch_owned(struct watch *w, bool owned)
{
	w->owned = owned;
	return listen_nft(w);
}

/* ---- what is heard ---- */

struct hearing {
	struct watch *watch;
	int64_t now;
};

static void happened(struct watched *t, int64_t now, uint32_t port, bool named)
{
	calm_happened(&t->calm, now);
	t->port = port;
	t->named = named;
	t->pid = 0;
	memset(t->comm, 0, sizeof t->comm);
}

static void name(struct watch *w, const struct watched *who)
{
	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++) {
		struct watched *t = &w->targets[i];

		if (!t->calm.since || t->named || t->port != who->port)
			continue;
		t->named = true;
		t->pid = who->pid;
		memcpy(t->comm, who->comm, sizeof t->comm);
	}
}

static void hear_nft(void *arg, const struct nlmsghdr *m)
{
	const struct hearing *h = arg;
	struct watch *w = h->watch;
	struct watched who = {.port = m->nlmsg_pid};

	if (m->nlmsg_pid == w->nft_port)
		return;
	if (watched_nft_who(&who, m)) {
		name(w, &who);
		return;
	}
	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++)
		if (watched_nft(&w->targets[i], m))
			happened(&w->targets[i], h->now, m->nlmsg_pid, false);
}

/* A route's port is a process's number by habit only: who it was is not told. */
static void hear_route(void *arg, const struct nlmsghdr *m)
{
	const struct hearing *h = arg;
	struct watch *w = h->watch;

	if (m->nlmsg_pid == w->route_port)
		return;
	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++)
		if (watched_route(&w->targets[i], m))
			happened(&w->targets[i], h->now, 0, true);
}

/* Notifications that did not fit the queue: anything may have happened. */
static void lost(struct watch *w, enum options_kind kind, int64_t now)
{
	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++) {
		struct watched *t = &w->targets[i];

		if (t->options.kind == kind && !(is_own(t) && w->owned))
			happened(t, now, 0, true);
	}
}

void watch_own_lost(struct watch *w, size_t except, int64_t now)
{
	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++)
		if (i != except && is_own(&w->targets[i]))
			happened(&w->targets[i], now, 0, true);
}

void watch_fds(const struct watch *w, struct pollfd fds[WATCH_FDS])
{
	fds[0] = (struct pollfd){.fd = nl_fd(&w->addresses), .events = POLLIN};
	fds[1] = (struct pollfd){.fd = nl_fd(&w->nft), .events = POLLIN};
	fds[2] = (struct pollfd){.fd = nl_fd(&w->route), .events = POLLIN};
}

void watch_read(struct watch *w, const struct pollfd fds[WATCH_FDS], int64_t now)
{
	struct hearing h = {.watch = w, .now = now};

	/* What exactly changed does not matter, nor whether some of it was lost. */
	if (fds[0].revents && nl_drain(&w->addresses) && !w->due)
		w->due = now + WATCH_CALM_MS;
	if (fds[1].revents && nl_receive(&w->nft, PACKETS_AT_ONCE, hear_nft, &h) < 0)
		lost(w, OPTIONS_NFT, now);
	if (fds[2].revents && nl_receive(&w->route, PACKETS_AT_ONCE, hear_route, &h) < 0)
		lost(w, OPTIONS_ROUTE, now);
}

/* ---- what is told ---- */

static int64_t due_of(const struct watched *t)
{
	int64_t due = calm_due(&t->calm);

	if (due == INT64_MAX || t->named || due > t->calm.last + NAME_WAIT_MS)
		return due;
	return t->calm.last + NAME_WAIT_MS;
}

int watch_wait(const struct watch *w, int64_t now)
{
	int64_t due = w->due ? w->due : INT64_MAX;

	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++)
		if (due_of(&w->targets[i]) < due)
			due = due_of(&w->targets[i]);
	if (due == INT64_MAX)
		return -1;
	if (due <= now)
		return 0;
	return due - now < INT_MAX ? (int)(due - now) : INT_MAX;
}

static bool next_removed(struct watch *w, struct wire_event *event, uint8_t *target,
			 int64_t now)
{
	for (size_t i = 0; i < WIRE_TARGETS_MAX; i++) {
		struct watched *t = &w->targets[i];

		if (due_of(t) > now)
			continue;
		calm_told(&t->calm, now);
		*target = (uint8_t)i;
		*event = (struct wire_event){.what = WIRE_REMOVED, .pid = t->pid};
		memcpy(event->comm, t->comm, sizeof event->comm);
		return true;
	}
	return false;
}

bool watch_next(struct watch *w, struct wire_event *event, uint8_t *target, int64_t now)
{
	if (!w->due || w->due > now)
		return next_removed(w, event, target, now);
	w->due = 0;
	*target = 0;
	*event = (struct wire_event){.what = WIRE_ADDRESSES_CHANGED};
	return true;
}

/* ---- addresses ---- */

/* IFA_LOCAL is ours; IFA_ADDRESS is the peer's where there is one, and the only one that IPv6
 * has otherwise. */
static int read_address(void *arg, const struct nlmsghdr *m)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(m);
	const struct nlattr *a[IFA_LOCAL + 1], *own;
	struct packet_stream *out = arg;
	uint8_t bytes[16] = {0};
	struct prefix p;
	unsigned len;

	if (m->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(m) < sizeof *header)
		return 0;
	nl_attributes(m, sizeof *header, a, IFA_LOCAL + 1);
	own = a[IFA_LOCAL] ? a[IFA_LOCAL] : a[IFA_ADDRESS];
	len = header->ifa_family == AF_INET ? 4 : 16;
	if (nl_get(own, bytes, len) &&
	    prefix_from_bytes(&p, header->ifa_family, bytes, len * 8))
		memcpy(packet_stream_next(out), &p, sizeof p);
	return 0;
}

int watch_addresses(struct nl *nl, struct nl_batch *batch, struct packet_stream *out)
{
	const struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};
	const struct nl_answers answers = {.data = read_address, .arg = out};
	int tries, error = 0;

	/* Asked again when it changed meanwhile: to be told of an address twice does no harm.
	 */
	for (tries = 0; tries < 3; tries++) {
		nl_begin(batch, nl);
		if (nl_message(batch, RTM_GETADDR, NLM_F_DUMP, &header, sizeof header))
			nl_message_end(batch);
		error = nl_send(nl, batch, &answers);
		if (error != -EINTR)
			break;
	}
	return error;
}
