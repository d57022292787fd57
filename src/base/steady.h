/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steady time: wall clock time that no setting of the clock moves. It starts as the wall clock
 * and goes on with the time since boot, suspended time included. What is remembered and
 * compared (bans, offences) is in steady time; it is told to people and read from log lines in
 * wall time.
 */
#ifndef BANISH_BASE_STEADY_H
#define BANISH_BASE_STEADY_H

#include <stdint.h>

#define STEADY_SLACK_MS 1000 /* the wall clock may be so far off before that is a jump */

struct steady {
	int64_t base;  /* steady time is this and the uptime */
	int64_t ahead; /* wall time is this and steady time */
};

/* Start at what the wall clock says. */
void steady_set(struct steady *steady, int64_t wall, int64_t uptime);
int64_t steady_now(const struct steady *steady, int64_t uptime);
/* By how much the wall clock was set since the last look: 0 when it was not; it is `ahead` by
 * that much more from here on. */
int64_t steady_look(struct steady *steady, int64_t wall, int64_t uptime);
/* From steady to wall time and back; TIME_NONE and TIME_FOREVER stay what they are. */
int64_t steady_to_wall(const struct steady *steady, int64_t at);
int64_t steady_from_wall(const struct steady *steady, int64_t at);

#endif
