/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time, everywhere in banish: int64_t milliseconds. A point in time counts from 1970 UTC by
 * the wall clock; pure code takes it as a parameter and only composing code calls moment_now().
 */
#ifndef BANISH_BASE_MOMENT_H
#define BANISH_BASE_MOMENT_H

#include <stdint.h>

#define TIME_FOREVER INT64_MAX /* as a duration and as an end */
#define TIME_NONE INT64_MIN    /* as a point: not known */

int64_t moment_now(void);    /* wall clock */
int64_t moment_ticks(void);  /* monotonic: only differences mean something */
int64_t moment_uptime(void); /* since boot, suspended time included */
/* at + span, saturating at TIME_FOREVER. */
int64_t moment_after(int64_t at, int64_t span);
/* What is left at `now` until `end`: 0 when over, TIME_FOREVER when for ever. */
int64_t moment_left(int64_t end, int64_t now);

/* A point in time moved by a span, saturating; TIME_NONE and TIME_FOREVER stay. */
int64_t moment_shift(int64_t at, int64_t by);

#endif
