/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/helper.h"

/* A whole window of full packets. Without the privilege to have it the rest waits for room. */
#define BUFFER_BYTES (1 << 20)
#define WAIT_MS 2000

static void widen(int fd)
{
	int bytes = BUFFER_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* The socket goes to its place first: it may sit on one of the descriptors that are replaced.
 */
static int file_actions(posix_spawn_file_actions_t *actions, int fd)
{
	int error = posix_spawn_file_actions_adddup2(actions, fd, WIRE_FD);

	if (!error)
		error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null",
							 O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null",
							 O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addclosefrom_np(actions, WIRE_FD + 1);
	return -error;
}

/* Its own process group: a Ctrl-C at the terminal is for the daemon, which ends the helper when
 * it has no more use for it. */
static int attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						       POSIX_SPAWN_SETSIGDEF);
	if (!error)
		error = posix_spawnattr_setsigmask(attr, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(attr, &all);
	return -error;
}

static int spawn(pid_t *pid, const char *program, int fd)
{
	char *const argv[] = {"banish-netlink", NULL};
	char *const env[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int error;

	if (posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	if (posix_spawnattr_init(&attr)) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	error = file_actions(&actions, fd);
	if (!error)
		error = attributes(&attr);
	if (!error)
		error = -posix_spawn(pid, program, &actions, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int helper_open(struct helper *out, const char *program)
{
	int pair[2], error;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	widen(pair[0]);
	widen(pair[1]);
	/* O_NONBLOCK belongs to one end alone; the helper waits in its calls. */
	error = fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
	if (!error)
		error = spawn(&pid, program, pair[1]);
	close(pair[1]);
	if (error) {
		close(pair[0]);
		return error;
	}
	*out = (struct helper){pair[0], pid};
	return 0;
}

/* Gone, or not our child: either way there is nothing to wait for. */
static bool gone(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) != 0;
}

static void reap(pid_t pid)
{
	struct pollfd end = {.events = POLLIN};

	if (gone(pid))
		return;
	end.fd = pidfd_open(pid, 0);
	if (end.fd < 0)
		return;
	poll(&end, 1, WAIT_MS);
	close(end.fd);
	gone(pid);
}

void helper_close(struct helper *helper)
{
	if (helper->fd >= 0)
		close(helper->fd);
	if (helper->pid > 0)
		reap(helper->pid);
	*helper = (struct helper){.fd = -1};
}

int helper_send(const struct helper *helper, const void *packet, size_t len)
{
	ssize_t sent;

	do
		sent = send(helper->fd, packet, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

ssize_t helper_receive(const struct helper *helper, union packet *packet)
{
	ssize_t got;

	/* With MSG_TRUNC the whole length comes back, also of what was cut. */
	do
		got = recv(helper->fd, packet, sizeof *packet, MSG_DONTWAIT | MSG_TRUNC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return (size_t)got > sizeof *packet ? -EMSGSIZE : got;
}
