/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files beside a log that may have been it. */
#ifndef BANISH_SOURCE_SIBLINGS_H
#define BANISH_SOURCE_SIBLINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "source/stamp.h"

#define SIBLINGS_MAX 4096

struct entry {
	struct stat st;
	struct stamp stamp;
	char name[NAME_MAX + 1];
};

struct siblings {
	int dir;
	char path[PATH_MAX];
	char log[NAME_MAX + 1];
	bool series; /* the log is what a link leads to just now */
	struct entry *entries;
	size_t count, room;
	bool changed; /* while it was read: look again */
};

/* The folder of `path`. 0 or -errno. */
int siblings_open(struct siblings *out, const char *path);
void siblings_close(struct siblings *siblings);
/* Regular files whose name is like the log's, and the one with `inode` whatever its name. 0 or
 * -errno. */
int siblings_read(struct siblings *siblings, ino_t inode);

#endif
