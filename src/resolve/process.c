/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "resolve/process.h"

#define STAT_MAX 1024
#define STATUS_MAX 4096	 /* a process may be of many groups */
#define SYSTEM_UIDS 1000 /* login.defs(5): users begin there */
/* Fields of stat, from 1 (proc(5)). */
#define STATE 3
#define THREADS 20
#define STARTED 22

static ssize_t read_file(int dir, const char *name, char *out, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got;

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	got = read(fd, out, size);
	if (got < 0)
		got = -errno;
	close(fd);
	return got;
}

/*
 * The name of the program, in brackets, may hold anything: fields are counted from its end.
 *
 * False: it is not to be looked at. The title is read from the memory of the process, and
 * whoever does that waits while a thread of the process has that memory locked and is itself in
 * uninterruptible sleep ("D"), for a file server that does not answer perhaps for ever.
 * sendmail has one thread. A session at work on a disk is passed over this time.
 */
static bool read_stat(int64_t *started, struct text stat)
{
	const char *end = memrchr(stat.at, ')', stat.len);
	struct text rest, word;
	int64_t threads;

	if (!end)
		return false;
	rest = (struct text){end + 1, (size_t)(stat.at + stat.len - end - 1)};
	for (int field = STATE; text_word(&rest, &word); field++) {
		if (field == STATE && text_equal(word, "D"))
			return false;
		if (field == THREADS && !text_number(word, 1, 1, &threads))
			return false;
		if (field == STARTED)
			return text_number(word, 0, INT64_MAX / 1000, started);
	}
	return false;
}

/* The ids of a process in all namespaces from ours inwards: more than one are of a container.
 */
static bool is_inside(struct text line)
{
	struct text word;
	unsigned ids = 0;

	while (text_word(&line, &word))
		ids++;
	return ids > 1;
}

/*
 * A process of root's, of a server's or of our own. The title is read from the memory of the
 * process, and whoever can have that memory come from a file system of his own (fuse(8)) could
 * have us wait for it for ever. The owner of the folder says nothing: it is root whenever the
 * process does not want to be looked at. Root of a container is root here, too, and the numbers
 * that its logs tell are not those that we see.
 */
static bool is_system(struct text status)
{
	bool system = false, whole = status.len < STATUS_MAX, told = false;
	struct text line, word;
	int64_t uid;

	while (text_line(&status, &line)) {
		if (!text_word(&line, &word))
			continue;
		if (text_equal(word, "Uid:"))
			system = text_word(&line, &word) &&
				 text_number(word, 0, UINT32_MAX, &uid) &&
				 (uid < SYSTEM_UIDS || uid == geteuid());
		if (text_equal(word, "NSpid:")) {
			told = true;
			if (is_inside(line))
				return false;
		}
	}
	/* Kernels without namespaces of this kind do not tell; what was cut may not. */
	return system && (told || whole);
}

static int64_t since_boot(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int look(struct process *out, int dir)
{
	char stat[STAT_MAX], status[STATUS_MAX], cmdline[TITLE_MAX];
	struct process process;
	ssize_t len;
	int64_t started;

	len = read_file(dir, "status", status, sizeof status);
	if (len < 0)
		return (int)len;
	if (!is_system((struct text){status, (size_t)len}))
		return -ESRCH;
	len = read_file(dir, "stat", stat, sizeof stat);
	if (len < 0)
		return (int)len;
	if (!read_stat(&started, (struct text){stat, (size_t)len}))
		return -ESRCH;
	len = read_file(dir, "cmdline", cmdline, sizeof cmdline);
	if (len < 0)
		return (int)len;
	if (!title_parse(&process.title, (struct text){cmdline, (size_t)len}))
		return -ESRCH;
	process.age = since_boot() - started * 1000 / sysconf(_SC_CLK_TCK);
	if (process.age < 0)
		process.age = 0;
	*out = process;
	return 0;
}

/* An open folder of a process is never that of another with the same number. */
int process_look(struct process *out, int proc, const char *pid)
{
	int dir = openat(proc, pid, O_PATH | O_DIRECTORY | O_CLOEXEC), err;

	if (dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	err = look(out, dir);
	close(dir);
	return err;
}
