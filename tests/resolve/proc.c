/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"

static void write_file(const struct proc *proc, int pid, const char *name, const char *at,
		       size_t len)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d/%s", proc->dir, pid, name);
	file = fopen(path, "w");
	cr_assert(file);
	cr_assert_eq(fwrite(at, 1, len, file), len);
	cr_assert_eq(fclose(file), 0);
}

void proc_open(struct proc *proc)
{
	strcpy(proc->dir, "/tmp/banish-proc.XXXXXX");
	cr_assert(mkdtemp(proc->dir));
}

void proc_close(struct proc *proc)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r '%s'", proc->dir);
	cr_assert_eq(system(command), 0);
}

static void write_stat(const struct proc *proc, int pid, char state, int threads, int64_t age)
{
	char text[256];
	struct timespec t;
	int64_t started;
	int len;

	clock_gettime(CLOCK_BOOTTIME, &t);
	started = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 - age;
	if (started < 0)
		started = 0; /* this machine runs for less */
	/* The name of a program may hold anything. */
	len = snprintf(
		text, sizeof(text),
		"%d (x) 1 2 3 (y) %c 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 %d 18 %lld 20 21\n",
		pid, state, threads, (long long)started * sysconf(_SC_CLK_TCK) / 1000);
	write_file(proc, pid, "stat", text, (size_t)len);
}

void proc_put(struct proc *proc, int pid, const char *title, int64_t age)
{
	char text[512];

	proc_end(proc, pid);
	snprintf(text, sizeof(text), "%s/%d", proc->dir, pid);
	cr_assert_eq(mkdir(text, 0700), 0);
	write_stat(proc, pid, 'S', 1, age);
	proc_own(proc, pid, getuid());
	memset(text, 0, sizeof(text));
	strcpy(text, title);
	write_file(proc, pid, "cmdline", text, sizeof(text));
}

static void write_status(struct proc *proc, int pid, unsigned uid, const char *inner)
{
	char text[128];
	int len = snprintf(text, sizeof(text),
			   "Name:\tsendmail\nUmask:\t0022\nUid:\t%u\t0\t0\t0\n"
			   "NStgid:\t%d%s\nNSpid:\t%d%s\nNSpgid:\t1\t1\n",
			   uid, pid, inner, pid, inner);

	write_file(proc, pid, "status", text, (size_t)len);
}

void proc_own(struct proc *proc, int pid, unsigned uid)
{
	write_status(proc, pid, uid, "");
}

void proc_contain(struct proc *proc, int pid)
{
	write_status(proc, pid, 0, "\t17");
}

/* A FIFO that nobody writes to: to open it is to wait. */
static void block_title(const struct proc *proc, int pid)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%d/cmdline", proc->dir, pid);
	cr_assert_eq(remove(path), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
}

void proc_stick(struct proc *proc, int pid)
{
	write_stat(proc, pid, 'D', 1, 60000);
	block_title(proc, pid);
}

void proc_thread(struct proc *proc, int pid)
{
	write_stat(proc, pid, 'S', 2, 60000);
	block_title(proc, pid);
}

void proc_end(struct proc *proc, int pid)
{
	static const char *const names[] = {"stat", "status", "cmdline", ""};
	char path[128];

	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%d/%s", proc->dir, pid, names[i]);
		remove(path);
	}
}
