/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "state/folder.h"

#define DAMAGED ".damaged"
#define DAMAGED_KEPT 2 /* generations: what one opening can set aside */
#define DIGITS 8       /* at least; a generation beyond 99999999 just has more */

static const struct {
	const char *prefix, *suffix;
} pattern[] = {
	[FILE_JOURNAL] = {"journal.", ""},
	[FILE_SNAPSHOT] = {"snapshot.", ".gdbm"},
	[FILE_SUM] = {"snapshot.", ".sum"},
	[FILE_NEW] = {"snapshot.", ".gdbm.new"},
};

const char *folder_name(char *out, enum file_kind kind, uint32_t generation)
{
	snprintf(out, FOLDER_NAME_MAX, "%s%0*" PRIu32 "%s", pattern[kind].prefix, DIGITS,
		 generation, pattern[kind].suffix);
	return out;
}

struct name {
	enum file_kind kind;
	uint32_t generation;
	bool damaged; /* it was set aside */
};

static bool parse_as(struct name *out, enum file_kind kind, const char *text)
{
	size_t skip = strlen(pattern[kind].prefix);
	char again[FOLDER_NAME_MAX];
	int64_t n;
	size_t len;

	if (strncmp(text, pattern[kind].prefix, skip) != 0)
		return false;
	len = strspn(text + skip, "0123456789");
	if (!text_number((struct text){text + skip, len}, 1, UINT32_MAX, &n))
		return false;
	len = strlen(folder_name(again, kind, (uint32_t)n));
	if (strncmp(text, again, len) != 0 || (text[len] && strcmp(text + len, DAMAGED) != 0))
		return false;
	*out = (struct name){kind, (uint32_t)n, text[len] != 0};
	return true;
}

static bool parse_name(struct name *out, const char *text)
{
	for (int kind = FILE_JOURNAL; kind <= FILE_NEW; kind++)
		if (parse_as(out, kind, text))
			return true;
	return false;
}

/* Calls `each` for every file of ours. 0 or -errno. */
static int each_name(int dir, int (*each)(void *arg, const struct name *name), void *arg)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct name name;
	int err = 0;

	if (!stream) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (!err && (errno = 0, entry = readdir(stream)))
		if (parse_name(&name, entry->d_name))
			err = each(arg, &name);
	if (!err && errno)
		err = -errno;
	closedir(stream);
	return err;
}

static int append(uint32_t **list, size_t *count, uint32_t generation)
{
	uint32_t *more = reallocarray(*list, *count + 1, sizeof(**list));

	if (!more)
		return -ENOMEM;
	*list = more;
	more[(*count)++] = generation;
	return 0;
}

static int list_name(void *arg, const struct name *name)
{
	struct folder *folder = arg;

	if (name->kind != FILE_JOURNAL && name->kind != FILE_SNAPSHOT)
		return 0;
	if (name->generation > folder->last)
		folder->last = name->generation;
	if (name->kind == FILE_JOURNAL && !name->damaged)
		return append(&folder->journals, &folder->journal_count, name->generation);
	if (name->kind == FILE_SNAPSHOT && !name->damaged)
		return append(&folder->snapshots, &folder->snapshot_count, name->generation);
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void sort(uint32_t *list, size_t count)
{
	if (count)
		qsort(list, count, sizeof(*list), compare);
}

int folder_open(struct folder *out, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*out = (struct folder){.fd = fd};
	return 0;
}

int folder_list(struct folder *folder)
{
	int err = each_name(folder->fd, list_name, folder);

	sort(folder->journals, folder->journal_count);
	sort(folder->snapshots, folder->snapshot_count);
	return err;
}

void folder_close(struct folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	free(folder->journals);
	free(folder->snapshots);
	*folder = (struct folder){.fd = -1};
}

int folder_open_file(int dir, enum file_kind kind, uint32_t generation, bool write)
{
	int flags = (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	char name[FOLDER_NAME_MAX];
	int fd = openat(dir, folder_name(name, kind, generation), flags);
	struct stat st;

	if (fd < 0)
		return errno == ELOOP ? -EINVAL : -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

void folder_remove(int dir, enum file_kind kind, uint32_t generation)
{
	char name[FOLDER_NAME_MAX];

	unlinkat(dir, folder_name(name, kind, generation), 0);
}

#define ASIDE_NAME_MAX (FOLDER_NAME_MAX + sizeof(DAMAGED))

static const char *aside_name(char *out, enum file_kind kind, uint32_t generation)
{
	char name[FOLDER_NAME_MAX];

	snprintf(out, ASIDE_NAME_MAX, "%s" DAMAGED, folder_name(name, kind, generation));
	return out;
}

int folder_set_aside(int dir, enum file_kind kind, uint32_t generation)
{
	char name[FOLDER_NAME_MAX], aside[ASIDE_NAME_MAX];

	folder_name(name, kind, generation);
	return renameat(dir, name, dir, aside_name(aside, kind, generation)) ? -errno : 0;
}

struct tidy {
	int dir;
	uint32_t keep, unfinished;
	uint32_t aside[DAMAGED_KEPT]; /* the newest that were set aside, newest first; or 0 */
};

static int find_aside(void *arg, const struct name *name)
{
	uint32_t generation = name->damaged ? name->generation : 0;
	struct tidy *tidy = arg;

	for (size_t i = 0; i < DAMAGED_KEPT && generation != tidy->aside[i]; i++) {
		uint32_t other = tidy->aside[i];

		if (other > generation)
			continue;
		tidy->aside[i] = generation;
		generation = other;
	}
	return 0;
}

static int tidy_name(void *arg, const struct name *name)
{
	const struct tidy *tidy = arg;
	char aside[ASIDE_NAME_MAX];
	bool old = name->kind == FILE_NEW ? name->generation != tidy->unfinished
					  : name->generation < tidy->keep;

	if (old && !name->damaged)
		folder_remove(tidy->dir, name->kind, name->generation);
	if (name->damaged && name->generation < tidy->aside[DAMAGED_KEPT - 1])
		unlinkat(tidy->dir, aside_name(aside, name->kind, name->generation), 0);
	return 0;
}

void folder_tidy(int dir, uint32_t keep, uint32_t unfinished)
{
	struct tidy tidy = {.dir = dir, .keep = keep, .unfinished = unfinished};

	each_name(dir, find_aside, &tidy);
	each_name(dir, tidy_name, &tidy);
}
