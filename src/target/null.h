/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target that holds nothing: every request succeeds. */
#ifndef BANISH_TARGET_NULL_H
#define BANISH_TARGET_NULL_H

#include "target/targets.h"

/* Both only remember; the answer comes from the loop. */
void null_define(struct targets *targets);
void null_take(struct targets *targets, const struct request *request);
/* Say what there is to say: for each null target that waits `ready`, and the answers. */
void null_answer(struct targets *targets);

#endif
