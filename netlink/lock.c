/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "netlink/ipset.h"
#include "netlink/lock.h"

size_t lock_names(char (*out)[LOCK_NAME_MAX], const struct options *o)
{
	char sets[IPSET_ROLES][IPSET_NAME_SIZE];
	size_t i, count = 0;

	switch (o->kind) {
	case OPTIONS_NFT:
		if (o->nft_family)
			return 0;
		snprintf(out[0], LOCK_NAME_MAX, "table inet banish");
		return 1;
	case OPTIONS_ROUTE:
		snprintf(out[0], LOCK_NAME_MAX, "table %u protocol %u", o->route_table,
			 o->protocol);
		return 1;
	case OPTIONS_IPSET:
		ipset_names(sets, o);
		for (i = 0; i < IPSET_ROLES; i++)
			if (sets[i][0])
				snprintf(out[count++], LOCK_NAME_MAX, "ipset %.31s", sets[i]);
		return count;
	}
	return 0;
}

static socklen_t address(struct sockaddr_un *out, const char *name)
{
	int len;

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	len = snprintf(out->sun_path + 1, sizeof out->sun_path - 1, "banish-netlink/%s", name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

/* Anybody can bind such a name. Who is it? The kernel notes who called listen(). */
static bool is_banish(const struct sockaddr_un *at, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof peer;
	bool ours = false;

	if (fd < 0)
		return false;
	if (!connect(fd, (const struct sockaddr *)at, len) &&
	    !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		ours = !peer.uid || peer.uid == geteuid();
	close(fd);
	return ours;
}

/* -EADDRINUSE: taken. */
static int bind_name(int *out, const struct sockaddr_un *at, socklen_t len)
{
	int error, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (!bind(fd, (const struct sockaddr *)at, len) && !listen(fd, SOMAXCONN)) {
		*out = fd;
		return 0;
	}
	error = -errno;
	close(fd);
	return error;
}

static int take(int *out, const char *name)
{
	struct sockaddr_un at;
	socklen_t len = address(&at, name);
	int error = bind_name(out, &at, len);

	if (error != -EADDRINUSE)
		return error;
	if (is_banish(&at, len))
		return WIRE_FAULT_BUSY;
	/* It may have been one that has ended by now. */
	error = bind_name(out, &at, len);
	if (error != -EADDRINUSE)
		return error;
	*out = -1;
	return 0;
}

static int take_one(struct locks *l, uint32_t user, const char *name)
{
	size_t i, room = LOCKS_MAX;
	int error;

	for (i = 0; i < LOCKS_MAX; i++) {
		if (l->at[i].users && !strcmp(l->at[i].name, name)) {
			l->at[i].users |= user;
			return 0;
		}
		if (!l->at[i].users)
			room = i;
	}
	if (room == LOCKS_MAX)
		return -ENOSPC;
	error = take(&l->at[room].fd, name);
	if (error)
		return error;
	snprintf(l->at[room].name, LOCK_NAME_MAX, "%s", name);
	l->at[room].users = user;
	return 0;
}

int locks_take(struct locks *l, unsigned target, const struct options *options, char *where,
	       size_t size)
{
	char names[LOCKS_OF_TARGET][LOCK_NAME_MAX];
	size_t i, count = lock_names(names, options);
	int error;

	for (i = 0; i < count; i++) {
		error = take_one(l, UINT32_C(1) << target, names[i]);
		if (error) {
			snprintf(where, size, "%s", names[i]);
			locks_drop(l, target);
			return error;
		}
	}
	return 0;
}

void locks_drop(struct locks *l, unsigned target)
{
	size_t i;

	for (i = 0; i < LOCKS_MAX; i++) {
		if (!(l->at[i].users >> target & 1))
			continue;
		l->at[i].users &= ~(UINT32_C(1) << target);
		if (!l->at[i].users && l->at[i].fd >= 0)
			close(l->at[i].fd);
	}
}
