/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into the daemon: dies in, or fails, a chosen system call on the state folder.
 *
 *	FAULT_DIR	the folder
 *	FAULT_CALL	which, as "fdatasync:journal"; "*" for any
 *	FAULT_AT	the how many-th of them, from 1
 *	FAULT_WAY	before, after: die by SIGKILL there; short: having written half;
 *			a number: fail with this errno
 *	FAULT_COUNT	so many in a row fail (with a number)
 *	FAULT_FILE	as long as this file is there calls fail, with the errno in it
 *	FAULT_LOG	a file that is told each call that was hit
 *	FAULT_SYNC	"lie": no call that puts data on the disk does anything
 *
 * The kinds of file: journal, new, sum, gdbm, damaged, folder, other. A renamed file is called
 * by what it becomes.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(result, name, ...)                                                                \
	static result (*real)(__VA_ARGS__);                                                    \
	if (!real)                                                                             \
	*(void **)&real = dlsym(RTLD_NEXT, name)

enum way { NONE, BEFORE, AFTER, SHORT, ERROR };

static struct {
	char dir[PATH_MAX];
	const char *call, *log, *file;
	long at, count;
	enum way way;
	int error;
	bool on, lie;
	atomic_long seen;
} fault;

__attribute__((constructor)) static void start(void)
{
	const char *way = getenv("FAULT_WAY"), *dir = getenv("FAULT_DIR");
	const char *at = getenv("FAULT_AT"), *count = getenv("FAULT_COUNT");
	const char *sync = getenv("FAULT_SYNC");

	fault.lie = sync && !strcmp(sync, "lie");
	fault.call = getenv("FAULT_CALL");
	fault.log = getenv("FAULT_LOG");
	fault.file = getenv("FAULT_FILE");
	if (!way || !dir || !fault.call)
		return;
	snprintf(fault.dir, sizeof(fault.dir), "%s", dir);
	fault.at = at ? atol(at) : 1;
	fault.count = count ? atol(count) : 1;
	fault.error = atoi(way);
	fault.way = !strcmp(way, "before")  ? BEFORE
		    : !strcmp(way, "after") ? AFTER
		    : !strcmp(way, "short") ? SHORT
					    : ERROR;
	fault.on = true;
}

static const char *kind_of(const char *name)
{
	size_t len = strlen(name);

	if (len > 8 && !strcmp(name + len - 8, ".damaged"))
		return "damaged";
	if (!strncmp(name, "journal.", 8))
		return "journal";
	if (len > 4 && !strcmp(name + len - 4, ".new"))
		return "new";
	if (len > 4 && !strcmp(name + len - 4, ".sum"))
		return "sum";
	if (len > 5 && !strcmp(name + len - 5, ".gdbm"))
		return "gdbm";
	return "other";
}

/* What a descriptor is of the state folder; NULL: nothing. */
static const char *kind_of_fd(int fd)
{
	char link[40], path[PATH_MAX];
	size_t dir = strlen(fault.dir);
	ssize_t len;

	if (!fault.on)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < (ssize_t)dir || strncmp(path, fault.dir, dir) != 0)
		return NULL;
	path[len] = '\0';
	if (!path[dir])
		return "folder";
	return path[dir] == '/' ? kind_of(path + dir + 1) : NULL;
}

static const char *kind_at(int dir, const char *name)
{
	const char *kind = kind_of_fd(dir);

	return kind && !strcmp(kind, "folder") ? kind_of(name) : NULL;
}

static void tell(const char *call, const char *kind, long number)
{
	static const char *const ways[] = {"", "before", "after", "short", "error"};
	char line[160];
	int len, fd;

	if (!fault.log)
		return;
	len = snprintf(line, sizeof(line), "%s:%s %s %ld\n", call, kind, ways[fault.way],
		       number);
	fd = open(fault.log, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (fd < 0)
		return;
	if (write(fd, line, (size_t)len) < 0)
		abort();
	close(fd);
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* The errno in FAULT_FILE, or 0. */
static int asked_for(void)
{
	int fd = open(fault.file, O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return atoi(text);
}

/* What is to happen in this call. Does not return from BEFORE. */
static enum way strike(const char *call, const char *kind)
{
	char name[80];
	long number;

	if (!kind)
		return NONE;
	snprintf(name, sizeof(name), "%s:%s", call, kind);
	if (strcmp(fault.call, "*") != 0 && strcmp(fault.call, name) != 0)
		return NONE;
	number = ++fault.seen;
	if (fault.file)
		return (errno = asked_for()) ? ERROR : NONE;
	if (number < fault.at || number >= fault.at + fault.count)
		return NONE;
	tell(call, kind, number);
	if (fault.way == BEFORE)
		die();
	if (fault.way == ERROR)
		errno = fault.error;
	return fault.way;
}

/* What to return from a call that was struck AFTER, or not at all. */
static long over(enum way way, long result)
{
	if (way == AFTER || way == SHORT)
		die();
	return result;
}

ssize_t pwrite(int fd, const void *at, size_t len, off_t offset)
{
	enum way way = strike("pwrite", kind_of_fd(fd));

	REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
	if (way == ERROR)
		return -1;
	return over(way, real(fd, at, way == SHORT ? len / 2 : len, offset));
}

ssize_t write(int fd, const void *at, size_t len)
{
	enum way way = strike("write", kind_of_fd(fd));

	REAL(ssize_t, "write", int, const void *, size_t);
	if (way == ERROR)
		return -1;
	return over(way, real(fd, at, way == SHORT ? len / 2 : len));
}

int fdatasync(int fd)
{
	enum way way = strike("fdatasync", kind_of_fd(fd));

	REAL(int, "fdatasync", int);
	if (way == ERROR)
		return -1;
	return (int)over(way, fault.lie ? 0 : real(fd));
}

int fsync(int fd)
{
	enum way way = strike("fsync", kind_of_fd(fd));

	REAL(int, "fsync", int);
	if (way == ERROR)
		return -1;
	return (int)over(way, fault.lie ? 0 : real(fd));
}

int sync_file_range(int fd, off64_t offset, off64_t len, unsigned flags)
{
	REAL(int, "sync_file_range", int, off64_t, off64_t, unsigned);
	return fault.lie ? 0 : real(fd, offset, len, flags);
}

int ftruncate(int fd, off_t len)
{
	enum way way = strike("ftruncate", kind_of_fd(fd));

	REAL(int, "ftruncate", int, off_t);
	if (way == ERROR)
		return -1;
	return (int)over(way, real(fd, len));
}

int openat(int dir, const char *name, int flags, ...)
{
	enum way way = flags & O_CREAT ? strike("openat", kind_at(dir, name)) : NONE;
	mode_t mode = 0;
	va_list args;

	REAL(int, "openat", int, const char *, int, ...);
	if (way == ERROR)
		return -1;
	va_start(args, flags);
	if (flags & O_CREAT)
		mode = (mode_t)va_arg(args, int);
	va_end(args);
	return (int)over(way, real(dir, name, flags, mode));
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	enum way way = strike("renameat", kind_at(to_dir, to));

	REAL(int, "renameat", int, const char *, int, const char *);
	if (way == ERROR)
		return -1;
	return (int)over(way, real(from_dir, from, to_dir, to));
}

int unlinkat(int dir, const char *name, int flags)
{
	enum way way = strike("unlinkat", kind_at(dir, name));

	REAL(int, "unlinkat", int, const char *, int);
	if (way == ERROR)
		return -1;
	return (int)over(way, real(dir, name, flags));
}
