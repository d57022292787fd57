/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_PRELOAD: the wall clock is off by as many seconds as the file that CLOCK_OFFSET names
 * says, from one call to the next, and the clock of CLOCK_MONOTONIC as that of CLOCK_TICKS says.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long offset(const char *name)
{
	const char *path = getenv(name);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[32] = "";

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return atol(text);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	int error = (int)syscall(SYS_clock_gettime, id, out);

	if (!error && id == CLOCK_REALTIME)
		out->tv_sec += offset("CLOCK_OFFSET");
	if (!error && id == CLOCK_MONOTONIC)
		out->tv_sec += offset("CLOCK_TICKS");
	return error;
}
