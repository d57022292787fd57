/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/control.h"
#include "control/request.h"

/*
 * The asking side. The body goes out and the answer comes in at the same time, because a
 * daemon that answers line by line stops reading when its answer is not read.
 */

#define CHUNK 65536

struct ask {
	int fd;
	int body; /* -1: no more to read */
	const char *path;
	FILE *out, *err;
	char *first; /* the request line; freed when sent */
	const char *send;
	size_t send_len;
	bool shut; /* all was sent */
	char tag;  /* of the answer's line being copied; 0 at its start */
	bool text; /* past the blank behind the tag */
	int code;  /* digits of X read so far; -1 before */
	bool done;
	char chunk[CHUNK];
};

static int no_daemon(const struct ask *ask)
{
	fprintf(ask->err, "banish: no daemon at %s (is banish.service running?)\n", ask->path);
	return EXIT_NO_DAEMON;
}

static int explain(const struct ask *ask, int err)
{
	if (err == ENOENT || err == ECONNREFUSED || err == ENOTDIR)
		return no_daemon(ask);
	if (err == EACCES || err == EPERM)
		fprintf(ask->err,
			"banish: %s: permission denied (root and the daemon's user may ask)\n",
			ask->path);
	else if (err == ENAMETOOLONG)
		fprintf(ask->err, "banish: %s: too long for a socket, %zu bytes are the most\n",
			ask->path, sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
	else
		fprintf(ask->err, "banish: %s: %s\n", ask->path, strerror(err));
	return EXIT_REFUSED;
}

/* Connects while blocking, so that a full queue is waited for. 0 or -errno. */
static int ask_connect(struct ask *ask)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int flags;

	if (strlen(ask->path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, ask->path, strlen(ask->path) + 1);
	ask->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ask->fd < 0 || connect(ask->fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	flags = fcntl(ask->fd, F_GETFL);
	return fcntl(ask->fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

static FILE *ask_stream(const struct ask *ask)
{
	return ask->tag == 'O' ? ask->out : ask->tag == 'E' ? ask->err : NULL;
}

static void ask_end_of_line(struct ask *ask)
{
	if (ask_stream(ask))
		putc('\n', ask_stream(ask));
	if (ask->tag == 'X' && ask->code >= 0)
		ask->done = true;
	ask->tag = '\0';
	ask->text = false;
}

static void ask_code(struct ask *ask, const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] >= '0' && at[i] <= '9' && ask->code < 1000)
			ask->code = (ask->code < 0 ? 0 : ask->code * 10) + at[i] - '0';
}

/* Whatever part of a line there is: an answer's line may be of any length. */
static void ask_copy(struct ask *ask, const char *at, size_t len)
{
	if (ask->tag == 'X')
		ask_code(ask, at, len);
	else if (ask_stream(ask))
		fwrite(at, 1, len, ask_stream(ask));
}

static void ask_answer(struct ask *ask, const char *at, size_t len)
{
	const char *eol;
	size_t part;

	while (len > 0 && !ask->done) {
		if (*at == '\n') {
			ask_end_of_line(ask);
			part = 1;
		} else if (!ask->tag) {
			ask->tag = *at;
			part = 1;
		} else if (!ask->text) {
			ask->text = true;
			part = 1;
		} else {
			eol = memchr(at, '\n', len);
			part = eol ? (size_t)(eol - at) : len;
			ask_copy(ask, at, part);
		}
		at += part;
		len -= part;
	}
}

/* False at the answer's end, or when there will be none. */
static bool ask_receive(struct ask *ask)
{
	char buffer[CHUNK];
	ssize_t got = recv(ask->fd, buffer, sizeof(buffer), 0);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	ask_answer(ask, buffer, (size_t)got);
	return got > 0 && !ask->done && !ferror(ask->out);
}

/* A daemon that wants no more of the body has answered: stop sending, go on reading. */
static void ask_stop_sending(struct ask *ask)
{
	ask->shut = true;
	ask->send_len = 0;
	ask->body = -1;
}

static void ask_send(struct ask *ask)
{
	ssize_t sent = send(ask->fd, ask->send, ask->send_len, MSG_NOSIGNAL);

	if (sent < 0) {
		if (errno != EAGAIN && errno != EINTR)
			ask_stop_sending(ask);
		return;
	}
	ask->send += sent;
	ask->send_len -= (size_t)sent;
}

static void ask_read_body(struct ask *ask)
{
	ssize_t got = read(ask->body, ask->chunk, sizeof(ask->chunk));

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0)
		fprintf(ask->err, "banish: standard input: %s\n", strerror(errno));
	if (got <= 0) {
		ask->body = -1;
		return;
	}
	ask->send = ask->chunk;
	ask->send_len = (size_t)got;
}

/* One wait for the socket, and for the body when the last chunk of it is gone. */
static bool ask_turn(struct ask *ask)
{
	struct pollfd fds[2] = {
		{.fd = ask->fd, .events = POLLIN | (ask->send_len ? POLLOUT : 0)},
		{.fd = ask->send_len ? -1 : ask->body, .events = POLLIN},
	};

	if (!ask->send_len && ask->body < 0 && !ask->shut) {
		shutdown(ask->fd, SHUT_WR);
		ask->shut = true;
	}
	if (poll(fds, 2, -1) < 0)
		return errno == EINTR;
	if (fds[1].revents)
		ask_read_body(ask);
	if (fds[0].revents & POLLOUT)
		ask_send(ask);
	if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
		return ask_receive(ask);
	return true;
}

static int ask_result(struct ask *ask)
{
	bool wrote = !ferror(ask->out) && !fflush(ask->out);

	fflush(ask->err);
	if (!wrote) {
		fprintf(ask->err, "banish: the answer cannot be written: %s\n",
			strerror(errno));
		return EXIT_REFUSED;
	}
	if (!ask->done) {
		fprintf(ask->err, "banish: the daemon at %s went away before it answered\n",
			ask->path);
		return EXIT_NO_DAEMON;
	}
	return ask->code <= 255 ? ask->code : EXIT_REFUSED;
}

/* 0, or an exit code after words on `err`. */
static int ask_begin(struct ask *ask, const struct control_request *request)
{
	char *line;
	int err;

	if (request->body && ask->body < 0)
		return explain(ask, EBADF);
	line = request_print(request);
	if (!line)
		return explain(ask, ENOMEM);
	ask->first = line;
	ask->send = line;
	ask->send_len = strlen(line);
	if (ask->send_len > CONTROL_REQUEST_MAX || request->arg_count > CONTROL_ARGS_MAX) {
		fprintf(ask->err, "banish: too many arguments for one request\n");
		return EXIT_USAGE;
	}
	line[ask->send_len++] = '\n'; /* in the place of its NUL */
	err = ask_connect(ask);
	return err ? explain(ask, -err) : 0;
}

int control_ask(const char *path, const struct control_request *request, FILE *out, FILE *err)
{
	struct ask *ask = calloc(1, sizeof(*ask));
	int code;

	if (!ask) {
		fprintf(err, "banish: %s\n", strerror(ENOMEM));
		return EXIT_REFUSED;
	}
	ask->fd = -1;
	ask->path = path;
	ask->body = request->body ? fileno(request->body) : -1;
	ask->out = out;
	ask->err = err;
	ask->code = -1;
	code = ask_begin(ask, request);
	if (!code) {
		while (ask_turn(ask))
			;
		code = ask_result(ask);
	}
	if (ask->fd >= 0)
		close(ask->fd);
	free(ask->first);
	free(ask);
	return code;
}
