/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that work on state and kernel while no daemon runs. */
#ifndef BANISH_OFFLINE_H
#define BANISH_OFFLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "memory.h"
#include "setup.h"

/* What is done between reading the state and filling the kernel. */
struct offline_work {
	bool empty; /* leave nothing of ours in the kernel */
	/* NULL: the state is not written. Else it is, as the daemon's user, and `work` may
	 * change what is remembered. 0 or -errno: then the kernel is left alone. */
	int (*work)(void *arg, const struct setup *setup, struct memory *memory);
	void *arg;
};

/*
 * Read configuration and state, work, and make the kernel hold every ban. *bans: how many are
 * live. 0; -EBUSY: a daemon has the state; another -errno after a message on standard error; 1:
 * some target could not be used, which was said, and the others were done.
 */
int offline_run(const char *file, const struct offline_work *work, size_t *bans);

#endif
