/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys that our own configuration may hold, and what is said about all others. */
#ifndef BANISH_CONF_KEYS_H
#define BANISH_CONF_KEYS_H

#include "base/diag.h"
#include "conf/ini.h"

#define SECTION_BANISH "banish"
#define SECTION_REAPER "reaper sendmail"

/* Check every section's name and keys. Each mistake is a diag_error. */
void keys_check(const struct ini *ini, struct diag *diag);
/* Not [banish], [DEFAULT], [INCLUDES], [manual], [reaper sendmail] nor a section that ini_merge
 * made. */
bool keys_is_jail(const struct ini_section *section);

#endif
