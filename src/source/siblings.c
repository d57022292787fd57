/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a folder in one go: names and inodes have to belong together while files are renamed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/siblings.h"

int siblings_open(struct siblings *out, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	*out = (struct siblings){.dir = -1};
	if (!slash || len >= sizeof(out->path) || strlen(slash + 1) >= sizeof(out->log))
		return -EINVAL;
	memcpy(out->path, path, len);
	snprintf(out->log, sizeof(out->log), "%s", slash + 1);
	out->dir = open(len ? out->path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return out->dir < 0 ? -errno : 0;
}

void siblings_close(struct siblings *siblings)
{
	if (siblings->dir >= 0)
		close(siblings->dir);
	free(siblings->entries);
	*siblings = (struct siblings){.dir = -1};
}

static struct entry *siblings_add(struct siblings *siblings)
{
	size_t room = siblings->room ? 2 * siblings->room : 16;
	struct entry *entries;

	if (siblings->count < siblings->room)
		return &siblings->entries[siblings->count];
	if (room > SIBLINGS_MAX)
		return NULL;
	entries = realloc(siblings->entries, room * sizeof(*entries));
	if (!entries)
		return NULL;
	siblings->entries = entries;
	siblings->room = room;
	return &siblings->entries[siblings->count];
}

static struct stamp siblings_stamp(const struct siblings *siblings, const char *name)
{
	struct stamp stamp = stamp_parse(name, siblings->log);

	return stamp.kind == STAMP_OTHER && siblings->series ? stamp_series(name, siblings->log)
							     : stamp;
}

static int siblings_take(struct siblings *siblings, const struct dirent *found, ino_t inode)
{
	struct stamp stamp = siblings_stamp(siblings, found->d_name);
	size_t stem = (size_t)stamp_stem(siblings->log);
	struct entry *entry;

	if (found->d_type != DT_REG && found->d_type != DT_UNKNOWN)
		return 0;
	if (found->d_ino != inode && stamp.kind == STAMP_OTHER &&
	    strncmp(found->d_name, siblings->log, stem) != 0)
		return 0;
	entry = siblings_add(siblings);
	if (!entry)
		return -ENOMEM;
	if (fstatat(siblings->dir, found->d_name, &entry->st, AT_SYMLINK_NOFOLLOW)) {
		siblings->changed = true;
		return 0;
	}
	/* Renamed since the folder was read: the order of the names would be wrong. */
	siblings->changed |= entry->st.st_ino != found->d_ino;
	if (!S_ISREG(entry->st.st_mode))
		return 0;
	snprintf(entry->name, sizeof(entry->name), "%s", found->d_name);
	entry->stamp = stamp;
	siblings->count++;
	return 0;
}

int siblings_read(struct siblings *siblings, ino_t inode)
{
	int err = 0, fd = openat(siblings->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *found;

	if (!dir) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	siblings->count = 0;
	siblings->changed = false;
	while (!err && (found = readdir(dir)))
		err = siblings_take(siblings, found, inode);
	closedir(dir);
	return err;
}
