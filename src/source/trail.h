/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that a log was before: found beside its path by inode and fingerprint, or by a
 * name that a rotation gives ("mail.log.1", "mail.log-20240131", "mail-20240131.log").
 */
#ifndef BANISH_SOURCE_TRAIL_H
#define BANISH_SOURCE_TRAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/position.h"
#include "source/tail.h"

#define TRAIL_MAX 32

/* Files to be read, oldest first. The caller owns the tails. */
struct trail {
	struct tail *tails[TRAIL_MAX];
	size_t count;
	bool more; /* there are newer ones, for which there was no room */
};

/*
 * What was logged after `from` and before `until` (NULL: no end): the file that `from` names,
 * at its offset, and those rotated after it. Empty when that file is not found. Nothing was
 * read of `until`. 0, -errno, or -EAGAIN when files are just being renamed, so that one may be
 * missing.
 */
int trail_from(struct trail *out, const char *path, const struct position *from,
	       const struct tail *until);
/* What was rotated after `after` and before `until`. */
int trail_between(struct trail *out, const char *path, const struct tail *after,
		  const struct tail *until);
/* What multilog left in the folder of `path` before `until`: all of it. */
int trail_all(struct trail *out, const char *path, const struct tail *until);
void trail_close(struct trail *trail); /* closes the tails that are still in it */

#endif
