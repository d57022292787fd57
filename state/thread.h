/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BANISH_STATE_THREAD_H
#define BANISH_STATE_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* A thread that takes no signals: they are the program's. 0 or -errno. */
int thread_start(pthread_t *out, void *(*run)(void *), void *arg);
/* Wait for `cond` until moment_ticks() is `until`; TIME_FOREVER: without end. */
void thread_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until);

#endif
