/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/policy.h"

/* Policy sockets: who may connect, and how many. */

#define MODE 0660
#define PATIENCE_MS 10000
#define RETRY_MS 1000

static void make_room(struct policy *policy)
{
	policy->counts.crowded++;
	peer_drop(TAILQ_FIRST(&policy->peers));
}

static void on_accept(struct evconnlistener *accepts, evutil_socket_t fd, struct sockaddr *from,
		      int len, void *arg)
{
	struct policy *policy = arg;

	(void)accepts;
	(void)from;
	(void)len;
	if (policy->counts.peers >= policy->limits.peers)
		make_room(policy);
	peer_new(policy, fd);
}

/* Out of descriptors or memory: the connection stays queued and the socket readable, so wait a
 * little rather than spin. */
static void on_accept_error(struct evconnlistener *accepts, void *arg)
{
	struct policy *policy = arg;
	struct timeval tv = {RETRY_MS / 1000, 0};

	if (policy->counts.peers)
		make_room(policy);
	evconnlistener_disable(accepts);
	event_add(policy->retry, &tv);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct policy *policy = arg;

	(void)fd;
	(void)what;
	evconnlistener_enable(policy->accepts);
}

int policy_open_limited(struct policy **out, struct event_base *base, const char *name,
			const struct policy_events *events, void *arg,
			const struct policy_limits *limits)
{
	struct policy *policy = calloc(1, sizeof *policy);
	int err;

	if (!policy)
		return -ENOMEM;
	TAILQ_INIT(&policy->peers);
	policy->base = base;
	policy->events = events;
	policy->arg = arg;
	policy->limits = *limits;
	policy->listener.fd = -1;
	err = *name == '/' || strchr(name, ':') ? listener_open(&policy->listener, name, MODE)
						: -EINVAL;
	if (err)
		goto fail;
	err = -ENOMEM;
	policy->retry = evtimer_new(base, on_retry, policy);
	policy->accepts = evconnlistener_new(base, on_accept, policy, LEV_OPT_CLOSE_ON_EXEC, 0,
					     policy->listener.fd);
	if (!policy->retry || !policy->accepts)
		goto fail;
	evconnlistener_set_error_cb(policy->accepts, on_accept_error);
	*out = policy;
	return 0;
fail:
	policy_close(policy);
	return err;
}

int policy_open(struct policy **out, struct event_base *base, const char *name,
		const struct policy_events *events, void *arg)
{
	static const struct policy_limits usual = {POLICY_PEERS_MAX, PATIENCE_MS};

	return policy_open_limited(out, base, name, events, arg, &usual);
}

void policy_close(struct policy *policy)
{
	if (!policy)
		return;
	while (!TAILQ_EMPTY(&policy->peers))
		peer_drop(TAILQ_FIRST(&policy->peers));
	if (policy->accepts)
		evconnlistener_free(policy->accepts);
	if (policy->retry)
		event_free(policy->retry);
	listener_close(&policy->listener);
	free(policy);
}

bool policy_is_lost(const struct policy *policy)
{
	return listener_is_lost(&policy->listener);
}

struct policy_counts policy_counts(const struct policy *policy)
{
	return policy->counts;
}
