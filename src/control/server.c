/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/call.h"

/* The socket file and who may connect to it. */

#define BACKLOG 64
#define PATIENCE_MS 30000
#define MODE 0660

static int address_set(struct sockaddr_un *out, const char *path)
{
	if (!*path)
		return -EINVAL;
	if (strlen(path) >= sizeof(out->sun_path))
		return -ENAMETOOLONG;
	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	memcpy(out->sun_path, path, strlen(path) + 1);
	return 0;
}

/* Unlink what a daemon that is gone has left, and nothing else. */
static int clear_stale(const struct sockaddr_un *at)
{
	struct stat found;
	int err, fd;

	if (lstat(at->sun_path, &found) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(found.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ? errno : 0;
	close(fd);
	if (err == ENOENT)
		return 0;
	/* EAGAIN: a listener whose queue is full. EPROTOTYPE: somebody's datagram socket. */
	if (!err || err == EAGAIN || err == EPROTOTYPE)
		return -EADDRINUSE;
	if (err != ECONNREFUSED)
		return -err;
	return unlink(at->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Length of the folder's part, 0 when there is none to make. */
static size_t folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

static int folder_make(struct control *control)
{
	size_t len = folder_len(control->path);
	int err = 0;

	if (!len)
		return 0;
	control->path[len] = '\0';
	if (!mkdir(control->path, 0755))
		control->made_folder = true;
	else if (errno != EEXIST)
		err = -errno;
	control->path[len] = '/';
	return err;
}

/* Nobody can connect before listen(), so nobody sees the file with another mode than ours. */
static int control_bind(struct control *control)
{
	struct sockaddr_un at;
	struct stat made;
	int err = address_set(&at, control->path);

	if (!err)
		err = folder_make(control);
	if (!err)
		err = clear_stale(&at);
	if (err)
		return err;
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0 || bind(control->fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    lstat(control->path, &made) < 0)
		return -errno;
	control->dev = made.st_dev;
	control->ino = made.st_ino;
	if (chmod(control->path, MODE) < 0 || listen(control->fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

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
	control->fd = -1;
	control->patience_ms = PATIENCE_MS;
	control->verbs = verbs;
	control->arg = arg;
	control->path = strdup(path);
	if (!control->path)
		goto fail;
	err = control_bind(control);
	if (err)
		goto fail;
	err = -ENOMEM;
	control->accepts =
		event_new(base, control->fd, EV_READ | EV_PERSIST, on_accept, control);
	control->retry = evtimer_new(base, on_retry, control);
	if (!control->accepts || !control->retry || event_add(control->accepts, NULL) < 0)
		goto fail;
	*out = control;
	return 0;
fail:
	control_close(control);
	return err;
}

static void remove_file(const struct control *control)
{
	struct stat found;

	if (control->ino && !lstat(control->path, &found) && found.st_ino == control->ino &&
	    found.st_dev == control->dev)
		unlink(control->path);
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
	remove_file(control);
	if (control->fd >= 0)
		close(control->fd);
	free(control->path);
	free(control);
}

int control_chown(struct control *control, unsigned uid, unsigned gid)
{
	size_t len = folder_len(control->path);
	int err = 0;

	if (lchown(control->path, uid, gid) < 0)
		return -errno;
	if (!control->made_folder)
		return 0;
	/* The folder too: removing the socket file at the end takes write permission there. */
	control->path[len] = '\0';
	if (chown(control->path, uid, gid) < 0)
		err = -errno;
	control->path[len] = '/';
	return err;
}
