/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <unistd.h>

#include "state/lock.h"

int lock_take(int *out, int dir, enum store_mode mode)
{
	bool write = mode == STORE_WRITE;
	int flags = write ? O_RDWR | O_CREAT : O_RDONLY; /* the mount may be read-only */
	int fd = openat(dir, "lock", flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	/* A daemon on a disk that is read-only for now writes once it is not. */
	if (fd < 0 && errno == EROFS)
		fd = openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT && !write) {
		*out = -1;
		return 0;
	}
	if (fd < 0)
		return -errno;
	if (flock(fd, (write ? LOCK_EX : LOCK_SH) | LOCK_NB)) {
		int err = errno == EWOULDBLOCK ? -EBUSY : -errno;

		close(fd);
		return err;
	}
	*out = fd;
	return 0;
}
