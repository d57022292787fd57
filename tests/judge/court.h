/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of this room share: a judge with a few jails, and short ways to ask it. */
#ifndef BANISH_TESTS_JUDGE_COURT_H
#define BANISH_TESTS_JUDGE_COURT_H

#include "judge/judge.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define NOW (INT64_C(1760000000) * SECOND)

/* Jail 1: 3 in 10 minutes, an hour. Jail 2: at once. Jail 3: 1000 in an hour, for ever.
 * ignoreip of all: 192.0.2.0/24 and 2001:db8:5::7. */
struct judge *court_new(uint32_t bans, uint32_t accounts);
struct prefix court_prefix(const char *text);
struct ban court_ban(uint32_t jail, const char *text, int64_t until);

/* A live offence of jail 1 at the moment it happens. */
enum judge_verdict court_live(struct judge *judge, const char *address, int64_t time);

#endif
