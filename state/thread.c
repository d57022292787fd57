/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <time.h>

#include "base/moment.h"
#include "state/thread.h"

int thread_start(pthread_t *out, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(out, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

void thread_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until)
{
	struct timespec at = {until / 1000, until % 1000 * 1000000};

	if (until == TIME_FOREVER)
		pthread_cond_wait(cond, lock);
	else
		pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &at);
}
