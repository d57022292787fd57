/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host names that are asked of the DNS, and the lines that wait for an answer. Bounded. */
#ifndef BANISH_RESOLVE_NAMES_H
#define BANISH_RESOLVE_NAMES_H

#include "resolve/waiters.h"

struct asked;

/* What waits for a name: all of an offence but its prefix, and the line. */
typedef void asked_done(void *arg, const struct offence *offence, struct text line);

/* 0, -ENOMEM, or -EIO: there is no DNS to ask (no /etc/resolv.conf). `server` NULL: the
 * system's. `base` NULL: nobody is asked, names wait. `counts` is kept up. */
int asked_open(struct asked **out, struct event_base *base, const char *server,
	       struct resolve_counts *counts, asked_done *done, void *arg);
void asked_close(struct asked *asked); /* takes NULL */
/* `wait` is copied, and its offence's prefix filled in when `done` is told. May call `done`
 * before it returns, when the answer is known. */
void asked_name(struct asked *asked, const struct wait *wait);
struct waiting *asked_waiting(struct asked *asked);

#endif
