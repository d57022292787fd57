/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages whose lines do not say who the client is, but give a queue id and a process. Whose
 * they are is told by the process while it lives, and by a later line with the same id.
 * Bounded.
 */
#ifndef BANISH_RESOLVE_MESSAGES_H
#define BANISH_RESOLVE_MESSAGES_H

#include "resolve/waiters.h"

struct messages;

/* What waits for a message: all of an offence but its prefix, and the line. */
typedef void messages_done(void *arg, const struct offence *offence, struct text line);

/* `proc` is the folder of processes; one that cannot be opened has none. 0 or -ENOMEM. `counts`
 * is kept up. */
int messages_open(struct messages **out, const char *proc, struct resolve_counts *counts,
		  messages_done *done, void *arg);
void messages_close(struct messages *messages); /* takes NULL */

/* `wait` is copied, and its offence's prefix filled in when `done` is told. May call `done`
 * before it returns, when that is known. */
void messages_offence(struct messages *messages, const struct wait *wait);
/* A line says who it is: those that wait are told. They count as now when that line does. */
void messages_told(struct messages *messages, const struct wait *line,
		   const struct prefix *peer);
struct waiting *messages_waiting(struct messages *messages);

/* The ports that an answer is wanted about, if one is: between the lowest and the highest. What
 * the processes said until now is held against it. */
bool messages_ask(struct messages *messages, struct port_range *out);
void messages_socket(struct messages *messages, const struct resolve_socket *socket);
/* That were all; or nothing is known of them for now: -errno. */
void messages_answered(struct messages *messages, int error);

#endif
