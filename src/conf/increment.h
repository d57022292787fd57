/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bantime.increment and the keys beside it: how a jail's bans grow with each repetition. */
#ifndef BANISH_CONF_INCREMENT_H
#define BANISH_CONF_INCREMENT_H

#include "base/increment.h"
#include "conf/expand.h"

/* 0 or -ENOMEM; what is wrong is a diag_error. */
int increment_read(struct increment *out, const struct scope *scope);

#endif
