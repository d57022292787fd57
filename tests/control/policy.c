/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy sockets, with real connections on a real loop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "control/frame.h"
#include "control/policy.h"

#define GENEROUS_MS 20000

static const char captured[] = "request=smtpd_access_policy\n"
			       "protocol_state=DATA\n"
			       "protocol_name=ESMTP\n"
			       "client_address=198.51.100.10\n"
			       "client_name=mail.client.example\n"
			       "client_port=59685\n"
			       "reverse_client_name=mail.client.example\n"
			       "server_address=192.0.2.1\n"
			       "server_port=25\n"
			       "helo_name=client.example\n"
			       "sender=a@good.example\n"
			       "recipient=alice@example.net\n"
			       "recipient_count=1\n"
			       "queue_id=F19FDAA805D\n"
			       "instance=14b5.6b00d990.f0746.0\n"
			       "size=0\n"
			       "etrn_domain=\n"
			       "stress=\n"
			       "sasl_method=\n"
			       "sasl_username=\n"
			       "sasl_sender=\n"
			       "ccert_subject=\n"
			       "ccert_issuer=\n"
			       "ccert_fingerprint=\n"
			       "ccert_pubkey_fingerprint=\n"
			       "encryption_protocol=\n"
			       "encryption_cipher=\n"
			       "encryption_keysize=0\n"
			       "policy_context=\n"
			       "\n";

static struct {
	char folder[64], path[96];
	struct event_base *base;
	struct policy *policy;
	unsigned calls, lines;
} inn;

/* The answer names the client, so that order shows. */
static void on_request(void *arg, const struct policy_request *request, char *answer)
{
	struct text address = policy_value(request, "client_address");

	(void)arg;
	inn.calls++;
	snprintf(answer, POLICY_ANSWER_MAX, "dunno %.*s", (int)address.len, address.at);
}

static void on_more(void *arg, struct policy_peer *peer, uint32_t cursor)
{
	(void)arg;
	for (uint32_t end = cursor + 500; cursor < end && cursor < 100000; cursor++)
		policy_say(peer, "row %06u", (unsigned)cursor);
	cr_expect_leq(evbuffer_get_length(peer->out), 500u * 11);
	if (cursor < 100000)
		policy_more(peer, cursor);
	else
		policy_say(peer, "%s", "");
}

static void on_line(void *arg, struct policy_peer *peer, struct text line)
{
	inn.lines++;
	if (text_equal(line, "all"))
		on_more(arg, peer, 0);
	else
		policy_say(peer, "<%.*s>\n", (int)line.len, line.at);
}

static const struct policy_events requests = {.request = on_request};
static const struct policy_events commands = {.line = on_line, .more = on_more};

static void inn_open(const struct policy_events *events, uint32_t peers, int patience_ms)
{
	const struct policy_limits limits = {peers, patience_ms};

	memset(&inn, 0, sizeof inn);
	strcpy(inn.folder, "/tmp/banish-policy.XXXXXX");
	cr_assert(mkdtemp(inn.folder));
	snprintf(inn.path, sizeof inn.path, "%s/socket", inn.folder);
	inn.base = event_base_new();
	cr_assert_eq(
		policy_open_limited(&inn.policy, inn.base, inn.path, events, NULL, &limits), 0);
}

static void inn_close(void)
{
	policy_close(inn.policy);
	event_base_free(inn.base);
	cr_expect_neq(access(inn.path, F_OK), 0);
	cr_expect_eq(rmdir(inn.folder), 0);
}

static void turn(void)
{
	event_base_loop(inn.base, EVLOOP_NONBLOCK);
}

static int dial(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(at.sun_path, inn.path, strlen(inn.path) + 1);
	cr_assert_geq(fd, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	turn();
	return fd;
}

/* All of it, while the loop runs; false when the other side has hung up. */
static bool say(int fd, const char *at, size_t len)
{
	ssize_t sent;

	while (len) {
		sent = send(fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN)
			return false;
		at += sent > 0 ? sent : 0;
		len -= sent > 0 ? (size_t)sent : 0;
		turn();
	}
	return true;
}

/* What comes until `len` bytes are there or the other side hangs up; to be freed. */
static char *hear(int fd, size_t len, bool *end)
{
	char *text = calloc(1, len + 1);
	int64_t until = moment_ticks() + GENEROUS_MS;
	size_t have = 0;
	ssize_t got;

	*end = false;
	while (have < len && !*end && moment_ticks() < until) {
		turn();
		got = recv(fd, text + have, len - have, MSG_DONTWAIT);
		*end = !got || (got < 0 && errno != EAGAIN);
		have += got > 0 ? (size_t)got : 0;
	}
	return text;
}

static void expect_heard(int fd, const char *expected, const char *what)
{
	bool end;
	char *text = hear(fd, strlen(expected), &end);

	cr_expect_str_eq(text, expected, "%s: \"%s\"", what, text);
	free(text);
}

static void expect_end(int fd, const char *what)
{
	bool end;
	char *text = hear(fd, 1, &end);

	cr_expect(end, "%s: goes on", what);
	cr_expect_str_eq(text, "", "%s: \"%s\"", what, text);
	free(text);
}

static void expect_silence(int fd, const char *what)
{
	char byte;

	turn();
	cr_expect_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1, "%s", what);
	cr_expect_eq(errno, EAGAIN, "%s", what);
}

#define ANSWER "action=dunno 198.51.100.10\n\n"

Test(policy, a_request_may_be_split_at_any_byte)
{
	int fd;

	inn_open(&requests, 10, GENEROUS_MS);
	fd = dial();
	for (size_t cut = 1; cut < sizeof captured - 1; cut++) {
		char what[32];

		snprintf(what, sizeof what, "cut at %zu", cut);
		say(fd, captured, cut);
		turn();
		expect_silence(fd, what);
		say(fd, captured + cut, sizeof captured - 1 - cut);
		expect_heard(fd, ANSWER, what);
	}
	for (size_t i = 0; i < sizeof captured - 1; i++)
		say(fd, captured + i, 1);
	expect_heard(fd, ANSWER, "byte by byte");
	cr_expect_eq(policy_counts(inn.policy).bad, 0u);
	close(fd);
	turn();
	cr_expect_eq(policy_counts(inn.policy).peers, 0u);
	inn_close();
}

Test(policy, pipelined_requests_are_answered_in_order_however_they_are_cut)
{
	char all[6000] = "", expected[6000] = "";
	size_t len;
	int fd;

	for (int i = 0; i < 100; i++) {
		sprintf(all + strlen(all), "request=smtpd_access_policy\nclient_address=%d\n\n",
			i);
		sprintf(expected + strlen(expected), "action=dunno %d\n\n", i);
	}
	len = strlen(all);
	inn_open(&requests, 10, GENEROUS_MS);
	fd = dial();
	for (size_t piece = 1; piece < 200; piece += 13) {
		for (size_t at = 0; at < len; at += piece)
			say(fd, all + at, len - at < piece ? len - at : piece);
		expect_heard(fd, expected, "pieces");
	}
	say(fd, all, len);
	expect_heard(fd, expected, "at once");
	close(fd);
	inn_close();
}

static const struct {
	const char *what, *text;
	size_t len; /* 0: a string */
	bool ends;  /* the connection does, too */
} wrong[] = {
	{"no attribute", "\n", 0, false},
	{"no name", "=x\n\n", 0, false},
	{"no equals sign", "client_address=192.0.2.1\nhello\n\n", 0, false},
	{"a name with a blank", "client address=192.0.2.1\n\n", 0, false},
	{"a name with NUL", "client\0address=192.0.2.1\n\n", 26, false},
	{"of another kind", "request=junk\nclient_address=192.0.2.1\n\n", 0, false},
	{"CR LF", "request=smtpd_access_policy\r\nclient_address=192.0.2.1\r\n\r\n", 0, true},
	{"CR LF and nothing else", "\r\n", 0, true},
};

Test(policy, what_is_no_request_gets_dunno_at_once)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		int fd;

		inn_open(&requests, 10, GENEROUS_MS);
		fd = dial();
		say(fd, wrong[i].text, wrong[i].len ? wrong[i].len : strlen(wrong[i].text));
		expect_heard(fd, "action=DUNNO\n\n", wrong[i].what);
		cr_expect_eq(inn.calls, 0u, "%s", wrong[i].what);
		cr_expect_eq(policy_counts(inn.policy).bad, 1u, "%s", wrong[i].what);
		if (wrong[i].ends) {
			expect_end(fd, wrong[i].what);
		} else {
			say(fd, captured, sizeof captured - 1);
			expect_heard(fd, ANSWER, wrong[i].what);
		}
		close(fd);
		inn_close();
	}
}

Test(policy, a_value_may_hold_anything_but_a_newline)
{
	static const char odd[] = "sender=a\0b\rc=d \xff\x80\nclient_address=192.0.2.1\n\n";
	int fd;

	inn_open(&requests, 10, GENEROUS_MS);
	fd = dial();
	say(fd, odd, sizeof odd - 1);
	expect_heard(fd, "action=dunno 192.0.2.1\n\n", "odd bytes");
	close(fd);
	inn_close();
}

Test(policy, too_many_attributes_are_no_request)
{
	char text[4096] = "";
	int fd;

	for (int i = 0; i <= POLICY_ATTRIBUTES_MAX; i++)
		sprintf(text + strlen(text), "a%d=x\n", i);
	strcat(text, "\n");
	inn_open(&requests, 10, GENEROUS_MS);
	fd = dial();
	say(fd, text, strlen(text));
	expect_heard(fd, "action=DUNNO\n\n", "65 attributes");
	close(fd);
	inn_close();
}

/* One line, or many; with or without an end somewhere behind what may be. */
Test(policy, ten_megabytes_end_the_connection_and_are_not_kept)
{
	static const char *const units[] = {"x", "sender=a@b.example\n"};

	for (size_t i = 0; i < 2; i++) {
		size_t unit = strlen(units[i]), len = (size_t)10 << 20;
		char *text = malloc(len);
		int fd;

		for (size_t at = 0; at < len; at++)
			text[at] = units[i][at % unit];
		inn_open(&requests, 10, GENEROUS_MS);
		fd = dial();
		say(fd, text, POLICY_REQUEST_MAX + 8192);
		expect_heard(fd, "action=DUNNO\n\n", units[i]);
		say(fd, text, len);
		cr_expect_eq(inn.calls, 0u);
		if (policy_counts(inn.policy).peers)
			cr_expect_eq(evbuffer_get_length(TAILQ_FIRST(&inn.policy->peers)->in),
				     0u);
		expect_end(fd, units[i]);
		free(text);
		close(fd);
		inn_close();
	}
}

Test(policy, the_longest_request_is_answered_and_one_byte_more_is_not)
{
	static const char end[] = "\nclient_address=192.0.2.1\n\n";
	char text[POLICY_REQUEST_MAX + 2];
	int fd;

	memset(text, 'x', sizeof text);
	memcpy(text, "sender=", 7);
	memcpy(text + POLICY_REQUEST_MAX - (sizeof end - 1), end, sizeof end - 1);
	inn_open(&requests, 10, GENEROUS_MS);
	fd = dial();
	say(fd, text, POLICY_REQUEST_MAX);
	expect_heard(fd, "action=dunno 192.0.2.1\n\n", "the longest");
	memmove(text + 8, text + 7, POLICY_REQUEST_MAX - 7);
	say(fd, text, POLICY_REQUEST_MAX + 1);
	expect_heard(fd, "action=DUNNO\n\n", "longer");
	expect_end(fd, "longer");
	close(fd);
	inn_close();
}

Test(policy, a_request_without_an_end_gets_dunno_when_patience_is_over)
{
	int fd;

	inn_open(&requests, 10, 1);
	fd = dial();
	say(fd, captured, sizeof captured - 2);
	expect_heard(fd, "action=DUNNO\n\n", "no empty line");
	expect_end(fd, "no empty line");
	close(fd);
	fd = dial();
	say(fd, captured, sizeof captured - 2);
	shutdown(fd, SHUT_WR);
	expect_heard(fd, "action=DUNNO\n\n", "no empty line, and no more");
	expect_end(fd, "no empty line, and no more");
	close(fd);
	inn_close();
}

/* There is always a part of one more, but never the same for long. */
Test(policy, requests_that_overlap_each_have_their_own_time)
{
	const size_t half = sizeof captured / 2;
	const int patience = 600;
	char both[sizeof captured - 1];
	int64_t end, before, slowest = 0;
	int fd;

	memcpy(both, captured + half, sizeof both - half);
	memcpy(both + sizeof both - half, captured, half);
	inn_open(&requests, 10, patience);
	fd = dial();
	say(fd, captured, half);
	end = moment_ticks() + 2 * patience;
	while (moment_ticks() < end && 2 * slowest < patience) {
		bool over, whole;
		char *text;

		before = moment_ticks();
		usleep(20000);
		whole = say(fd, both, sizeof both);
		text = hear(fd, strlen(ANSWER), &over);
		if (moment_ticks() - before > slowest)
			slowest = moment_ticks() - before;
		/* A machine that stands still for so long says nothing. */
		cr_expect((whole && !over && !strcmp(text, ANSWER)) || 2 * slowest >= patience,
			  "\"%s\"", text);
		free(text);
		if (over)
			break;
	}
	close(fd);
	inn_close();
}

Test(policy, a_socket_whose_file_is_not_its_own_is_lost)
{
	inn_open(&requests, 10, 1);
	cr_expect_not(policy_is_lost(inn.policy));
	cr_expect_eq(unlink(inn.path), 0);
	cr_expect(policy_is_lost(inn.policy), "removed");
	cr_expect_eq(mkdir(inn.path, 0700), 0);
	cr_expect(policy_is_lost(inn.policy), "another's");
	cr_expect_eq(rmdir(inn.path), 0);
	inn_close();
}

Test(policy, an_idle_connection_stays)
{
	int fd;

	inn_open(&requests, 10, 1);
	fd = dial();
	say(fd, captured, sizeof captured - 1);
	expect_heard(fd, ANSWER, "before");
	for (int i = 0; i < 20; i++) {
		struct timeval tv = {0, 1000};

		event_base_loopexit(inn.base, &tv);
		event_base_dispatch(inn.base);
	}
	say(fd, captured, sizeof captured - 1);
	expect_heard(fd, ANSWER, "after");
	close(fd);
	inn_close();
}

Test(policy, for_one_connection_too_many_the_quietest_is_closed)
{
	int fds[11];

	inn_open(&requests, 10, GENEROUS_MS);
	for (int i = 0; i < 10; i++)
		fds[i] = dial();
	say(fds[0], captured, sizeof captured - 1);
	expect_heard(fds[0], ANSWER, "the first");
	fds[10] = dial();
	say(fds[10], captured, sizeof captured - 1);
	expect_heard(fds[10], ANSWER, "one too many");
	expect_end(fds[1], "the quietest");
	expect_silence(fds[0], "the first");
	cr_expect_eq(policy_counts(inn.policy).crowded, 1u);
	cr_expect_eq(policy_counts(inn.policy).peers, 10u);
	for (int i = 0; i < 11; i++)
		close(fds[i]);
	inn_close();
}

Test(policy, one_that_does_not_read_its_answers_is_read_no_more)
{
	static const char small[] = "a=b\n\n";
	unsigned sent = 0, before;
	char *text;
	bool end;
	int fd;

	inn_open(&requests, 10, GENEROUS_MS);
	fd = dial();
	while (send(fd, small, sizeof small - 1, MSG_DONTWAIT) == sizeof small - 1) {
		sent++;
		turn();
	}
	before = inn.calls;
	for (int i = 0; i < 10; i++)
		turn();
	cr_expect_eq(inn.calls, before);
	cr_expect_lt(inn.calls, sent);
	cr_expect_leq(evbuffer_get_length(TAILQ_FIRST(&inn.policy->peers)->out), 66000u);
	/* The last may have gone in part. */
	shutdown(fd, SHUT_WR);
	text = hear(fd, sent * strlen("action=dunno \n\n"), &end);
	cr_expect_eq(strlen(text), sent * strlen("action=dunno \n\n"));
	cr_expect_geq(inn.calls, sent);
	free(text);
	close(fd);
	inn_close();
}

Test(policy, whoever_goes_away_is_forgotten)
{
	inn_open(&requests, 10, GENEROUS_MS);
	for (int i = 0; i < 50; i++) {
		int fd = dial();

		send(fd, captured, i % 2 ? sizeof captured - 1 : 100, 0);
		close(fd);
		for (int j = 0; j < 4; j++)
			turn();
	}
	cr_expect_eq(policy_counts(inn.policy).peers, 0u);
	inn_close();
}

static const struct {
	const char *text, *answer;
	bool shut, ends;
} lines[] = {
	{"info\n", "<info>\n\n", false, false},
	{"check=192.0.2.1\r\n", "<check=192.0.2.1>\n\n", false, false},
	{"info", "<info>\n\n", true, true},
	{"\n", "<>\n\n", false, false},
	{"a\nb\n", "<a>\n\n<b>\n\n", false, false},
};

Test(policy, commands_are_lines)
{
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		int fd;

		inn_open(&commands, 10, GENEROUS_MS);
		fd = dial();
		say(fd, lines[i].text, strlen(lines[i].text));
		if (lines[i].shut)
			shutdown(fd, SHUT_WR);
		expect_heard(fd, lines[i].answer, lines[i].text);
		if (lines[i].ends)
			expect_end(fd, lines[i].text);
		close(fd);
		inn_close();
	}
}

Test(policy, a_command_that_is_too_long_ends_the_connection)
{
	char text[POLICY_LINE_MAX + 2];
	int fd;

	memset(text, 'x', sizeof text);
	inn_open(&commands, 10, GENEROUS_MS);
	fd = dial();
	say(fd, text, sizeof text);
	expect_heard(fd, "error: the line is too long\n\n", "long");
	expect_end(fd, "long");
	close(fd);
	inn_close();
}

Test(policy, a_long_answer_goes_out_in_pieces_also_to_one_that_has_said_all)
{
	size_t len = (size_t)100000 * 11 + 1;
	char *text;
	bool end;
	int fd;

	inn_open(&commands, 10, GENEROUS_MS);
	fd = dial();
	say(fd, "all\n", 4);
	shutdown(fd, SHUT_WR);
	text = hear(fd, len + 1, &end);
	cr_expect(end);
	cr_expect_eq(strlen(text), len);
	cr_expect(!strncmp(text + len - 12, "row 099999\n\n", 12));
	free(text);
	close(fd);
	inn_close();
}

Test(policy, a_socket_of_one_that_is_gone_is_replaced_and_a_living_one_is_not)
{
	struct policy *second = NULL;

	inn_open(&requests, 10, GENEROUS_MS);
	cr_expect_eq(policy_open(&second, inn.base, inn.path, &requests, NULL), -EADDRINUSE);
	cr_expect_eq(policy_open(&second, inn.base, "127.0.0.1", &requests, NULL), -EINVAL);
	cr_expect_eq(policy_open(&second, inn.base, "localhost:60001", &requests, NULL),
		     -EINVAL);
	inn_close();
}

/* ---- a request as a line ---- */

static const struct {
	const char *request, *line;
} prints[] = {
	{"client_address=192.0.2.1\nsender=a@b\nprotocol_state=RCPT\n\n",
	 "policy: protocol_state=RCPT client_address=192.0.2.1 sender=a@b\n"},
	{"helo_name=x client_address=192.0.2.9\nclient_address=192.0.2.1\n\n",
	 "policy: protocol_state= client_address=192.0.2.1 "
	 "helo_name=x\\x20client_address=192.0.2.9\n"},
	{"a=\x01\x7f\xc3\xa9\\\t\r\n\n",
	 "policy: protocol_state= client_address= a=\\x01\\x7f\\xc3\\xa9\\x5c\\x09\\x0d\n"},
	{"client_address=192.0.2.1\nclient_address=192.0.2.9\n\n",
	 "policy: protocol_state= client_address=192.0.2.1\n"},
};

Test(policy, prints_as_one_line_in_which_no_value_looks_like_an_attribute)
{
	for (size_t i = 0; i < sizeof prints / sizeof *prints; i++) {
		struct policy_request request;
		char line[POLICY_PRINT_MAX];
		size_t len;

		cr_assert(frame_parse(&request, text_of(prints[i].request)));
		len = policy_print(&request, line);
		cr_expect(text_equal((struct text){line, len}, prints[i].line), "%.*s",
			  (int)len, line);
	}
}

Test(policy, no_value_pushes_state_and_address_out_of_the_line)
{
	static char text[POLICY_REQUEST_MAX];
	struct policy_request request;
	char line[POLICY_PRINT_MAX];
	size_t len = 0;

	for (int i = 0; i < 40; i++) {
		len += (size_t)sprintf(text + len, "a%d=", i);
		memset(text + len, i % 2 ? 'x' : ' ', 700);
		len += 700;
		text[len++] = '\n';
	}
	len += (size_t)sprintf(text + len, "client_address=192.0.2.1\nprotocol_state=RCPT\n\n");
	cr_assert(frame_parse(&request, (struct text){text, len}));
	len = policy_print(&request, line);
	cr_expect_leq(len, (size_t)POLICY_PRINT_MAX);
	cr_expect(
		!strncmp(line, "policy: protocol_state=RCPT client_address=192.0.2.1 a0=", 56));
	cr_expect_eq(line[len - 1], '\n');
}
