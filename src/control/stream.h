/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes between a socket and libevent's buffers, without ever waiting. */
#ifndef BANISH_CONTROL_STREAM_H
#define BANISH_CONTROL_STREAM_H

#include <stddef.h>
#include <sys/types.h>

#include <event2/buffer.h>

/* Receive once, at most about `most` bytes. How many there were, 0 at the end, or -errno;
 * -EAGAIN and -EINTR are no failure. */
ssize_t stream_receive(struct evbuffer *in, int fd, size_t most);
/* Send what goes out at once. 0, also when something is left, or -errno. */
int stream_flush(struct evbuffer *out, int fd);

#endif
