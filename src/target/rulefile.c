/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>

#include "target/rulefile.h"
#include "target/tcprule.h"

#define FILE_MAX (256u << 20)
#define NEW_MODE 0644 /* servers of other users read it */
#define SHOWN 120

static int complain(struct rulefile *rulefile, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int complain(struct rulefile *rulefile, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(rulefile->text, sizeof rulefile->text, format, args);
	va_end(args);
	return error;
}

static int complain_errno(struct rulefile *rulefile, const char *path, const char *what)
{
	int error = -errno;
	bool permission = error == -EACCES || error == -EROFS || error == -EPERM;

	return complain(rulefile, error, "%s: cannot %s: %s%s", path, what, strerror(-error),
			permission ? "; the user banish must be able to make files in its "
				     "folder: see contrib/tcpserver/README.md"
				   : "");
}

/* ---- stamps ---- */

static struct rulefile_stamp stamp_of(const struct stat *st)
{
	return (struct rulefile_stamp){st->st_ino, st->st_size, st->st_mtim};
}

static struct rulefile_stamp stamp_path(const char *path)
{
	struct stat st;

	return path && !stat(path, &st) ? stamp_of(&st) : (struct rulefile_stamp){0};
}

void rulefile_look(const struct rulefile *rulefile, struct rulefile_stamps *out)
{
	out->file = stamp_path(rulefile->file);
	out->cdb = stamp_path(rulefile->cdb);
	out->fixed = stamp_path(rulefile->fixed);
}

bool rulefile_same(const struct rulefile_stamp *a, const struct rulefile_stamp *b)
{
	return a->ino == b->ino && a->size == b->size &&
	       a->written.tv_sec == b->written.tv_sec &&
	       a->written.tv_nsec == b->written.tv_nsec;
}

/* ---- reading ---- */

/* All of it. NULL: errno says why. */
static char *read_all(const char *path, size_t *len, struct rulefile_stamp *stamp)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error = 0;
	char *bytes = NULL;
	struct stat st;
	ssize_t got;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st))
		error = errno;
	else if (!S_ISREG(st.st_mode))
		error = EINVAL;
	else if (st.st_size > FILE_MAX)
		error = EFBIG;
	bytes = error ? NULL : malloc((size_t)st.st_size + 1);
	*len = 0;
	while (bytes && *len < (size_t)st.st_size) {
		got = read(fd, bytes + *len, (size_t)st.st_size - *len);
		if (got <= 0)
			break;
		*len += (size_t)got;
	}
	close(fd);
	if (bytes)
		*stamp = stamp_of(&st);
	errno = error ? error : errno;
	return bytes;
}

static int keep(struct rulefile *rulefile, const struct prefix *prefix, size_t *room)
{
	struct prefix *grown;

	if (rulefile->count == *room) {
		*room = *room ? 2 * *room : 1024;
		grown = realloc(rulefile->bans, *room * sizeof *grown);
		if (!grown)
			return -ENOMEM;
		rulefile->bans = grown;
	}
	rulefile->bans[rulefile->count++] = *prefix;
	return 0;
}

/* What is not ours must not be overwritten: `file` may name the wrong one. */
static int take_bans(struct rulefile *rulefile, struct text rest)
{
	size_t room = rulefile->count, number = 0;
	struct prefix prefix;
	char shown[SHOWN];
	struct text line;

	while (text_line(&rest, &line)) {
		number++;
		if (!tcprule_parse(&prefix, line))
			return complain(rulefile, -EEXIST,
					"%s:%zu: \"%s\" is no rule of banish's: give file= a "
					"name of its own",
					rulefile->file, number,
					text_show(line, shown, sizeof shown));
		if (rulefile->load && keep(rulefile, &prefix, &room))
			return complain(rulefile, -ENOMEM, "out of memory");
	}
	return 0;
}

static int check_file(struct rulefile *rulefile)
{
	struct rulefile_stamp now = stamp_path(rulefile->file);
	size_t len;
	char *bytes;
	int error;

	if (!now.ino || (!rulefile->load && rulefile_same(&now, &rulefile->stamps.file)))
		return 0;
	bytes = read_all(rulefile->file, &len, &now);
	if (!bytes)
		return complain_errno(rulefile, rulefile->file, "be read");
	error = take_bans(rulefile, (struct text){bytes, len});
	free(bytes);
	return error;
}

/* ---- a file that takes the place of another ---- */

struct fresh {
	const char *path;
	char temporary[PATH_MAX];
	int fd;
};

static int fresh_open(struct rulefile *rulefile, struct fresh *fresh, const char *path)
{
	struct stat old;

	fresh->path = path;
	snprintf(fresh->temporary, sizeof fresh->temporary, "%s.banish-new", path);
	unlink(fresh->temporary); /* of a daemon that was killed while it wrote */
	fresh->fd = open(fresh->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			 S_IRUSR | S_IWUSR);
	if (fresh->fd < 0)
		return complain_errno(rulefile, fresh->temporary, "be made");
	if (stat(path, &old))
		old = (struct stat){.st_mode = NEW_MODE, .st_gid = (gid_t)-1};
	/* The group can be given only by one who is in it. */
	if (old.st_gid != (gid_t)-1 && fchown(fresh->fd, (uid_t)-1, old.st_gid))
		errno = 0;
	if (fchmod(fresh->fd, old.st_mode & 0777))
		return complain_errno(rulefile, fresh->temporary, "be made readable");
	return 0;
}

static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	int fd;

	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path + 1), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int fresh_use(struct rulefile *rulefile, struct fresh *fresh,
		     struct rulefile_stamp *stamp)
{
	struct stat st;
	int error = 0;

	if (fsync(fresh->fd) || fstat(fresh->fd, &st))
		error = complain_errno(rulefile, fresh->path, "be written");
	else if (rename(fresh->temporary, fresh->path))
		error = complain_errno(rulefile, fresh->path, "be replaced");
	if (error)
		return error;
	*stamp = stamp_of(&st);
	sync_folder(fresh->path);
	return 0;
}

static void fresh_close(struct fresh *fresh, bool used)
{
	if (fresh->fd < 0)
		return;
	close(fresh->fd);
	if (!used)
		unlink(fresh->temporary);
}

/* ---- the bans ---- */

static int by_address(const void *a, const void *b)
{
	const struct prefix *one = a, *two = b;
	int order = one->family - two->family;

	if (!order)
		order = memcmp(one->addr, two->addr, sizeof one->addr);
	return order ? order : one->len - two->len;
}

static int print_bans(struct rulefile *rulefile, int fd)
{
	int copy = dup(fd);
	FILE *out = copy < 0 ? NULL : fdopen(copy, "w");
	char line[TCPRULE_MAX];

	if (!out) {
		if (copy >= 0)
			close(copy);
		return complain_errno(rulefile, rulefile->file, "be written");
	}
	for (size_t i = 0; i < rulefile->count; i++)
		if (tcprule_print(&rulefile->bans[i], line))
			fprintf(out, "%s\n", line);
	return fclose(out) ? complain_errno(rulefile, rulefile->file, "be written") : 0;
}

static int write_bans(struct rulefile *rulefile)
{
	struct fresh fresh = {.fd = -1};
	int error = fresh_open(rulefile, &fresh, rulefile->file);

	if (!error)
		error = print_bans(rulefile, fresh.fd);
	if (!error)
		error = fresh_use(rulefile, &fresh, &rulefile->stamps.file);
	fresh_close(&fresh, !error);
	return error;
}

/* ---- the database ---- */

static int add_record(void *arg, struct text key, struct text data)
{
	struct cdb_make *cdb = arg;

	errno = 0;
	if (!cdb_make_add(cdb, key.at, (unsigned)key.len, data.at, (unsigned)data.len))
		return 0;
	return errno ? -errno : -EIO;
}

static int add_bans(struct rulefile *rulefile, struct cdb_make *cdb)
{
	char line[TCPRULE_MAX];
	int error = 0;

	for (size_t i = 0; i < rulefile->count && !error; i++)
		if (tcprule_print(&rulefile->bans[i], line))
			error = tcprule_read(text_of(line), true, add_record, cdb);
	errno = -error;
	return error ? complain_errno(rulefile, rulefile->cdb, "be written") : 0;
}

static int add_fixed(struct rulefile *rulefile, struct cdb_make *cdb)
{
	size_t len, number = 0;
	char *bytes = read_all(rulefile->fixed, &len, &rulefile->stamps.fixed);
	struct text rest = {bytes, len}, line;
	char shown[SHOWN];
	int error = 0;

	if (!bytes)
		return complain_errno(rulefile, rulefile->fixed, "be read");
	while (!error && text_line(&rest, &line)) {
		number++;
		error = tcprule_read(line, rulefile->ipv6, add_record, cdb);
	}
	if (error == -EINVAL)
		complain(rulefile, error, "%s:%zu: \"%s\" is no rule: %s stays as it was",
			 rulefile->fixed, number, text_show(line, shown, sizeof shown),
			 rulefile->cdb);
	else if (error)
		complain(rulefile, error, "%s: cannot be written: %s", rulefile->cdb,
			 strerror(-error));
	free(bytes);
	return error;
}

static int write_cdb(struct rulefile *rulefile)
{
	struct fresh fresh = {.fd = -1};
	struct cdb_make cdb;
	int error = fresh_open(rulefile, &fresh, rulefile->cdb);

	if (error)
		goto out;
	if (cdb_make_start(&cdb, fresh.fd)) {
		error = complain_errno(rulefile, rulefile->cdb, "be written");
		goto out;
	}
	error = add_bans(rulefile, &cdb);
	if (!error && rulefile->fixed)
		error = add_fixed(rulefile, &cdb);
	if (cdb_make_finish(&cdb) && !error) /* also frees */
		error = complain_errno(rulefile, rulefile->cdb, "be written");
	if (!error)
		error = fresh_use(rulefile, &fresh, &rulefile->stamps.cdb);
out:
	fresh_close(&fresh, !error);
	return error;
}

int rulefile_write(struct rulefile *rulefile)
{
	int error = check_file(rulefile);

	if (rulefile->count)
		qsort(rulefile->bans, rulefile->count, sizeof *rulefile->bans, by_address);
	if (!error)
		error = write_bans(rulefile);
	if (!error && rulefile->cdb)
		error = write_cdb(rulefile);
	rulefile->error = error;
	return error;
}
