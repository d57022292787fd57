/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a ban's length becomes when the address was banned before. */
#ifndef BANISH_JUDGE_INCREMENT_H
#define BANISH_JUDGE_INCREMENT_H

#include <stdint.h>

#include "base/increment.h"

/*
 * In ms, saturating at TIME_FOREVER. `count` is how often it was banned before, at least 1;
 * `random` is a number that nobody can foretell. As fail2ban has it, maxtime holds for repeated
 * bans only and rndtime comes on top of it.
 */
int64_t increment_bantime(const struct increment *rule, int64_t bantime, unsigned count,
			  uint64_t random);
/* So many offences one of an address counts that was banned `count` times before: 2, 3, 5, 9
 * ..., which is fail2ban's way to ban it sooner, too. At most `maxretry`. */
unsigned increment_weight(unsigned count, unsigned maxretry);

#endif
