/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/util.h>

#include "control/listener.h"

#define BACKLOG 1024 /* the kernel's net.core.somaxconn limits it */

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

static int folder_make(struct listener *listener)
{
	size_t len = folder_len(listener->path);
	int err = 0;

	if (!len)
		return 0;
	listener->path[len] = '\0';
	if (!mkdir(listener->path, 0755))
		listener->made_folder = true;
	else if (errno != EEXIST)
		err = -errno;
	listener->path[len] = '/';
	return err;
}

/* Nobody can connect before listen(), so nobody sees the file with another mode than ours. */
static int open_path(struct listener *listener, mode_t mode)
{
	struct sockaddr_un at;
	struct stat made;
	int err = address_set(&at, listener->path);

	if (!err)
		err = folder_make(listener);
	if (!err)
		err = clear_stale(&at);
	if (err)
		return err;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0 || bind(listener->fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    lstat(listener->path, &made) < 0)
		return -errno;
	listener->dev = made.st_dev;
	listener->ino = made.st_ino;
	return chmod(listener->path, mode) < 0 ? -errno : 0;
}

static int open_port(struct listener *listener, const char *name)
{
	struct sockaddr_storage at;
	int len = sizeof(at), one = 1;

	if (evutil_parse_sockaddr_port(name, (struct sockaddr *)&at, &len))
		return -EINVAL;
	listener->fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0 ||
	    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(listener->fd, (struct sockaddr *)&at, (socklen_t)len) < 0)
		return -errno;
	return 0;
}

int listener_open(struct listener *out, const char *name, mode_t mode)
{
	bool port = *name && *name != '/' && strchr(name, ':');
	int err;

	*out = (struct listener){.fd = -1, .path = port ? NULL : strdup(name)};
	if (!port && !out->path)
		return -ENOMEM;
	err = port ? open_port(out, name) : open_path(out, mode);
	return !err && listen(out->fd, BACKLOG) < 0 ? -errno : err;
}

static bool is_ours(const struct listener *listener, const struct stat *found)
{
	return found->st_ino == listener->ino && found->st_dev == listener->dev;
}

static void remove_file(const struct listener *listener)
{
	struct stat found;

	if (listener->ino && !lstat(listener->path, &found) && is_ours(listener, &found))
		unlink(listener->path);
}

bool listener_is_lost(const struct listener *listener)
{
	struct stat found;

	if (!listener->path)
		return false;
	return lstat(listener->path, &found) < 0 ? errno == ENOENT : !is_ours(listener, &found);
}

void listener_close(struct listener *listener)
{
	if (listener->path)
		remove_file(listener);
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener->path);
	*listener = (struct listener){.fd = -1};
}

int listener_chown(struct listener *listener, uid_t uid, gid_t gid)
{
	size_t len;
	int err = 0;

	if (lchown(listener->path, uid, gid) < 0)
		return -errno;
	if (!listener->made_folder)
		return 0;
	/* The folder too: removing the socket file at the end takes write permission there. */
	len = folder_len(listener->path);
	listener->path[len] = '\0';
	if (chown(listener->path, uid, gid) < 0)
		err = -errno;
	listener->path[len] = '/';
	return err;
}
