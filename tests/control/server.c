/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "control/call.h"
#include "tests/control/room.h"

TestSuite(server, .timeout = 600);

static void expect(struct room *room, const char *say, const char *hear)
{
	char *heard = room_ask(room, say);

	cr_expect_str_eq(heard, hear, "%.100s: %.200s", say, heard);
	free(heard);
}

Test(server, a_request_is_answered)
{
	struct room room;

	room_open(&room);
	expect(&room,
	       "{\"verb\":\"echo\",\"args\":[\"a\",\"b c\"],\"options\":{\"x\":\"y\"}}\n",
	       "O 0 a\nO 1 b c\nO x=y\nE two\\x0alines\nX 0\n");
	expect(&room, "{\"verb\":\"echo\"}", "O x=(none)\nE two\\x0alines\nX 0\n");
	room_close(&room);
}

Test(server, a_bad_request_is_refused_with_words)
{
	static const char *const table[][2] = {
		{"\n", "E banish: bad request: not a JSON object\nX 2\n"},
		{"GET / HTTP/1.0\r\n", "E banish: bad request: not a JSON object\nX 2\n"},
		{"{\"verb\":\"fly\"}\n", "E banish: the daemon has no command \"fly\"\nX 2\n"},
		{"{\"verb\":\"\\u001b[31m\"}\n",
		 "E banish: the daemon has no command \"\\x1b[31m\"\nX 2\n"},
		{"{\"verb\":\"echo\",\"args\":[7]}\n",
		 "E banish: bad request: \"args\" is not a list of strings\nX 2\n"},
		{"{\"verb\":\"echo\"}\nbody\n", "E banish: this command takes no input\nX 2\n"},
		{"", ""},
	};
	struct room room;

	room_open(&room);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		expect(&room, table[i][0], table[i][1]);
	cr_assert_eq(room.started, 0);
	room_close(&room);
}

Test(server, a_request_that_never_ends_is_cut_off)
{
	struct room room;
	size_t len = CONTROL_REQUEST_MAX + 10;
	char *big = malloc(len + 1);

	memset(big, '[', len);
	big[len] = '\0';
	room_open(&room);
	expect(&room, big, "E banish: bad request: longer than a mebibyte\nX 2\n");
	room_close(&room);
	free(big);
}

Test(server, a_body_too_late_for_a_verb_without_one_is_refused)
{
	struct room room;
	char *heard;
	int fd;

	room_open(&room);
	fd = room_connect(&room);
	room_send(&room, fd, "{\"verb\":\"hang\"}\n", 16);
	room_turn(&room);
	cr_assert_eq(room.started, 1);
	room_say(&room, fd, "192.0.2.1\n");
	heard = room_hear(&room, fd);
	cr_assert_str_eq(heard, "E banish: this command takes no input\nX 2\n");
	cr_assert_eq(room.over, 1);
	free(heard);
	room_close(&room);
}

Test(server, a_request_arrives_in_any_pieces)
{
	const char *say = "{\"verb\":\"count\"}\nab\n\ncde";
	struct room room;
	char *heard;
	int fd;

	room_open(&room);
	fd = room_connect(&room);
	for (const char *at = say; *at; at++) {
		room_send(&room, fd, at, 1);
		room_turn(&room);
	}
	shutdown(fd, SHUT_WR);
	heard = room_hear(&room, fd);
	cr_assert_str_eq(heard, "O 3 lines 5 bytes\nX 0\n");
	free(heard);
	room_close(&room);
}

Test(server, a_long_line_of_a_body_is_cut)
{
	static const char head[] = "{\"verb\":\"count\"}\n";
	struct room room;
	char *say = malloc(400000), *at = say, *heard;

	at += sprintf(at, "%s", head);
	memset(at, 'x', 300000);
	at += 300000;
	at += sprintf(at, "\nshort\n");
	memset(at, 'y', CONTROL_LINE_MAX);
	at += CONTROL_LINE_MAX;
	at += sprintf(at, "\n");
	memset(at, 'z', CONTROL_LINE_MAX + 1);
	at[CONTROL_LINE_MAX + 1] = '\0';
	room_open(&room);
	heard = room_ask(&room, say);
	cr_assert_eq(room.lines, 4);
	cr_assert_eq(room.bytes, 3 * CONTROL_LINE_MAX + 5, "%zu", room.bytes);
	cr_assert_eq(room.longest, CONTROL_LINE_MAX);
	free(heard);
	free(say);
	room_close(&room);
}

Test(server, nul_in_a_body_is_a_byte_like_any)
{
	static const char say[] = "{\"verb\":\"count\"}\na\0b\n";
	struct room room;
	char *heard;
	int fd;

	room_open(&room);
	fd = room_connect(&room);
	room_send(&room, fd, say, sizeof(say) - 1);
	shutdown(fd, SHUT_WR);
	heard = room_hear(&room, fd);
	cr_assert_str_eq(heard, "O 1 lines 3 bytes\nX 0\n");
	free(heard);
	room_close(&room);
}

Test(server, an_answer_larger_than_memory_is_written_in_pieces)
{
	struct room room;
	char *heard;
	size_t lines = 0;

	room_open(&room);
	heard = room_ask(&room, "{\"verb\":\"more\"}\n");
	for (const char *at = heard; (at = strchr(at, '\n')); at++)
		lines++;
	cr_assert_eq(lines, 100001);
	cr_assert_not_null(strstr(heard, "O line 100000\nX 0\n"));
	cr_assert_lt(room.most_out, 20000);
	free(heard);
	room_close(&room);
}

Test(server, a_client_that_reads_nothing_stops_its_own_body)
{
	struct room room;
	char line[101];
	int fd;
	size_t sent = 0;

	memset(line, 'x', 99);
	line[99] = '\n';
	room_open(&room);
	fd = room_connect(&room);
	room_send(&room, fd, "{\"verb\":\"mirror\"}\n", 18);
	for (int i = 0; i < 100000; i++) {
		ssize_t got = send(fd, line, 100, MSG_NOSIGNAL);

		sent += got > 0 ? (size_t)got : 0;
		event_base_loop(room.base, EVLOOP_NONBLOCK);
	}
	cr_assert_lt(sent, 4000000);
	cr_assert_lt(room.most_out, 400000);
	close(fd);
	room_turn(&room);
	cr_assert_eq(room.over, 1);
	room_close(&room);
}

Test(server, a_paused_body_goes_on_where_it_stopped)
{
	struct room room;
	char *heard;
	int fd;

	room_open(&room);
	fd = room_connect(&room);
	room_say(&room, fd, "{\"verb\":\"pause\"}\na\nb\nc\n");
	for (size_t i = 1; i <= 3; i++) {
		room_turn(&room);
		cr_assert_eq(room.lines, i);
		cr_assert_eq(room.ended, 0);
		call_pause(room.call, false);
	}
	heard = room_hear(&room, fd);
	cr_assert_str_eq(heard, "O 3 lines 3 bytes\nX 0\n");
	free(heard);
	room_close(&room);
}

Test(server, a_verb_may_answer_before_the_body_is_over)
{
	struct room room;
	char *heard, *say = calloc(1, 300100);
	int fd;

	room_open(&room);
	fd = room_connect(&room);
	strcpy(say, "{\"verb\":\"early\"}\n");
	for (size_t i = 0; i < 100000; i++)
		strcpy(say + 17 + 2 * i, "x\n");
	room_say(&room, fd, say);
	heard = room_hear(&room, fd);
	cr_assert_str_eq(heard, "E enough\nX 1\n");
	cr_assert_eq(room.lines, 1);
	cr_assert_eq(room.ended, 0);
	free(heard);
	free(say);
	room_close(&room);
}

Test(server, a_peer_that_goes_away_ends_its_call_once)
{
	static const char *const say[] = {"{\"verb\":\"hang\"}\n",
					  "{\"verb\":\"pause\"}\na\nb\n",
					  "{\"verb\":\"count\"}\na\n", "{\"verb\":\"more\"}\n"};
	struct room room;

	room_open(&room);
	for (int half = 0; half < 2; half++)
		for (size_t i = 0; i < 4; i++) {
			int fd = room_connect(&room);

			room_send(&room, fd, say[i], strlen(say[i]));
			if (half && i < 2)
				shutdown(fd, SHUT_WR);
			room_turn(&room);
			cr_assert_eq(room.started, half * 4 + i + 1);
			cr_assert_eq(room.over, half * 4 + i);
			close(fd);
			room_turn(&room);
			cr_assert_eq(room.over, half * 4 + i + 1, "%d %zu", half, i);
		}
	room_close(&room);
}

Test(server, an_answer_may_come_later_from_elsewhere)
{
	struct room room;
	char *heard;
	int fd;

	room_open(&room);
	fd = room_connect(&room);
	room_say(&room, fd, "{\"verb\":\"hang\"}\n");
	room_turn(&room);
	call_out(room.call, "late");
	call_finish(room.call, EXIT_DONE);
	heard = room_hear(&room, fd);
	cr_assert_str_eq(heard, "O late\nX 0\n");
	free(heard);
	room_close(&room);
}

Test(server, two_clients_do_not_wait_for_each_other)
{
	struct room room;
	char *heard;
	int slow, half;

	room_open(&room);
	slow = room_connect(&room);
	room_send(&room, slow, "{\"verb\":\"hang\"}\n", 16);
	half = room_connect(&room);
	room_send(&room, half, "{\"verb\":\"cou", 12);
	room_turn(&room);
	expect(&room, "{\"verb\":\"echo\"}\n", "O x=(none)\nE two\\x0alines\nX 0\n");
	room_say(&room, half, "nt\"}\nx\n");
	heard = room_hear(&room, half);
	cr_assert_str_eq(heard, "O 1 lines 1 bytes\nX 0\n");
	free(heard);
	close(slow);
	room_turn(&room);
	room_close(&room);
}

Test(server, one_connection_too_many_waits_for_its_turn)
{
	struct room room;
	int fd[CONTROL_CALLS_MAX], next;
	char *heard;

	room_open(&room);
	for (size_t i = 0; i < CONTROL_CALLS_MAX; i++) {
		fd[i] = room_connect(&room);
		room_send(&room, fd[i], "{\"verb\":\"hang\"}\n", 16);
		room_turn(&room);
	}
	next = room_connect(&room);
	room_send(&room, next, "{\"verb\":\"echo\"}\n", 16);
	room_turn(&room);
	cr_assert_eq(room.started, CONTROL_CALLS_MAX);
	close(fd[0]);
	heard = room_hear(&room, next);
	cr_assert_str_eq(heard, "O x=(none)\nE two\\x0alines\nX 0\n");
	free(heard);
	for (size_t i = 1; i < CONTROL_CALLS_MAX; i++)
		close(fd[i]);
	room_turn(&room);
	cr_assert_eq(room.over, CONTROL_CALLS_MAX + 1);
	room_close(&room);
}

Test(server, a_silent_client_is_sent_away)
{
	struct room room;
	char *heard;
	int fd;

	room_open(&room);
	room.control->patience_ms = 1;
	fd = room_connect(&room);
	room_send(&room, fd, "{\"verb\":", 8);
	heard = room_hear(&room, fd);
	cr_assert_str_eq(heard, "E banish: no whole request came in time\nX 1\n");
	free(heard);
	room_close(&room);
}

Test(server, the_server_closes_with_calls_open)
{
	struct room room;
	int fd[2];

	room_open(&room);
	for (int i = 0; i < 2; i++) {
		fd[i] = room_connect(&room);
		room_send(&room, fd[i], "{\"verb\":\"hang\"}\n", 16);
		room_turn(&room);
	}
	cr_assert_eq(room.started, 2);
	room_close(&room);
	cr_assert_eq(room.over, 2);
	close(fd[0]);
	close(fd[1]);
}

static int open_again(struct room *room, const char *path)
{
	static const struct control_verb none[] = {{0}};
	struct control *second = NULL;
	int err = control_open(&second, room->base, path, none, NULL);

	cr_assert_eq(!err, second != NULL);
	control_close(second);
	return err;
}

Test(server, a_living_socket_is_not_taken_over)
{
	struct room room;

	room_open(&room);
	cr_assert_eq(open_again(&room, room.path), -EADDRINUSE);
	expect(&room, "{\"verb\":\"echo\"}\n", "O x=(none)\nE two\\x0alines\nX 0\n");
	room_close(&room);
}

Test(server, a_stale_socket_is_replaced_and_another_file_never)
{
	struct room room;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat found;

	room_open(&room);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/stale", room.folder);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	cr_assert_eq(open_again(&room, at.sun_path), 0);
	close(open(at.sun_path, O_CREAT | O_WRONLY, 0600));
	cr_assert_eq(open_again(&room, at.sun_path), -ENOTSOCK);
	cr_assert_eq(stat(at.sun_path, &found), 0);
	unlink(at.sun_path);
	cr_assert_eq(symlink(room.path, at.sun_path), 0);
	cr_assert_eq(open_again(&room, at.sun_path), -ENOTSOCK);
	unlink(at.sun_path);
	room_close(&room);
}

Test(server, a_file_that_is_not_ours_stays_when_we_close)
{
	struct room room;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	room_open(&room);
	cr_assert_eq(unlink(room.path), 0);
	strcpy(at.sun_path, room.path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	control_close(room.control);
	room.control = NULL;
	cr_assert_eq(unlink(room.path), 0);
	room_close(&room);
	close(fd);
}

Test(server, impossible_paths_are_refused)
{
	struct room room;
	char path[300];

	room_open(&room);
	memset(path, 'x', sizeof(path));
	memcpy(path, "/tmp/", 5);
	path[150] = '\0';
	cr_assert_eq(open_again(&room, path), -ENAMETOOLONG);
	cr_assert_eq(open_again(&room, ""), -EINVAL);
	cr_assert_eq(open_again(&room, "/proc/no/such/folder"), -ENOENT);
	cr_assert_eq(open_again(&room, "/dev/null/control"), -ENOTDIR);
	room_close(&room);
}

Test(server, the_file_is_for_its_owner_and_group)
{
	struct room room;
	struct stat found;

	umask(0);
	room_open(&room);
	cr_assert_eq(stat(room.path, &found), 0);
	cr_assert_eq(found.st_mode & 07777, 0660);
	cr_assert_eq(control_chown(room.control, getuid(), getgid()), 0);
	room_close(&room);
}

/* The file's mode keeps strangers out already; with a looser one their uid still does. */
Test(server, a_stranger_is_turned_away)
{
	struct room room;
	char *heard;
	int status;
	pid_t child;

	if (getuid() != 0)
		cr_skip("only root can be a stranger too");
	room_open(&room);
	cr_assert_eq(chmod(room.folder, 0755), 0);
	cr_assert_eq(chmod(room.path, 0666), 0);
	child = fork();
	if (!child) {
		struct control_request request = {.verb = "echo"};

		alarm(300);
		_exit(setgroups(0, NULL) || setgid(65534) || setuid(65534) ||
		      control_ask(room.path, &request, fopen("/dev/null", "w"),
				  fopen("/dev/null", "w")) != EXIT_REFUSED);
	}
	while (waitpid(child, &status, WNOHANG) == 0)
		event_base_loop(room.base, EVLOOP_NONBLOCK);
	cr_assert_eq(status, 0);
	cr_assert_eq(room.started, 0);
	heard = room_ask(&room, "{\"verb\":\"echo\"}\n");
	cr_assert_not_null(strstr(heard, "X 0"));
	free(heard);
	room_close(&room);
}
