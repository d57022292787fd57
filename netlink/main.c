/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cap-ng.h>

#include "base/log.h"

#include "netlink/parent.h"
#include "netlink/wire.h"

/* banish-netlink: started by banish, with a socketpair on descriptor 3. */

static const char usage[] =
	"usage: banish-netlink [--look MS] [--version] [--help]\n"
	"\n"
	"Puts what banish(8) decides into the kernel. It is started by banish, which gives it "
	"a\n"
	"socketpair as file descriptor 3; there is nothing to be done with it by hand.\n"
	"\n"
	"  --look MS  how often ipsets are looked at, of which the kernel tells nothing "
	"(10000)\n";

#define LOOK_MS 10000

static int arguments(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		puts("banish-netlink " VERSION);
		return 0;
	}
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return 0;
	}
	fputs(usage, stderr);
	return 2;
}

static bool read_look(int *out, const char *text)
{
	char *end;
	long ms = strtol(text, &end, 10);

	if (*end || ms < 1 || ms > INT_MAX)
		return false;
	*out = (int)ms;
	return true;
}

static bool is_socketpair(int fd)
{
	int type = 0, domain = 0;
	socklen_t len = sizeof type;

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_SEQPACKET &&
	       !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_UNIX;
}

/* A descriptor 0, 1 or 2 that is closed would become one of our sockets, and the log's text
 * would go to the kernel. */
static int guard_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return -EBADF;
	close_range(WIRE_FD + 1, ~0u, 0);
	return fcntl(WIRE_FD, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

/* Only CAP_NET_ADMIN is left, and no way to gain another. */
static int drop_privileges(void)
{
	capng_get_caps_process();
	if (!capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN))
		return -EPERM;
	capng_clear(CAPNG_SELECT_ALL);
	capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
	/* Without CAP_SETPCAP the bounding set stays; no_new_privs makes it harmless. */
	capng_apply(CAPNG_SELECT_BOUNDS);
	capng_apply(CAPNG_SELECT_AMBIENT);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -EPERM;
	return 0;
}

/* The end is told by the socketpair alone: a ^C or a stop of the service signals the whole
 * group, while banish still has something to put into the kernel. */
static void ignore_signals(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
}

int main(int argc, char **argv)
{
	int error, look_ms = LOOK_MS;

	if (argc > 1 &&
	    !(argc == 3 && !strcmp(argv[1], "--look") && read_look(&look_ms, argv[2])))
		return arguments(argc, argv);
	if (!is_socketpair(WIRE_FD)) {
		fprintf(stderr,
			"banish-netlink: descriptor %d is no SOCK_SEQPACKET socket: it is "
			"banish that starts this program\n",
			WIRE_FD);
		return 2;
	}
	error = guard_descriptors();
	if (error) {
		log_error("banish-netlink: descriptors: %s", strerror(-error));
		return 1;
	}
	ignore_signals();
	if (drop_privileges() < 0) {
		log_error("banish-netlink: needs CAP_NET_ADMIN: start banish as root");
		return 1;
	}
	return parent_run(WIRE_FD, look_ms);
}
