/* SPDX-License-Identifier: GPL-2.0-or-later */
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

#include "control/control.h"
#include "tests/control/room.h"

TestSuite(client, .timeout = 600);

static FILE *body_of(size_t lines)
{
	FILE *body = tmpfile();

	for (size_t i = 1; i <= lines; i++)
		fprintf(body, "line %zu\n", i);
	rewind(body);
	fflush(body);
	return body;
}

Test(client, the_answer_is_split_into_both_streams)
{
	const char *args[] = {"a"};
	const char *options[][2] = {{"x", "1\n2"}};
	struct control_request request = {.verb = "echo",
					  .args = args,
					  .arg_count = 1,
					  .options = (const char *const(*)[2])options,
					  .option_count = 1};
	struct room room;
	struct asked asked;

	room_open(&room);
	asked = room_control_ask(&room, &request);
	cr_assert_eq(asked.code, EXIT_DONE);
	cr_assert_str_eq(asked.out, "0 a\nx=1\\x0a2\n");
	cr_assert_str_eq(asked.err, "two\\x0alines\n");
	asked_free(&asked);
	room_close(&room);
}

Test(client, a_line_of_the_answer_may_have_any_length)
{
	struct control_request request = {.verb = "wide"};
	struct room room;
	struct asked asked;

	room_open(&room);
	asked = room_control_ask(&room, &request);
	cr_assert_eq(asked.code, 200);
	cr_assert_eq(asked.out_len, 100001);
	asked_free(&asked);
	room_close(&room);
}

Test(client, a_hundred_thousand_lines_go_up)
{
	struct control_request request = {.verb = "count", .body = body_of(100000)};
	struct room room;
	struct asked asked;

	room_open(&room);
	asked = room_control_ask(&room, &request);
	cr_assert_eq(asked.code, EXIT_DONE);
	cr_assert_str_eq(asked.out, "100000 lines 988895 bytes\n");
	asked_free(&asked);
	room_close(&room);
	fclose(request.body);
}

Test(client, a_hundred_thousand_lines_go_up_and_down_at_once)
{
	struct control_request request = {.verb = "mirror", .body = body_of(100000)};
	struct room room;
	struct asked asked;
	size_t lines = 0;

	room_open(&room);
	asked = room_control_ask(&room, &request);
	cr_assert_eq(asked.code, EXIT_DONE);
	for (const char *at = asked.out; (at = strchr(at, '\n')); at++)
		lines++;
	cr_assert_eq(lines, 100000);
	cr_assert_not_null(strstr(asked.out, "\n100000:line 100000\n"));
	cr_assert_lt(room.most_out, 400000);
	asked_free(&asked);
	room_close(&room);
	fclose(request.body);
}

Test(client, an_early_answer_ends_the_asking)
{
	struct control_request request = {.verb = "early", .body = body_of(100000)};
	struct room room;
	struct asked asked;

	room_open(&room);
	asked = room_control_ask(&room, &request);
	cr_assert_eq(asked.code, EXIT_REFUSED);
	cr_assert_str_eq(asked.err, "enough\n");
	asked_free(&asked);
	room_close(&room);
	fclose(request.body);
}

Test(client, more_arguments_than_fit_are_refused_before_they_are_sent)
{
	const char **args = calloc(CONTROL_ARGS_MAX + 1, sizeof(*args));
	struct control_request request = {
		.verb = "echo", .args = args, .arg_count = CONTROL_ARGS_MAX + 1};
	struct room room;
	struct asked asked;

	for (size_t i = 0; i < request.arg_count; i++)
		args[i] = "x";
	room_open(&room);
	asked = room_control_ask(&room, &request);
	cr_assert_eq(asked.code, EXIT_USAGE);
	cr_assert_str_eq(asked.err, "banish: too many arguments for one request\n");
	asked_free(&asked);
	room_close(&room);
	free(args);
}

static int ask_nobody(const char *path, char *err, size_t size)
{
	struct control_request request = {.verb = "echo"};
	FILE *to = fmemopen(err, size, "w");
	int code = control_ask(path, &request, to, to);

	fclose(to);
	return code;
}

Test(client, no_daemon_is_said_in_words)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char err[300], path[200] = "/tmp/banish-control-XXXXXX";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	cr_assert_eq(ask_nobody("/nonexistent/control", err, sizeof(err)), EXIT_NO_DAEMON);
	cr_assert_str_eq(err, "banish: no daemon at /nonexistent/control "
			      "(is banish.service running?)\n");
	cr_assert_not_null(mkdtemp(path));
	strcat(path, "/control");
	strcpy(at.sun_path, path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	cr_assert_eq(ask_nobody(path, err, sizeof(err)), EXIT_NO_DAEMON);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	memset(path, 'x', 150);
	path[150] = '\0';
	cr_assert_eq(ask_nobody(path, err, sizeof(err)), EXIT_REFUSED);
	cr_assert_not_null(strstr(err, ": too long for a socket, 107 bytes are the most\n"));
}

/* A daemon that dies: a listener that closes what it accepts. */
Test(client, a_daemon_that_goes_away_is_said_in_words)
{
	static const char *const parts[] = {"", "O half", "O whole\n", "X", "X 0"};
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char err[300], path[64] = "/tmp/banish-control-XXXXXX";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	cr_assert_not_null(mkdtemp(path));
	strcat(path, "/control");
	strcpy(at.sun_path, path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(fd, 5), 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		pid_t child = fork();
		int code;

		if (!child) {
			int peer = accept(fd, NULL, NULL);

			_exit(write(peer, parts[i], strlen(parts[i])) < 0);
		}
		code = ask_nobody(path, err, sizeof(err));
		waitpid(child, NULL, 0);
		cr_expect_eq(code, EXIT_NO_DAEMON, "%s", parts[i]);
		cr_expect_not_null(strstr(err, "went away before it answered"));
	}
	close(fd);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

Test(client, a_socket_we_may_not_use_is_refused_in_words)
{
	struct room room;
	pid_t child;
	int status;

	if (getuid() != 0)
		cr_skip("only root can be a stranger too");
	room_open(&room);
	chmod(room.folder, 0755);
	child = fork();
	if (!child) {
		char err[300];

		alarm(300);
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534) ||
		    ask_nobody(room.path, err, sizeof(err)) != EXIT_REFUSED)
			_exit(1);
		_exit(!strstr(err, "permission denied"));
	}
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0);
	room_close(&room);
}
