/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server with verbs for the tests, on a real loop, in a folder of its own. */
#ifndef TESTS_CONTROL_ROOM_H
#define TESTS_CONTROL_ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>

#include "control/control.h"

struct room {
	char folder[64], path[96];
	struct event_base *base;
	struct control *control;
	struct call *call; /* the last that was started */
	size_t started, over, ended, lines, bytes;
	size_t longest;	 /* line of a body */
	size_t most_out; /* bytes that waited to be sent, at most */
};

void room_open(struct room *room);
void room_close(struct room *room);

/* A plain client on the test's own thread. */
int room_connect(const struct room *room);
void room_send(struct room *room, int fd, const char *text, size_t len);
void room_say(struct room *room, int fd, const char *text); /* and shut down that side */
/* Run the loop until the server hangs up; what it sent, ended by NUL, to be freed. */
char *room_hear(struct room *room, int fd);
/* say and hear on a new connection */
char *room_ask(struct room *room, const char *text);
/* Run what is ready to run. */
void room_turn(struct room *room);

/* control_ask() on another thread while the loop runs here. */
struct asked {
	int code;
	char *out, *err;
	size_t out_len, err_len;
};
struct asked room_control_ask(struct room *room, const struct control_request *request);
void asked_free(struct asked *asked);

#endif
