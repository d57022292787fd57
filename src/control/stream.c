/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/socket.h>

#include "control/stream.h"

#define PIECES 16

ssize_t stream_receive(struct evbuffer *in, int fd, size_t most)
{
	struct evbuffer_iovec room;
	ssize_t got;

	if (evbuffer_reserve_space(in, (ssize_t)most, &room, 1) < 1)
		return -ENOMEM;
	got = recv(fd, room.iov_base, room.iov_len, MSG_DONTWAIT);
	if (got < 0)
		return -errno;
	room.iov_len = (size_t)got;
	return evbuffer_commit_space(in, &room, 1) < 0 ? -ENOMEM : got;
}

/* With sendmsg, not evbuffer_write(): that one raises SIGPIPE when the peer went away. */
int stream_flush(struct evbuffer *out, int fd)
{
	struct evbuffer_iovec piece[PIECES];
	struct msghdr message = {.msg_iov = (struct iovec *)piece};
	ssize_t sent;
	int count;

	while (evbuffer_get_length(out) > 0) {
		count = evbuffer_peek(out, -1, NULL, piece, PIECES);
		message.msg_iovlen = count < PIECES ? (size_t)count : PIECES;
		sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		evbuffer_drain(out, (size_t)sent);
	}
	return 0;
}
