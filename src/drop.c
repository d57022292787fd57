/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
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

static int give_files(const struct account *account, int dir)
{
	DIR *list = fdopendir(dup(dir));
	struct dirent *entry;
	struct stat st;

	if (!list)
		return -errno;
	while ((entry = readdir(list)))
		if (!fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid != account->uid &&
		    fchownat(dir, entry->d_name, account->uid, account->gid,
			     AT_SYMLINK_NOFOLLOW)) {
			closedir(list);
			return -errno;
		}
	closedir(list);
	return 0;
}

int account_give_folder(const struct account *account, const char *path, mode_t mode)
{
	int error = 0, dir;
	struct stat st;

	if (mkdir(path, mode) && errno != EEXIST)
		return -errno;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (geteuid() == 0) {
		if (fstat(dir, &st) ||
		    (st.st_uid != account->uid && fchown(dir, account->uid, account->gid)))
			error = -errno;
		else
			error = give_files(account, dir);
	}
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
