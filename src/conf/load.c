/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/expand.h"
#include "conf/load.h"

#define DEPTH_MAX 16 /* of includes within includes */
#define LOAD_FILE_FIRST ((size_t)16 << 10)
#define SHOWN 200

/* The file being read, and through which it was included: on the stack, outermost last. */
struct chain {
	const struct chain *up;
	unsigned depth;
	dev_t dev;
	ino_t ino;
	const char *path;  /* in load->files */
	struct place from; /* the line that includes it; no file: nothing does */
};

static int read_chain(struct load *load, const char *path, struct chain *link);

char *load_path_beside(const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');
	char *path;

	if (*name == '/' || !slash)
		return strdup(name);
	if (asprintf(&path, "%.*s/%s", (int)(slash - file), file, name) < 0)
		return NULL;
	return path;
}

/* ---- one file's bytes ---- */

static int complain(struct load *load, const struct chain *link, const char *path,
		    const char *why)
{
	char shown[SHOWN];

	text_show(text_of(path), shown, sizeof shown);
	if (link->from.file)
		diag_error(load->diag, link->from, "cannot include \"%s\": %s", shown, why);
	else
		diag_error(load->diag, (struct place){path, 0}, "cannot be read: %s", why);
	return -EINVAL;
}

/* For more than `used` bytes. 0, -EFBIG or -ENOMEM. */
static int make_room(char **bytes, size_t *room, size_t used)
{
	char *grown;

	if (used > LOAD_FILE_MAX)
		return -EFBIG;
	if (used < *room)
		return 0;
	*room = *room ? 2 * *room : LOAD_FILE_FIRST;
	grown = realloc(*bytes, *room);
	if (!grown)
		return -ENOMEM;
	*bytes = grown;
	return 0;
}

static int read_bytes(char **out, size_t *len, int fd)
{
	size_t used = 0, room = 0;
	char *bytes = NULL;
	ssize_t got;
	int err = 0;

	do {
		err = make_room(&bytes, &room, used);
		if (err)
			break;
		got = read(fd, bytes + used, room - used);
		if (got > 0)
			used += (size_t)got;
		else if (got < 0 && errno != EINTR)
			err = -errno;
	} while (got && !err);
	if (err) {
		free(bytes);
		return err;
	}
	*out = bytes;
	*len = used;
	return 0;
}

/* A FIFO would block, a device may never end: only regular files are read. */
static int open_regular(int *out, const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0)
		err = -errno;
	else if (S_ISDIR(st->st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st->st_mode))
		err = -ENODEV;
	if (err)
		close(fd);
	else
		*out = fd;
	return err;
}

static int read_file(char **out, size_t *len, const char *path, struct stat *st)
{
	int fd = -1, err = open_regular(&fd, path, st);

	if (err)
		return err;
	err = read_bytes(out, len, fd);
	close(fd);
	return err;
}

int load_bytes(char **out, size_t *len, const char *path)
{
	struct stat st;

	return read_file(out, len, path, &st);
}

const char *load_reason(int err)
{
	if (err == -EFBIG)
		return "it is larger than 8 MiB";
	return err == -ENODEV ? "it is not a regular file" : strerror(-err);
}

/* ---- includes ---- */

/* Of two results the one to return: out of memory ends the work, a mistake does not. */
static int worse(int a, int b)
{
	return a == -ENOMEM || !b ? a : b;
}

static bool in_chain(const struct chain *link)
{
	for (const struct chain *up = link->up; up; up = up->up)
		if (up->dev == link->dev && up->ino == link->ino)
			return true;
	return false;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* PATH with .local for its suffix, when there is such a file beside it. Else 0 and NULL. */
static int local_path(char **out, const char *path)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	size_t stem = dot && (!slash || dot > slash + 1) ? (size_t)(dot - path) : strlen(path);
	char *local;

	*out = NULL;
	if (asprintf(&local, "%.*s.local", (int)stem, path) < 0)
		return -ENOMEM;
	if (strcmp(local, path) != 0 && exists(local))
		*out = local;
	else
		free(local);
	return 0;
}

static int read_local(struct load *load, const char *path, const struct chain *like)
{
	struct chain link = {.up = like->up, .depth = like->depth, .from = like->from};
	char *local;
	int err = local_path(&local, path);

	if (!err && local)
		err = read_chain(load, local, &link);
	free(local);
	return err;
}

/* One line of [INCLUDES]. Only *.local files may be missing: they are the admin's to make. */
static int include(struct load *load, const char *name, struct place from,
		   const struct chain *up)
{
	struct chain link = {.up = up, .depth = up->depth + 1, .from = from};
	char *path = load_path_beside(up->path, name);
	int err = -ENOMEM;

	if (path && link.depth > DEPTH_MAX)
		err = complain(load, &link, name, "includes are nested too deeply");
	else if (path && ends_with(path, ".local") && !exists(path))
		err = 0;
	else if (path)
		err = read_chain(load, path, &link);
	if (!err && load->overlays)
		err = read_local(load, path, &link);
	free(path);
	return err;
}

static int include_lines(struct load *load, const struct value *value, const struct chain *up)
{
	struct value_cursor c = {0};
	int err = 0;
	char *name;

	while (err != -ENOMEM && value_next(value, &c)) {
		if (!c.text.len)
			continue;
		name = text_dup(c.text);
		err = worse(err, name ? include(load, name, c.place, up) : -ENOMEM);
		free(name);
	}
	return err;
}

/* What `one`, just read, names under `key` (before or after); nothing when it does not. */
static int include_list(struct value *out, const struct ini *one, const char *key,
			struct load *load)
{
	struct scope scope = {.ini = one, .section = INI_INCLUDES, .diag = load->diag};
	int err = ini_find(one, text_of(INI_INCLUDES)) ? expand_get(out, &scope, key) : 0;

	return err == -ENOENT ? 0 : err;
}

/* ---- a file and what belongs to it ---- */

static int keep_file(struct load *load, struct chain *link, const char *path)
{
	char **grown = realloc(load->files, (load->file_count + 1) * sizeof *grown);

	if (!grown)
		return -ENOMEM;
	load->files = grown;
	grown[load->file_count] = strdup(path);
	if (!grown[load->file_count])
		return -ENOMEM;
	link->path = grown[load->file_count++];
	return 0;
}

/* Errors in one part do not keep the others from being read, and theirs from being told. */
static int read_parts(struct load *load, struct text text, const struct chain *link)
{
	struct ini one = {0};
	struct value before = {0}, after = {0};
	int err = ini_parse(&one, text, link->path, load->diag);

	if (err != -ENOMEM)
		err = worse(err, include_list(&before, &one, "before", load));
	if (err != -ENOMEM)
		err = worse(err, include_list(&after, &one, "after", load));
	if (err != -ENOMEM)
		err = worse(err, include_lines(load, &before, link));
	if (err != -ENOMEM)
		err = worse(err, ini_merge(load->ini, &one));
	if (err != -ENOMEM)
		err = worse(err, include_lines(load, &after, link));
	ini_clear(&one);
	value_clear(&before);
	value_clear(&after);
	return err;
}

/* A file that includes itself, whatever the way, is read once in that chain. */
static int read_chain(struct load *load, const char *path, struct chain *link)
{
	struct stat st = {0};
	char *bytes = NULL;
	size_t len = 0;
	int err;

	if (load->file_count == LOAD_FILES_MAX)
		return complain(load, link, path, "too many files were read before it");
	err = read_file(&bytes, &len, path, &st);
	link->dev = st.st_dev;
	link->ino = st.st_ino;
	if (err == -ENOMEM)
		return err;
	if (err)
		return complain(load, link, path, load_reason(err));
	if (!in_chain(link)) {
		err = keep_file(load, link, path);
		if (!err)
			err = read_parts(load, (struct text){bytes, len}, link);
	}
	free(bytes);
	return err;
}

int load_file(struct load *load, const char *path)
{
	struct chain link = {0};

	return read_chain(load, path, &link);
}

int load_overlaid(struct load *load, const char *path)
{
	struct chain link = {0};
	int err = read_chain(load, path, &link);

	return err == -ENOMEM ? err : worse(err, read_local(load, path, &link));
}

void load_clear(struct load *load)
{
	load_names_free(load->files, load->file_count);
	load->files = NULL;
	load->file_count = 0;
}

/* ---- directories ---- */

/* Hidden files are left out, as the shell's *.conf leaves them out. */
static int add_name(char ***names, size_t *count, const char *name, const char *suffix)
{
	char **grown;

	if (*name == '.' || !ends_with(name, suffix))
		return 0;
	grown = realloc(*names, (*count + 1) * sizeof *grown);
	if (!grown)
		return -ENOMEM;
	*names = grown;
	grown[*count] = strdup(name);
	if (!grown[*count])
		return -ENOMEM;
	++*count;
	return 0;
}

int load_names(char ***names, size_t *count, const char *dir, const char *suffix)
{
	struct dirent *entry;
	DIR *d = opendir(dir);
	int err = 0;

	if (!d)
		return -errno;
	while (!err && (entry = readdir(d)))
		err = add_name(names, count, entry->d_name, suffix);
	closedir(d);
	return err;
}

void load_names_free(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int load_dir(struct load *load, const char *dir, const char *suffix)
{
	char **names = NULL, *path;
	size_t count = 0;
	int err = load_names(&names, &count, dir, suffix);

	if (err && err != -ENOENT && err != -ENOMEM)
		err = complain(load, &(struct chain){0}, dir, load_reason(err));
	else if (err == -ENOENT)
		err = 0;
	if (count)
		qsort(names, count, sizeof *names, by_name);
	for (size_t i = 0; i < count && err != -ENOMEM; i++) {
		if (asprintf(&path, "%s/%s", dir, names[i]) < 0)
			path = NULL;
		err = worse(err, path ? load_file(load, path) : -ENOMEM);
		free(path);
	}
	load_names_free(names, count);
	return err;
}
