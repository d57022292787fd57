/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls through which state reaches the disk, so that a test can let any of them
 * fail: the same contracts as in libc, errors in errno.
 */
#ifndef BANISH_STATE_IO_H
#define BANISH_STATE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "state/store.h"

struct io {
	int (*openat)(int dir, const char *name, int flags, mode_t mode);
	ssize_t (*pwrite)(int fd, const void *at, size_t len, off_t offset);
	int (*fdatasync)(int fd);
	int (*fsync)(int fd);
	int (*renameat)(int from_dir, const char *from, int to_dir, const char *to);
	int retry_ms; /* what was refused is tried again after this long */
	int stop_ms;  /* and given up when the store closes and this long has passed */
	int pause_ms; /* after a snapshot that failed, before the next; twice as long each time
		       */
};

extern const struct io io_system;

/* All of it at `offset`, or -errno. */
int io_write(const struct io *io, int fd, const void *at, size_t len, uint64_t offset);
/* Up to `len` bytes at `offset`, fewer only at the end of the file; or -errno. */
ssize_t io_read(int fd, void *at, size_t len, uint64_t offset);

/* store_open() on other system calls than libc's. */
int store_open_io(struct store **out, const char *dir, enum store_mode mode,
		  const struct store_load *load, void *arg, const struct io *io);

#endif
