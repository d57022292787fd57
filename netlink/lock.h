/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One helper for each target in a network namespace: two would take out each other's entries.
 * A lock is an abstract unix socket (unix(7)): such a name belongs to the network namespace,
 * needs no file, and is free again when the process ends, however it ends.
 */
#ifndef BANISH_NETLINK_LOCK_H
#define BANISH_NETLINK_LOCK_H

#include <stddef.h>
#include <stdint.h>

#include "netlink/options.h"

#define LOCKS_OF_TARGET 4 /* an ipset target has four sets */
#define LOCKS_MAX (WIRE_TARGETS_MAX * LOCKS_OF_TARGET)
#define LOCK_NAME_MAX 64

/* What a worker holds. While its targets are defined anew two of them can use one name. */
struct locks {
	struct {
		char name[LOCK_NAME_MAX];
		int fd;
		uint32_t users; /* a bit for each target; 0: this place is free */
	} at[LOCKS_MAX];
};

/* The names that a target uses, "ipset blacklist" and the like. Returns how many: none for sets
 * of the user's own nft table, where several may add. */
size_t lock_names(char (*out)[LOCK_NAME_MAX], const struct options *options);

/*
 * Take all the locks of target number `target`, which has none. 0; WIRE_FAULT_BUSY: another
 * process of our user or of root has one of them, and its name is copied to `where`; -errno.
 * Somebody else who took the name is no banish, and cannot keep us out.
 */
int locks_take(struct locks *locks, unsigned target, const struct options *options, char *where,
	       size_t size);
void locks_drop(struct locks *locks, unsigned target);

#endif
