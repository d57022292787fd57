/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target that keeps tcpserver's rules: what it holds, and when that is written. */
#ifndef BANISH_TARGET_TCPRULES_H
#define BANISH_TARGET_TCPRULES_H

#include "target/targets.h"

struct tcprules;

/* For the target of this number; the answers come from the loop. 0 or -ENOMEM. */
int tcprules_open(struct tcprules **out, struct targets *targets, size_t target);
/* Waits for a file that is being written. Takes NULL. */
void tcprules_close(struct tcprules *tcprules);
/* Define it: read what is there, write it, and say `ready`. */
void tcprules_define(struct tcprules *tcprules);
bool tcprules_has_room(const struct tcprules *tcprules);
/* The request is owned from now on. */
void tcprules_take(struct tcprules *tcprules, struct request *request);

#endif
