/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/call.h"

/* The socket file and who may connect to it. */

#define PATIENCE_MS 30000
#define MODE 0660

static bool peer_allowed(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void turn_away(int fd)
{
	static const char answer[] = "E banish: permission denied\nX 1\n";

	send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

/* Out of descriptors or memory: the connection stays queued and readable, so wait a little
 * rather than spin. */
static void accept_later(struct control *control)
{
	struct timeval pause = {.tv_sec = 1};

	event_del(control->accepts);
	event_add(control->retry, &pause);
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct control *control = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			accept_later(control);
		return;
	}
	if (!peer_allowed(fd)) {
		turn_away(fd);
		return;
	}
	if (call_new(control, fd) < 0)
		accept_later(control);
	else if (control->call_count >= CONTROL_CALLS_MAX)
		event_del(control->accepts);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	control_accept_on(arg);
}

void control_accept_on(struct control *control)
{
	if (control->call_count < CONTROL_CALLS_MAX)
		event_add(control->accepts, NULL);
}

int control_open(struct control **out, struct event_base *base, const char *path,
		 const struct control_verb *verbs, void *arg)
{
	struct control *control = calloc(1, sizeof(*control));
	int err = -ENOMEM;

	if (!control)
		return -ENOMEM;
	control->base = base;
	control->listener.fd = -1;
	control->patience_ms = PATIENCE_MS;
	control->verbs = verbs;
	control->arg = arg;
	err = listener_open(&control->listener, path, MODE);
	if (err)
		goto fail;
	err = -ENOMEM;
	control->accepts =
		event_new(base, control->listener.fd, EV_READ | EV_PERSIST, on_accept, control);
	control->retry = evtimer_new(base, on_retry, control);
	if (!control->accepts || !control->retry || event_add(control->accepts, NULL) < 0)
		goto fail;
	*out = control;
	return 0;
fail:
	control_close(control);
	return err;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	while (control->calls)
		call_drop(control->calls);
	if (control->accepts)
		event_free(control->accepts);
	if (control->retry)
		event_free(control->retry);
	listener_close(&control->listener);
	free(control);
}

int control_chown(struct control *control, unsigned uid, unsigned gid)
{
	return listener_chown(&control->listener, uid, gid);
}
