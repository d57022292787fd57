/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "base/moment.h"

static int64_t clock_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t moment_now(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t moment_ticks(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

int64_t moment_uptime(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

int64_t moment_after(int64_t at, int64_t span)
{
	int64_t end;

	if (span == TIME_FOREVER || __builtin_add_overflow(at, span, &end))
		return TIME_FOREVER;
	return end;
}

int64_t moment_left(int64_t end, int64_t now)
{
	if (end == TIME_FOREVER)
		return TIME_FOREVER;
	return end > now ? end - now : 0;
}

int64_t moment_shift(int64_t at, int64_t by)
{
	int64_t end;

	if (at == TIME_NONE || at == TIME_FOREVER)
		return at;
	if (__builtin_add_overflow(at, by, &end) || end == TIME_NONE || end == TIME_FOREVER)
		return by < 0 ? TIME_NONE + 1 : TIME_FOREVER - 1;
	return end;
}
