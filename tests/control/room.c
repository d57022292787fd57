/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "control/call.h"
#include "tests/control/room.h"

#define MORE_LINES 100000
#define MORE_PIECE 1000

static void note(struct room *room, const struct call *call)
{
	size_t waits = evbuffer_get_length(call->out);

	if (waits > room->most_out)
		room->most_out = waits;
}

static void any_start(void *arg, struct call *call)
{
	struct room *room = arg;

	room->started++;
	room->lines = 0;
	room->call = call;
}

static void any_over(void *arg, struct call *call)
{
	struct room *room = arg;

	room->over++;
	free(call_own(call));
}

static void echo_start(void *arg, struct call *call)
{
	const char *x = call_option(call, "x");

	any_start(arg, call);
	for (size_t i = 0; i < call_args(call); i++)
		call_out(call, "%zu %s", i, call_arg(call, i));
	call_out(call, "x=%s", x ? x : "(none)");
	call_err(call, "two\nlines");
	cr_assert_null(call_arg(call, call_args(call)));
	call_finish(call, EXIT_DONE);
	call_out(call, "after the end");
	call_finish(call, EXIT_REFUSED);
}

static void wide_start(void *arg, struct call *call)
{
	any_start(arg, call);
	call_out(call, "%0*d", 100000, 7);
	call_finish(call, 200);
}

static void count_line(void *arg, struct call *call, struct text line, size_t number)
{
	struct room *room = arg;

	(void)call;
	cr_assert_eq(number, ++room->lines);
	room->bytes += line.len;
	if (line.len > room->longest)
		room->longest = line.len;
}

static void count_end(void *arg, struct call *call)
{
	struct room *room = arg;

	room->ended++;
	call_out(call, "%zu lines %zu bytes", room->lines, room->bytes);
	call_finish(call, EXIT_DONE);
}

static void mirror_line(void *arg, struct call *call, struct text line, size_t number)
{
	call_out(call, "%zu:%.*s", number, (int)line.len, line.at);
	note(arg, call);
}

static void mirror_end(void *arg, struct call *call)
{
	(void)arg;
	call_finish(call, EXIT_DONE);
}

static void pause_line(void *arg, struct call *call, struct text line, size_t number)
{
	count_line(arg, call, line, number);
	call_pause(call, true);
}

static void more_start(void *arg, struct call *call)
{
	any_start(arg, call);
	call_set(call, calloc(1, sizeof(size_t)));
	call_more(call);
}

static void more_more(void *arg, struct call *call)
{
	size_t *done = call_own(call);

	for (int i = 0; i < MORE_PIECE; i++)
		call_out(call, "line %zu", ++*done);
	note(arg, call);
	if (*done == MORE_LINES)
		call_finish(call, EXIT_DONE);
	else
		call_more(call);
}

static void early_line(void *arg, struct call *call, struct text line, size_t number)
{
	count_line(arg, call, line, number);
	call_err(call, "enough");
	call_finish(call, EXIT_REFUSED);
}

static const struct control_verb verbs[] = {
	{.name = "echo", .start = echo_start, .over = any_over},
	{.name = "wide", .start = wide_start, .over = any_over},
	{.name = "hang", .start = any_start, .over = any_over},
	{.name = "more", .start = more_start, .more = more_more, .over = any_over},
	{.name = "count",
	 .start = any_start,
	 .line = count_line,
	 .end = count_end,
	 .over = any_over},
	{.name = "mirror",
	 .start = any_start,
	 .line = mirror_line,
	 .end = mirror_end,
	 .over = any_over},
	{.name = "pause",
	 .start = any_start,
	 .line = pause_line,
	 .end = count_end,
	 .over = any_over},
	{.name = "early",
	 .start = any_start,
	 .line = early_line,
	 .end = count_end,
	 .over = any_over},
	{0},
};

void room_open(struct room *room)
{
	memset(room, 0, sizeof(*room));
	strcpy(room->folder, "/tmp/banish-control-XXXXXX");
	cr_assert_not_null(mkdtemp(room->folder));
	snprintf(room->path, sizeof(room->path), "%s/run/control", room->folder);
	room->base = event_base_new();
	cr_assert_eq(control_open(&room->control, room->base, room->path, verbs, room), 0);
}

void room_close(struct room *room)
{
	char folder[80];

	control_close(room->control);
	cr_assert_eq(room->over, room->started);
	cr_assert_lt(access(room->path, F_OK), 0);
	event_base_free(room->base);
	snprintf(folder, sizeof(folder), "%s/run", room->folder);
	cr_assert_eq(rmdir(folder), 0);
	cr_assert_eq(rmdir(room->folder), 0);
}

void room_turn(struct room *room)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(room->base, EVLOOP_NONBLOCK);
}

int room_connect(const struct room *room)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(at.sun_path, room->path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

void room_send(struct room *room, int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			return; /* The server may have heard enough. */
		text += sent > 0 ? sent : 0;
		len -= sent > 0 ? (size_t)sent : 0;
		event_base_loop(room->base, EVLOOP_NONBLOCK);
	}
}

void room_say(struct room *room, int fd, const char *text)
{
	room_send(room, fd, text, strlen(text));
	shutdown(fd, SHUT_WR);
}

char *room_hear(struct room *room, int fd)
{
	char *text, buffer[65536];
	size_t len;
	FILE *all = open_memstream(&text, &len);
	ssize_t got;

	for (;;) {
		event_base_loop(room->base, EVLOOP_NONBLOCK);
		got = recv(fd, buffer, sizeof(buffer), 0);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		if (got > 0)
			fwrite(buffer, 1, (size_t)got, all);
	}
	fclose(all);
	close(fd);
	return text;
}

char *room_ask(struct room *room, const char *text)
{
	int fd = room_connect(room);

	room_say(room, fd, text);
	return room_hear(room, fd);
}

struct asking {
	struct room *room;
	const struct control_request *request;
	struct asked asked;
	int done[2];
};

static void *ask_thread(void *arg)
{
	struct asking *asking = arg;
	struct asked *asked = &asking->asked;
	FILE *out = open_memstream(&asked->out, &asked->out_len);
	FILE *err = open_memstream(&asked->err, &asked->err_len);

	asked->code = control_ask(asking->room->path, asking->request, out, err);
	fclose(out);
	fclose(err);
	close(asking->done[1]);
	return NULL;
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

struct asked room_control_ask(struct room *room, const struct control_request *request)
{
	struct asking asking = {.room = room, .request = request};
	struct event *done;
	pthread_t thread;

	cr_assert_eq(pipe(asking.done), 0);
	done = event_new(room->base, asking.done[0], EV_READ, on_done, room->base);
	event_add(done, NULL);
	cr_assert_eq(pthread_create(&thread, NULL, ask_thread, &asking), 0);
	event_base_dispatch(room->base);
	pthread_join(thread, NULL);
	event_free(done);
	close(asking.done[0]);
	room_turn(room);
	return asking.asked;
}

void asked_free(struct asked *asked)
{
	free(asked->out);
	free(asked->err);
}
