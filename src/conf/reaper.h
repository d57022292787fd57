/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The section [reaper sendmail]. */
#ifndef BANISH_CONF_REAPER_H
#define BANISH_CONF_REAPER_H

#include <stdbool.h>

#include "conf/conf.h"
#include "conf/expand.h"

/* Read the section that `scope` names; *enabled is whether it counts. 0 or -ENOMEM; mistakes
 * are diag_errors, and what they concern is left at its default. */
int reaper_read(struct conf_reaper *out, bool *enabled, const struct scope *scope);

#endif
