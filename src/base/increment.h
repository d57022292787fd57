/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BANISH_BASE_INCREMENT_H
#define BANISH_BASE_INCREMENT_H

#include <stdbool.h>
#include <stdint.h>

#define INCREMENT_MULTIPLIERS_MAX 64

/* How a jail's bans grow with each repetition: fail2ban's bantime.* (jail.conf(5)). */
struct increment {
	bool on;
	bool overall;	  /* what was done in all jails counts */
	bool exponential; /* the second of the formulas in fail2ban's jail.conf, not the first
			   */
	double factor;	  /* above 0 */
	uint32_t multipliers[INCREMENT_MULTIPLIERS_MAX];
	unsigned multiplier_count; /* 0: there is a formula instead */
	int64_t maxtime;	   /* ms; TIME_FOREVER: no limit */
	int64_t rndtime;	   /* ms, added at random; 0: nothing is */
};

#endif
