/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys that say where a jail's lines come from, read into names of sources. */
#ifndef BANISH_CONF_SOURCES_H
#define BANISH_CONF_SOURCES_H

#include "conf/conf.h"
#include "conf/expand.h"

/* Does anything say so? */
bool sources_named(const struct scope *scope);

/*
 * Read logpath, journalmatch, backend, syslog and policy into jail->sources and jail->journal.
 * With `backend = systemd` and no journalmatch the sources stay empty: sources_read_filter()
 * reads the filter's own once that is there. 0 or -ENOMEM; mistakes are diag_errors.
 */
int sources_read(struct conf_jail *jail, const struct scope *scope);
int sources_read_filter(struct conf_jail *jail, const struct scope *scope);
void sources_clear(struct conf_jail *jail);

#endif
