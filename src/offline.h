/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that work on state and kernel while no daemon runs. */
#ifndef BANISH_OFFLINE_H
#define BANISH_OFFLINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Read configuration and state, and make the kernel hold every ban, or (`empty`) none of ours.
 * *bans: how many are live. 0; -EBUSY: a daemon has the state; another -errno after a message
 * on standard error; 1: some target could not be used, which was said, and the others were
 * done.
 */
int offline_run(const char *file, bool empty, size_t *bans);

#endif
