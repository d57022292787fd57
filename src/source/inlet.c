/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one file that makes sockets for datagrams. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/sock_diag.h>

#include "base/text.h"
#include "source/inlet.h"

#define NAME "syslog:"
#define UDP "udp:"
#define MODE 0660
#define ROOM (8 * 1024 * 1024)

/* ---- the name ---- */

static bool parse_local(struct inlet *inlet, const char *path)
{
	size_t len = strlen(path);

	if (len >= sizeof(inlet->at.local.sun_path))
		return false;
	inlet->at.local.sun_family = AF_UNIX;
	memcpy(inlet->at.local.sun_path, path, len + 1);
	inlet->len = sizeof(inlet->at.local);
	return true;
}

static bool parse_v4(struct inlet *inlet, const char *address, uint16_t port)
{
	struct sockaddr_in *v4 = &inlet->at.v4;

	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	inlet->len = sizeof(*v4);
	return inet_pton(AF_INET, address, &v4->sin_addr) == 1 &&
	       ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool parse_v6(struct inlet *inlet, const char *address, uint16_t port)
{
	struct sockaddr_in6 *v6 = &inlet->at.v6;

	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	inlet->len = sizeof(*v6);
	return inet_pton(AF_INET6, address, &v6->sin6_addr) == 1 &&
	       IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static bool parse_udp(struct inlet *inlet, const char *name)
{
	const char *colon = strrchr(name, ':');
	char address[INET6_ADDRSTRLEN + 2];
	int64_t port;
	size_t len;

	if (!colon || !text_number(text_of(colon + 1), 1, UINT16_MAX, &port))
		return false;
	len = (size_t)(colon - name);
	if (!len || len >= sizeof(address))
		return false;
	memcpy(address, name, len);
	address[len] = '\0';
	if (address[0] != '[')
		return parse_v4(inlet, address, (uint16_t)port);
	if (address[len - 1] != ']')
		return false;
	address[len - 1] = '\0';
	return parse_v6(inlet, address + 1, (uint16_t)port);
}

int inlet_parse(struct inlet *out, const char *name)
{
	struct inlet inlet = {.fd = -1};
	const char *at = name + strlen(NAME);
	bool ok = false;

	if (strncmp(name, NAME, strlen(NAME)) != 0)
		return -EINVAL;
	if (*at == '/')
		ok = parse_local(&inlet, at);
	else if (!strncmp(at, UDP, strlen(UDP)))
		ok = parse_udp(&inlet, at + strlen(UDP));
	if (!ok)
		return -EINVAL;
	*out = inlet;
	return 0;
}

const char *inlet_path(const struct inlet *inlet)
{
	return inlet->at.any.sa_family == AF_UNIX ? inlet->at.local.sun_path : NULL;
}

/* ---- the socket ---- */

/* Only a socket that refuses has lost whoever was bound to it. */
static int clear_stale(const struct inlet *inlet)
{
	const char *path = inlet_path(inlet);
	int probe, err = 0;
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return -errno;
	if (!connect(probe, &inlet->at.any, inlet->len) || errno == EPROTOTYPE)
		err = -EADDRINUSE;
	else if (errno != ECONNREFUSED || unlink(path))
		err = -errno;
	close(probe);
	return err;
}

/* By the file that was found, since the name may be another's by now. */
static int let_in(struct inlet *inlet)
{
	int fd = open(inlet_path(inlet), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char self[32];
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) || (S_ISSOCK(st.st_mode) && chmod(self, MODE)))
		err = -errno;
	else if (!S_ISSOCK(st.st_mode))
		err = -EEXIST;
	if (!err) {
		inlet->dev = st.st_dev;
		inlet->ino = st.st_ino;
	}
	close(fd);
	return err;
}

/* More than net.core.rmem_max is for CAP_NET_ADMIN; up to that for everyone. */
static void make_room(int fd)
{
	int room = ROOM;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

static int open_local(struct inlet *inlet)
{
	int err = clear_stale(inlet);

	if (err)
		return err;
	/* What the file is made with, less the umask: at no time more than it may have. */
	if (fchmod(inlet->fd, MODE) || bind(inlet->fd, &inlet->at.any, inlet->len))
		return -errno;
	return let_in(inlet);
}

static int open_udp(struct inlet *inlet)
{
	make_room(inlet->fd);
	return bind(inlet->fd, &inlet->at.any, inlet->len) ? -errno : 0;
}

int inlet_open(struct inlet *inlet)
{
	int err;

	inlet->dropped = 0;
	inlet->ino = 0;
	inlet->fd =
		socket(inlet->at.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (inlet->fd < 0)
		return -errno;
	err = inlet_path(inlet) ? open_local(inlet) : open_udp(inlet);
	if (err)
		inlet_close(inlet);
	return err;
}

bool inlet_stands(const struct inlet *inlet)
{
	struct stat st;

	return !inlet_path(inlet) || (!lstat(inlet_path(inlet), &st) &&
				      st.st_dev == inlet->dev && st.st_ino == inlet->ino);
}

/* SO_RXQ_OVFL comes with the next datagram that is not dropped; this is known at once. */
uint32_t inlet_dropped(struct inlet *inlet)
{
	uint32_t info[SK_MEMINFO_VARS] = {0}, before = inlet->dropped;
	socklen_t len = sizeof(info);

	if (inlet->fd < 0 || inlet_path(inlet) ||
	    getsockopt(inlet->fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return 0;
	inlet->dropped = info[SK_MEMINFO_DROPS];
	return inlet->dropped - before;
}

void inlet_close(struct inlet *inlet)
{
	if (inlet->fd < 0)
		return;
	if (inlet_path(inlet) && inlet->ino && inlet_stands(inlet))
		unlink(inlet_path(inlet));
	close(inlet->fd);
	inlet->fd = -1;
}
