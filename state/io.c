/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "state/io.h"

/* openat() of libc takes its mode as a variable argument. */
static int system_openat(int dir, const char *name, int flags, mode_t mode)
{
	return openat(dir, name, flags, mode);
}

const struct io io_system = {
	.openat = system_openat,
	.pwrite = pwrite,
	.fdatasync = fdatasync,
	.fsync = fsync,
	.renameat = renameat,
	.retry_ms = 1000,
	.stop_ms = 5000,
	.pause_ms = 10000,
};

int io_write(const struct io *io, int fd, const void *at, size_t len, uint64_t offset)
{
	const uint8_t *p = at;

	while (len) {
		ssize_t n = io->pwrite(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		p += n;
		len -= (size_t)n;
		offset += (size_t)n;
	}
	return 0;
}

ssize_t io_read(int fd, void *at, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (uint8_t *)at + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}
