/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One process in /proc: whether it is a session of sendmail's, whose, and since when. */
#ifndef BANISH_RESOLVE_PROCESS_H
#define BANISH_RESOLVE_PROCESS_H

#include <stdint.h>

#include "resolve/title.h"

struct process {
	struct title title;
	int64_t age; /* ms since it started */
};

/*
 * `proc` is the folder /proc, open. What is told is of one and the same process. 0; -ESRCH: it
 * is over, or no session, or a user's, or stuck; -errno: it may not be looked at.
 */
int process_look(struct process *out, int proc, const char *pid);

#endif
