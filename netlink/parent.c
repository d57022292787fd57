/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#include "netlink/nl.h"
#include "netlink/parent.h"
#include "netlink/worker.h"

#define SHORT_LIFE_MS 200 /* a worker that dies sooner is started again more slowly, */
#define KILLED_MS 20	  /* or this, when it was killed: then it is not to blame */
#define DELAY_MAX_MS 5000
#define LAST_WAIT_MS 2000 /* for the worker to notice the end, too */

/*
 * The nfnetlink socket that owns the nft table is made here and inherited, so the table is
 * never without its owner while workers come and go.
 */
struct parent {
	int fd;
	int deaths; /* signalfd of SIGCHLD */
	struct nl nft;
	int look_ms;
	pid_t worker;
	int64_t started; /* ms */
	unsigned hasty;	 /* short lives in a row */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int open_deaths(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* In the child. What remains open is the socketpair and the copy of the owning socket. */
static int be_worker(struct parent *p, pid_t parent)
{
	bool lacks;
	int nft;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return 1; /* it died before that was set */
	close(p->deaths);
	lacks = nl_fd(&p->nft) < 0;
	nft = lacks ? -1 : fcntl(nl_fd(&p->nft), F_DUPFD_CLOEXEC, 4);
	nl_close(&p->nft);
	if (nft < 0 && !lacks)
		return 1;
	return worker_run(p->fd, nft, p->look_ms);
}

static int start_worker(struct parent *p)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(be_worker(p, parent));
	p->worker = pid;
	p->started = now_ms();
	return 0;
}

/* Sleep until the socketpair hangs up (true), a worker died, or `ms` are over. It is not read
 * here: that is the worker's. */
static bool wait_for(const struct parent *p, int ms)
{
	struct pollfd fds[] = {{.fd = p->fd}, {.fd = p->deaths, .events = POLLIN}};
	struct signalfd_siginfo info;

	if (poll(fds, 2, ms) <= 0)
		return false;
	while (read(p->deaths, &info, sizeof info) > 0)
		;
	return fds[0].revents & (POLLHUP | POLLERR | POLLNVAL);
}

static void bury(struct parent *p, int status)
{
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;

	p->worker = 0;
	p->hasty =
		now_ms() - p->started < (killed ? KILLED_MS : SHORT_LIFE_MS) ? p->hasty + 1 : 0;
	if (WIFSIGNALED(status))
		log_warning(
			"banish-netlink: the worker was ended by signal %d, starting another",
			WTERMSIG(status));
	else
		log_warning("banish-netlink: the worker ended with status %d, starting another",
			    WEXITSTATUS(status));
}

/* 0 at once, 20 ms, 40 ms ... */
static int delay(const struct parent *p)
{
	if (!p->hasty)
		return 0;
	return p->hasty < 9 ? 10 << p->hasty : DELAY_MAX_MS;
}

static bool reap(struct parent *p, int *status)
{
	return p->worker && waitpid(p->worker, status, WNOHANG) == p->worker;
}

/* The other side is gone. The worker sees that itself, when it is done with what it does. */
static void finish(struct parent *p)
{
	int64_t end = now_ms() + LAST_WAIT_MS;
	struct pollfd death = {.fd = p->deaths, .events = POLLIN};
	int status;

	while (p->worker && !reap(p, &status) && now_ms() < end)
		if (poll(&death, 1, (int)(end - now_ms())) > 0) {
			struct signalfd_siginfo info;

			while (read(p->deaths, &info, sizeof info) > 0)
				;
		}
}

static int serve(struct parent *p)
{
	bool over = false;
	int status, error;

	while (!over) {
		if (p->worker) {
			over = wait_for(p, -1);
			if (!over && reap(p, &status))
				bury(p, status);
			continue;
		}
		over = wait_for(p, delay(p));
		error = over ? 0 : start_worker(p);
		if (error) {
			log_error("banish-netlink: cannot start a worker: %s",
				  strerror(-error));
			p->hasty++;
		}
	}
	finish(p);
	return 0;
}

int parent_run(int fd, int look_ms)
{
	struct parent p = {.fd = fd, .look_ms = look_ms};
	int status = 1, error = nl_open_if_there(&p.nft, NETLINK_NETFILTER, 0);

	if (error) {
		log_error("banish-netlink: no netfilter socket: %s", strerror(-error));
		return 1;
	}
	p.deaths = open_deaths();
	if (p.deaths < 0) {
		log_error("banish-netlink: no signalfd: %s", strerror(-p.deaths));
	} else {
		status = serve(&p);
		close(p.deaths);
	}
	nl_close(&p.nft);
	return status;
}
