/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BANISH_DROP_H
#define BANISH_DROP_H

#include <stdbool.h>
#include <sys/types.h>

/* Whom the daemon runs as. */
struct account {
	uid_t uid;
	gid_t gid;
	bool change; /* we are root and shall not stay it */
};

/* The account for the configured user (NULL: "banish" when it exists, else who we are).
 * 0, or -ENOENT: no such user, -EPERM: we are not root and somebody else. */
int account_find(struct account *account, const char *user);
/* Make the folder when it is missing and give it, and the files of state in it, to the account.
 * 0; -ENOTEMPTY: it is neither the account's nor a folder of state, and holds other files; or
 * -errno. */
int account_give_folder(const struct account *account, const char *path, mode_t mode);
/* Become the account, with no capability but, when that is root, reading any file. 0 or -errno.
 */
int account_become(const struct account *account);

#endif
