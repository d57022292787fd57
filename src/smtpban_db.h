/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One entry of smtpban's database, which may be anybody's bytes. */
#ifndef BANISH_SMTPBAN_DB_H
#define BANISH_SMTPBAN_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/prefix.h"
#include "base/text.h"

#define SMTPBAN_VALUE_MAX 64

/* Key "192.0.2.1" and value "2026 Nov 20 23:35:36", which is local time. *since in ms since
 * 1970. False: it is none. */
bool smtpban_entry(struct prefix *out, int64_t *since, struct text key, struct text value);

#endif
