/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys that say which ports a jail is about, and what its bans do to them. */
#ifndef BANISH_CONF_SERVICE_H
#define BANISH_CONF_SERVICE_H

#include "conf/conf.h"
#include "conf/expand.h"
#include "conf/jail.h"

/*
 * Read port, protocol, scope and drop-established. With `scope = port` each of the targets gets
 * the option `ports`, as "tcp:25,tcp:1000-2000": which target can do that is its own affair. 0
 * or -ENOMEM; mistakes are diag_errors.
 */
int service_read(struct conf_jail *jail, struct jail_targets *targets,
		 const struct scope *scope);
/* The key port alone; jail->tcp and udp say which names of services count. */
int service_read_ports(struct conf_jail *jail, const struct scope *scope);

#endif
