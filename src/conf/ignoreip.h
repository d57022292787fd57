/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is never banned: addresses and networks, in the configuration or in files of their own.
 */
#ifndef BANISH_CONF_IGNOREIP_H
#define BANISH_CONF_IGNOREIP_H

#include "conf/conf.h"
#include "conf/expand.h"

/* The key `ignoreip` into a jail that has none yet. "file:/PATH" stands for the words of that
 * file. 0 or -ENOMEM; mistakes are diag_errors, those of a file with its name and line. */
int ignoreip_read(struct conf_jail *jail, const struct scope *scope);

#endif
