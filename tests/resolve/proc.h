/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder that looks like /proc, with processes as a test wants them. */
#ifndef TESTS_RESOLVE_PROC_H
#define TESTS_RESOLVE_PROC_H

#include <stdint.h>

struct proc {
	char dir[64];
};

void proc_open(struct proc *proc);
void proc_close(struct proc *proc);
/* A process that started `age` ms ago; the one that had this number is gone. */
void proc_put(struct proc *proc, int pid, const char *title, int64_t age);
void proc_own(struct proc *proc, int pid, unsigned uid); /* it is this user's */
void proc_contain(struct proc *proc, int pid);		 /* it is root's, of a container */
void proc_stick(struct proc *proc, int pid);		 /* whoever reads its title waits */
void proc_thread(struct proc *proc, int pid);		 /* the same, for another thread */
void proc_end(struct proc *proc, int pid);

#endif
