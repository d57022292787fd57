/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What concerns Postfix's policy requests: [policy tarpit], and the answer of a jail. */
#ifndef BANISH_CONF_TARPIT_H
#define BANISH_CONF_TARPIT_H

#include "conf/conf.h"
#include "conf/expand.h"

#define SECTION_TARPIT "policy tarpit"

/* Read the section when there is one; else *tarpit stays zero. 0 or -ENOMEM; mistakes are
 * diag_errors. The caller clears in either case. */
int tarpit_read(struct conf_tarpit *tarpit, const struct scope *scope);
void tarpit_clear(struct conf_tarpit *tarpit);

/* One entry of a jail's `policy`: NULL, or what is wrong with it. */
const char *policy_mistake(struct text name);
/* Read `answer` of a jail whose sources are read. 0 or -ENOMEM. */
int answer_read(struct conf_jail *jail, const struct scope *scope);
/* After all is read: no jail may listen where commands are taken. */
void tarpit_check_jails(const struct conf *conf, struct diag *diag);

#endif
