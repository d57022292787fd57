/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One section of our own configuration as a jail. */
#ifndef BANISH_CONF_JAIL_H
#define BANISH_CONF_JAIL_H

#include <stdbool.h>

#include "conf/conf.h"
#include "conf/expand.h"

struct jail_targets {
	struct spec *specs;
	size_t count;
};

/*
 * Read the section that `scope` names into a zeroed *jail, its targets into *targets
 * (jail->targets stays empty), `enabled` into *enabled. 0 or -ENOMEM; mistakes are diag_errors,
 * and what they concern is left at its default. The caller clears all of it in either case.
 */
int jail_read(struct conf_jail *jail, struct jail_targets *targets, bool *enabled,
	      const struct scope *scope, const struct conf_dirs *dirs);
/* The jail of bans by hand: no filter, no log; *jail is zeroed as well. */
int jail_read_manual(struct conf_jail *jail, struct jail_targets *targets,
		     const struct scope *scope);
void jail_clear(struct conf_jail *jail);
void jail_targets_clear(struct jail_targets *targets);

#endif
