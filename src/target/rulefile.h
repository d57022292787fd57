/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a tcprules target: what is banned as rules, and the database that is made of
 * them and of the administrator's own. Reading and writing wait for the disk: a thread does it.
 */
#ifndef BANISH_TARGET_RULEFILE_H
#define BANISH_TARGET_RULEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/prefix.h"

/* What tells one state of a file from another; ino 0: there is none. */
struct rulefile_stamp {
	ino_t ino;
	off_t size;
	struct timespec written;
};

struct rulefile_stamps {
	struct rulefile_stamp file, cdb, fixed;
};

/* What is to be done, and what came of it. Paths are the caller's. */
struct rulefile {
	const char *file;    /* the bans */
	const char *cdb;     /* bans and own rules, as tcprules makes it; NULL: not made */
	const char *fixed;   /* the own rules, behind the bans; NULL: none */
	bool ipv6;	     /* tcprules is of the build that knows IPv6 */
	bool load;	     /* read first what the file holds, and keep that */
	struct prefix *bans; /* owned; sorted by the writing */
	size_t count;

	struct rulefile_stamps stamps; /* before: as they were left; after: likewise */
	int error;
	char text[256]; /* what is wrong, with its place */
};

/*
 * Each file is written beside itself, synced and renamed, with the permissions it had: the old
 * one stays until the new one is whole. A file that holds what banish did not write is left
 * alone. 0 or -errno, with a text.
 */
int rulefile_write(struct rulefile *rulefile);
/* How the files look now. */
void rulefile_look(const struct rulefile *rulefile, struct rulefile_stamps *out);
bool rulefile_same(const struct rulefile_stamp *a, const struct rulefile_stamp *b);

#endif
