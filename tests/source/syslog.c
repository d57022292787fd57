/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams on real sockets: in the rig's folder, and on loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/line.h"
#include "base/moment.h"
#include "rig.h"
#include "source/header.h"
#include "source/inlet.h"

static struct rig rig;
static char name[128];

static void setup(void)
{
	setenv("TZ", "UTC0", 1);
	rig_open(&rig);
	rig.dated = true;
	snprintf(name, sizeof(name), "syslog:%s", rig.path);
}

static void teardown(void)
{
	rig_close(&rig);
}

TestSuite(syslog, .init = setup, .fini = teardown, .timeout = 600);

static void receive(void)
{
	rig_open_source(&rig, name);
	rig_turn(&rig);
	cr_assert_eq(source_state(rig.source), SOURCE_LIVE);
}

/* A socket of `type` connected to DIR/log; -1: refused. */
static int to_log(int type)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	memcpy(at.sun_path, rig.path, strlen(rig.path));
	if (!connect(fd, (struct sockaddr *)&at, sizeof(at)))
		return fd;
	close(fd);
	return -1;
}

static int bind_log(int type)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	memcpy(at.sun_path, rig.path, strlen(rig.path));
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(fd, 1), 0);
	return fd;
}

static void say_bytes(int fd, const void *bytes, size_t len)
{
	cr_assert_eq(send(fd, bytes, len, 0), (ssize_t)len, "%m");
}

static void say(int fd, const char *text)
{
	say_bytes(fd, text, strlen(text));
}

static uint64_t dropped(void)
{
	return source_counts(rig.source).dropped;
}

static void expect_waiting(int error)
{
	rig_open_source(&rig, name);
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_expect_eq(source_error(rig.source), error, "%d", source_error(rig.source));
}

Test(syslog, refuses_what_is_no_address_of_this_host_alone)
{
	static const char *const names[] = {
		"syslog:",
		"syslog:log",
		"syslog:udp",
		"syslog:udp:",
		"syslog:udp:5140",
		"syslog:udp:127.0.0.1",
		"syslog:udp:127.0.0.1:",
		"syslog:udp:127.0.0.1:0",
		"syslog:udp:127.0.0.1:65536",
		"syslog:udp:127.0.0.1:+5",
		"syslog:udp::5140",
		"syslog:udp:0.0.0.0:5140",
		"syslog:udp:192.0.2.1:5140",
		"syslog:udp:128.0.0.1:5140",
		"syslog:udp:localhost:5140",
		"syslog:udp:[::]:5140",
		"syslog:udp:::1:5140",
		"syslog:udp:[::1:5140",
		"syslog:udp:[2001:db8::1]:5140",
		"syslog:udp:[::ffff:127.0.0.1]:5140",
		"syslog:udp:[127.0.0.1]:5140",
		"syslog:udp:[]:5140",
		"syslog:tcp:127.0.0.1:5140",
	};
	struct inlet inlet;
	char path[200] = "syslog:/";

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		cr_expect_eq(inlet_parse(&inlet, names[i]), -EINVAL, "%s", names[i]);
	memset(path + 8, 'a', 107);
	cr_expect_eq(inlet_parse(&inlet, path), -EINVAL);
	path[8 + 106] = '\0';
	cr_expect_eq(inlet_parse(&inlet, path), 0);
	cr_expect_eq(inlet_parse(&inlet, "syslog:udp:127.1.2.3:514"), 0);
	cr_expect_eq(inlet_parse(&inlet, "syslog:udp:[::1]:65535"), 0);
}

Test(syslog, a_datagram_is_a_line_with_its_time)
{
	static const struct position nowhere;
	struct position position;
	int fd;

	receive();
	fd = to_log(SOCK_DGRAM);
	say(fd, "<38>2026-06-30T12:00:00.5Z mx sshd[1]: one\nmx sshd[1]: two");
	rig_expect(&rig, "mx sshd[1]: one\\nmx sshd[1]: two\n");
	cr_expect_eq(source_counts(rig.source).lines, 1);
	cr_expect_eq(rig.live, rig.len);
	cr_expect_str_eq(rig.states, "L");
	source_position(rig.source, &position);
	cr_expect_eq(memcmp(&position, &nowhere, sizeof(position)), 0);
	rig_expect_rest(&rig);
	close(fd);
}

Test(syslog, a_run_is_of_one_time)
{
	static const char *const in[] = {
		"<1>2001-09-09T01:46:40Z h a: 1",     "<1>2001-09-09T01:46:40.000Z h a: 2",
		"<1>2001-09-09T01:46:40.001Z h a: 3", "<1>2001-09-09T01:46:40Z h a: 4",
		"<1>2001-09-09T01:46:40Z h a: 5",
	};
	int fd;

	receive();
	fd = to_log(SOCK_DGRAM);
	for (size_t i = 0; i < sizeof(in) / sizeof(*in); i++)
		say(fd, in[i]);
	rig_expect(&rig, "h a: 1\nh a: 2\nh a: 3\nh a: 4\nh a: 5\n");
	cr_expect_eq(rig.runs, 3);
	cr_expect_eq(rig.times[0], INT64_C(1000000000000));
	cr_expect_eq(rig.times[1], INT64_C(1000000000001));
	cr_expect_eq(rig.times[2], INT64_C(1000000000000));
	close(fd);
}

Test(syslog, what_is_no_message_is_counted)
{
	int fd;

	receive();
	fd = to_log(SOCK_DGRAM);
	say(fd, "<999>a: x");
	say(fd, "");
	say(fd, "<13>1 - broken");
	say(fd, "<13>a: good");
	rig_turn(&rig);
	cr_expect_eq(dropped(), 3);
	cr_expect_eq(source_counts(rig.source).lines, 1);
	close(fd);
}

Test(syslog, a_long_datagram_is_cut)
{
	static char big[100000];
	int fd;

	receive();
	fd = to_log(SOCK_DGRAM);
	memset(big, 'x', sizeof(big));
	memcpy(big, "<13>Nov 21 04:00:00 h a: ", 25);
	say_bytes(fd, big, 10000);
	say_bytes(fd, big, sizeof(big));
	rig_turn(&rig);
	cr_expect_eq(source_counts(rig.source).cut, 2);
	cr_expect_eq(source_counts(rig.source).lines, 2);
	cr_expect_eq(rig.len, 2 * HEADER_LINE_MAX);
	/* The header alone takes what is received of it: how it ends is not known. */
	memcpy(big, "<13>1 - h a - - [x y=\"", 22);
	memcpy(big + 16000, "\"] m", 4);
	say_bytes(fd, big, sizeof(big));
	say_bytes(fd, big, 16010);
	rig_turn(&rig);
	cr_expect_eq(dropped(), 1);
	cr_expect_eq(source_counts(rig.source).lines, 3);
	cr_expect_str_eq(rig.got + 2 * HEADER_LINE_MAX, "h a: mxxxxxx\n");
	close(fd);
}

Test(syslog, the_file_is_for_user_and_group_and_removed_at_the_end)
{
	struct stat st;

	umask(077);
	receive();
	cr_assert_eq(lstat(rig.path, &st), 0);
	cr_expect(S_ISSOCK(st.st_mode));
	cr_expect_eq(st.st_mode & 0777, 0660);
	rig_unfollow(&rig);
	cr_expect_eq(lstat(rig.path, &st), -1);
}

Test(syslog, a_socket_that_was_left_is_replaced)
{
	int fd = bind_log(SOCK_DGRAM);

	close(fd);
	receive();
	fd = to_log(SOCK_DGRAM);
	say(fd, "<1>2001-09-09T01:46:40Z h a: 1");
	rig_expect(&rig, "h a: 1\n");
	close(fd);
}

Test(syslog, a_socket_in_use_is_not_replaced)
{
	static const int types[] = {SOCK_DGRAM, SOCK_STREAM, SOCK_SEQPACKET};

	for (size_t i = 0; i < 3; i++) {
		int fd = bind_log(types[i]), other;

		expect_waiting(-EADDRINUSE);
		if (types[i] == SOCK_DGRAM) {
			other = to_log(SOCK_DGRAM);
			say(other, "x");
			cr_expect_eq(recv(fd, (char[1]){0}, 1, MSG_DONTWAIT), 1);
			close(other);
		}
		rig_unfollow(&rig);
		cr_expect_eq(access(rig.path, F_OK), 0);
		close(fd);
		unlink(rig.path);
	}
}

Test(syslog, takes_over_when_the_other_is_gone)
{
	int fd = bind_log(SOCK_DGRAM);

	expect_waiting(-EADDRINUSE);
	close(fd);
	unlink(rig.path);
	rig_expect_state(&rig, SOURCE_LIVE);
	cr_expect_geq(to_log(SOCK_DGRAM), 0);
}

Test(syslog, another_kind_of_file_is_never_touched)
{
	struct stat st;

	rig_write(&rig, "log", "precious\n");
	expect_waiting(-EEXIST);
	rig_unfollow(&rig);
	cr_assert_eq(lstat(rig.path, &st), 0);
	cr_expect(S_ISREG(st.st_mode) && st.st_size == 9);
	rig_rename(&rig, "log", "aside");
	cr_assert_eq(symlink("aside", rig.path), 0);
	expect_waiting(-EEXIST);
	rig_unfollow(&rig);
	cr_assert_eq(lstat(rig.path, &st), 0);
	cr_expect(S_ISLNK(st.st_mode));
	unlink(rig.path);
	cr_assert_eq(mkfifo(rig.path, 0600), 0);
	expect_waiting(-EEXIST);
	rig_unfollow(&rig);
	cr_expect_eq(access(rig.path, F_OK), 0);
}

Test(syslog, a_socket_whose_name_is_gone_is_made_again)
{
	int fd;

	receive();
	fd = to_log(SOCK_DGRAM);
	say(fd, "<1>2001-09-09T01:46:40Z h a: 1");
	unlink(rig.path);
	close(fd);
	while ((fd = to_log(SOCK_DGRAM)) < 0)
		event_base_loop(rig.base, EVLOOP_ONCE);
	say(fd, "<1>2001-09-09T01:46:40Z h a: 2");
	rig_expect(&rig, "h a: 1\nh a: 2\n");
	close(fd);
}

Test(syslog, a_socket_in_its_place_is_not_removed_at_the_end)
{
	int fd;

	receive();
	unlink(rig.path);
	fd = bind_log(SOCK_DGRAM);
	rig_unfollow(&rig);
	cr_expect_eq(access(rig.path, F_OK), 0);
	close(fd);
}

Test(syslog, a_folder_may_come_later)
{
	snprintf(name, sizeof(name), "syslog:%s/run/socket", rig.dir);
	expect_waiting(-ENOENT);
	cr_assert_eq(mkdir(rig_name(&rig, "run"), 0700), 0);
	rig_expect_state(&rig, SOURCE_LIVE);
}

/* Each run but the last is handed over from within a batch that was received whole. */
Test(syslog, a_pause_loses_nothing_that_was_received)
{
	int fd;

	receive();
	fd = to_log(SOCK_DGRAM);
	rig.pause_after = 2;
	say(fd, "<1>2001-09-09T01:46:41Z h a: 1");
	say(fd, "<1>2001-09-09T01:46:42Z h a: 2");
	say(fd, "<1>2001-09-09T01:46:43Z h a: 3");
	say(fd, "<1>2001-09-09T01:46:43Z h a: 4");
	say(fd, "<1>2001-09-09T01:46:45Z h a: 5");
	rig_expect(&rig, "h a: 1\nh a: 2\n");
	say(fd, "<1>2001-09-09T01:46:46Z h a: 6");
	rig_expect_rest(&rig);
	cr_expect_eq(rig.runs, 2);
	source_pause(rig.source, false);
	rig_expect(&rig, "h a: 1\nh a: 2\nh a: 3\nh a: 4\nh a: 5\nh a: 6\n");
	cr_expect_eq(rig.runs, 5);
	close(fd);
}

Test(syslog, may_be_closed_by_what_it_calls)
{
	int fd;

	receive();
	rig.close_in_lines = true;
	fd = to_log(SOCK_DGRAM);
	say(fd, "<1>2001-09-09T01:46:41Z h a: 1");
	say(fd, "<1>2001-09-09T01:46:42Z h a: 2");
	rig_turn(&rig);
	cr_expect_str_eq(rig.got, "h a: 1\n");
	cr_expect_null(rig.source);
	cr_expect_neq(access(rig.path, F_OK), 0);
	close(fd);
}

/* ---- UDP ---- */

static bool any_port(int family, struct sockaddr_storage *at)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in v4 = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(family, SOCK_DGRAM, 0);
	socklen_t len = sizeof(*at);
	bool ok;

	ok = !bind(fd, family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		   family == AF_INET ? sizeof(v4) : sizeof(v6)) &&
	     !getsockname(fd, (struct sockaddr *)at, &len);
	close(fd);
	return ok;
}

static int udp(int family)
{
	struct sockaddr_storage at;
	int fd;

	if (!any_port(family, &at))
		return -1;
	snprintf(name, sizeof(name), "syslog:udp:%s:%u",
		 family == AF_INET ? "127.0.0.1" : "[::1]",
		 ntohs(family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
					 : ((struct sockaddr_in6 *)&at)->sin6_port));
	receive();
	fd = socket(family, SOCK_DGRAM, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

Test(syslog, datagrams_on_loopback)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < 2; i++) {
		int fd = udp(families[i]);

		if (fd < 0)
			continue;
		rig.len = 0;
		say(fd, "<1>2001-09-09T01:46:41Z h a: 1");
		rig_expect(&rig, "h a: 1\n");
		close(fd);
		rig_unfollow(&rig);
	}
}

Test(syslog, a_port_in_use_is_waited_for)
{
	struct sockaddr_storage at;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	cr_assert(any_port(AF_INET, &at));
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(struct sockaddr_in)), 0);
	snprintf(name, sizeof(name), "syslog:udp:127.0.0.1:%u",
		 ntohs(((struct sockaddr_in *)&at)->sin_port));
	expect_waiting(-EADDRINUSE);
	close(fd);
	rig_expect_state(&rig, SOURCE_LIVE);
}

Test(syslog, what_the_kernel_drops_is_counted)
{
	static const char text[] = "<1>2001-09-09T01:46:41Z h a: 1";
	uint64_t sent = 60000, got;
	int fd = udp(AF_INET);

	for (uint64_t i = 0; i < sent; i++)
		say(fd, text);
	for (int i = 0; i < 1000; i++)
		event_base_loop(rig.base, EVLOOP_NONBLOCK);
	got = source_counts(rig.source).lines;
	cr_expect_gt(got, 0);
	cr_expect_gt(dropped(), 0);
	cr_expect_eq(got + dropped(), sent);
	say(fd, text);
	rig_turn(&rig);
	cr_expect_eq(source_counts(rig.source).lines, got + 1);
	cr_expect_eq(got + dropped(), sent);
	close(fd);
}
