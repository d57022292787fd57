/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/steady.h"
#include "base/moment.h"

void steady_set(struct steady *steady, int64_t wall, int64_t uptime)
{
	*steady = (struct steady){.base = wall - uptime};
}

int64_t steady_now(const struct steady *steady, int64_t uptime)
{
	return steady->base + uptime;
}

int64_t steady_look(struct steady *steady, int64_t wall, int64_t uptime)
{
	int64_t jump = wall - steady_to_wall(steady, steady_now(steady, uptime));

	if (jump > -STEADY_SLACK_MS && jump < STEADY_SLACK_MS)
		return 0;
	steady->ahead += jump;
	return jump;
}

int64_t steady_to_wall(const struct steady *steady, int64_t at)
{
	return moment_shift(at, steady->ahead);
}

int64_t steady_from_wall(const struct steady *steady, int64_t at)
{
	return moment_shift(at, -steady->ahead);
}
