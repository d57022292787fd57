/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <unistd.h>

#include "state/lock.h"

/* Of a folder that has none yet, on a disk that takes no file for now, the folder itself is all
 * there is to lock. */
static bool refuses_files(int error)
{
	return error == EROFS || error == ENOSPC || error == EDQUOT;
}

int lock_take(int *out, int dir, enum store_mode mode)
{
	bool write = mode == STORE_WRITE;
	int flags = write ? O_RDWR | O_CREAT : O_RDONLY; /* the mount may be read-only */
	bool alone = write && !flock(dir, LOCK_EX | LOCK_NB), bare = !write;
	int fd;

	if (write && !alone && errno == EWOULDBLOCK)
		return -EBUSY;
	fd = openat(dir, "lock", flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	/* A daemon on a disk that is read-only for now writes once it is not. */
	if (fd < 0 && refuses_files(errno)) {
		fd = openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		bare = alone;
	}
	if (fd < 0 && errno == ENOENT && bare) {
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
