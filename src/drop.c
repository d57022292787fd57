/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drop.h"

#define USUAL_USER "banish"

int account_find(struct account *account, const char *user)
{
	struct passwd *entry;

	*account = (struct account){.uid = geteuid(), .gid = getegid()};
	if (!user && account->uid != 0)
		return 0;
	entry = getpwnam(user ? user : USUAL_USER);
	if (!entry)
		return user ? -ENOENT : 0;
	if (entry->pw_uid == account->uid)
		return 0;
	if (account->uid != 0)
		return -EPERM;
	account->uid = entry->pw_uid;
	account->gid = entry->pw_gid;
	account->change = true;
	return 0;
}

/* What state/ writes: its lock, journals and snapshots, whole, unfinished or set aside. */
static bool is_ours(const char *name)
{
	return !strcmp(name, "lock") || !strncmp(name, "journal.", 8) ||
	       !strncmp(name, "snapshot.", 9);
}

static int give_file(const struct account *account, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int error = 0;
	struct stat st;

	if (fd < 0)
		return errno == ELOOP ? 0 : -errno; /* a link is nobody's file of ours */
	if (fstat(fd, &st) ||
	    (S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid != account->uid &&
	     fchown(fd, account->uid, account->gid)))
		error = -errno;
	close(fd);
	return error;
}

/* A folder that is neither the account's, nor empty, nor one where state has been, is somebody
 * else's: /etc by a slip of the pen. -ENOTEMPTY. */
static int look_through(const struct account *account, int dir, bool give)
{
	DIR *list = fdopendir(dup(dir));
	bool others = false, lock = false;
	struct dirent *entry;
	int error = 0;

	if (!list)
		return -errno;
	rewinddir(list);
	while (!error && (entry = readdir(list))) {
		lock |= !strcmp(entry->d_name, "lock");
		if (is_ours(entry->d_name))
			error = give ? give_file(account, dir, entry->d_name) : 0;
		else
			others |= strcmp(entry->d_name, ".") != 0 &&
				  strcmp(entry->d_name, "..") != 0;
	}
	closedir(list);
	return !error && others && !lock ? -ENOTEMPTY : error;
}

static int give_open(const struct account *account, int dir)
{
	struct stat st;
	int error;

	if (fstat(dir, &st))
		return -errno;
	if (st.st_uid != account->uid) {
		error = look_through(account, dir, false);
		if (!error && fchown(dir, account->uid, account->gid))
			error = -errno;
		if (error)
			return error;
	}
	error = look_through(account, dir, true);
	return error == -ENOTEMPTY ? 0 : error;
}

int account_give_folder(const struct account *account, const char *path, mode_t mode)
{
	int error = 0, dir;

	if (mkdir(path, mode) && errno != EEXIST)
		return -errno;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (geteuid() == 0)
		error = give_open(account, dir);
	close(dir);
	return error;
}

int account_become(const struct account *account)
{
	int failed = 0;

	capng_clear(CAPNG_SELECT_BOTH);
	if (account->change) {
		failed = capng_change_id((int)account->uid, (int)account->gid,
					 CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	} else if (account->uid == 0) {
		/* Logs often belong to others: root reads them by this capability alone. */
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_READ_SEARCH);
		failed = capng_apply(CAPNG_SELECT_CAPS);
	}
	if (failed)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}
