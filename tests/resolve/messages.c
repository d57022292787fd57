/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines without an address: whose they are is told by the process, or by a later line. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proc.h"
#include "resolve/resolve.h"

#define TITLE "sendmail: MTA: server m.example [%s] cmd read"
#define OLD 3600000

struct rig {
	struct proc proc;
	struct resolve *resolve;
	struct resolve_jail jail;
	struct port_range ports[2];
	char told[4096]; /* "address line;" for each offence */
	unsigned count;
};

static void on_offence(void *arg, const struct offence *offence, struct text line)
{
	struct rig *rig = arg;
	size_t used = strlen(rig->told);
	char address[PREFIX_TEXT_MAX];

	cr_expect_eq(offence->jail, 7);
	rig->count++;
	snprintf(rig->told + used, sizeof(rig->told) - used, "%s %.*s;",
		 prefix_print(&offence->prefix, address), (int)line.len, line.at);
}

static void rig_open(struct rig *rig)
{
	*rig = (struct rig){.jail = {.name = 7, .port_count = 2},
			    .ports = {{25, 25}, {587, 587}}};
	rig->jail.ports = rig->ports;
	proc_open(&rig->proc);
	rig->resolve = resolve_new(NULL, on_offence, rig);
	cr_assert(rig->resolve);
	cr_assert_eq(resolve_proc(rig->resolve, rig->proc.dir), 0);
}

static void rig_close(struct rig *rig)
{
	resolve_free(rig->resolve);
	proc_close(&rig->proc);
}

static void serve(struct rig *rig, int pid, const char *address, int64_t age)
{
	char title[128];

	snprintf(title, sizeof(title), TITLE, address);
	proc_put(&rig->proc, pid, title, age);
}

static void find(struct rig *rig, const char *id, const char *pid, const char *address,
		 bool tells, const char *line, int64_t time)
{
	struct finding finding = {.subject = SUBJECT_ID,
				  .name = text_of(id),
				  .line = text_of(line),
				  .time = time,
				  .kind = tells ? FINDING_TELLS : FINDING_FAILURE,
				  .extras = 1,
				  .extra = {{"process", text_of(pid)}}};

	if (address)
		cr_assert(prefix_parse(&finding.prefix, address, strlen(address)));
	resolve_finding(rig->resolve, &rig->jail, true, &finding);
}

/* "User unknown", just now. */
static void unknown(struct rig *rig, const char *id, const char *pid, const char *line)
{
	find(rig, id, pid, NULL, false, line, moment_now() | 1);
}

static void from(struct rig *rig, const char *id, const char *pid, const char *address)
{
	find(rig, id, pid, address, true, "from", moment_now());
}

/* The connections there are. False: nobody asks. */
static bool answer(struct rig *rig, const char *address, uint16_t port)
{
	struct resolve_socket socket = {.own_port = port, .peer_port = 40000};
	struct port_range ports;

	if (!resolve_ask(rig->resolve, &ports))
		return false;
	cr_expect_eq(ports.first, 25);
	cr_expect_eq(ports.last, 587);
	if (address) {
		cr_assert(prefix_parse(&socket.peer, address, strlen(address)));
		resolve_socket(rig->resolve, &socket);
	}
	resolve_answered(rig->resolve, 0);
	return true;
}

Test(messages, a_process_with_a_connection_says_whose_line_it_is)
{
	struct rig rig;

	rig_open(&rig);
	serve(&rig, 17695, "198.51.100.10", OLD);
	unknown(&rig, "6AKNi1wJ017695", "17695", "one");
	unknown(&rig, "6AKNi1wJ017695", "17695", "two");
	cr_expect_str_eq(rig.told, "", "not before its connection is found");
	cr_expect_eq(resolve_counts(rig.resolve).waiting, 2);
	cr_expect(answer(&rig, "198.51.100.10", 25));
	cr_expect_str_eq(rig.told, "198.51.100.10 one;198.51.100.10 two;");
	/* And all further ones, also when it has ended. */
	proc_end(&rig.proc, 17695);
	unknown(&rig, "6AKNi1wJ017695", "17695", "three");
	from(&rig, "6AKNi1wJ017695", "17695", "203.0.113.9");
	cr_expect_str_eq(rig.told, "198.51.100.10 one;198.51.100.10 two;198.51.100.10 three;");
	cr_expect_not(answer(&rig, NULL, 0));
	cr_expect_eq(resolve_counts(rig.resolve).by_process, 3);
	cr_expect_eq(resolve_counts(rig.resolve).waiting, 0);
	rig_close(&rig);
}

Test(messages, without_a_connection_of_its_client_a_process_says_nothing)
{
	static const struct {
		const char *address;
		uint16_t port;
	} others[] = {{NULL, 0}, {"198.51.100.11", 25}, {"198.51.100.10", 443}};

	for (size_t i = 0; i < 3; i++) {
		struct rig rig;

		rig_open(&rig);
		serve(&rig, 17695, "198.51.100.10", OLD);
		unknown(&rig, "6AKNi1wJ017695", "17695", "one");
		cr_expect(answer(&rig, others[i].address, others[i].port));
		cr_expect_str_eq(rig.told, "", "%zu", i);
		from(&rig, "6AKNi1wJ017695", "17695", "198.51.100.12");
		cr_expect_str_eq(rig.told, "198.51.100.12 one;");
		cr_expect_eq(resolve_counts(rig.resolve).by_line, 1);
		rig_close(&rig);
	}
}

Test(messages, a_number_that_was_given_again_blames_nobody)
{
	static const struct {
		int64_t age, line; /* ms ago */
		bool own;
	} table[] = {
		{0, 10001, false},    {9000, 10001, false}, {10000, 10001, true},
		{11000, 10001, true}, {500, 3000, false},   {86400000, 10001, true},
	};
	struct rig rig;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		rig_open(&rig);
		serve(&rig, 42, "198.51.100.10", table[i].age);
		find(&rig, "6AKNi1wJ000042", "42", NULL, false, "x",
		     (moment_now() - table[i].line) | 1);
		cr_expect_eq(answer(&rig, "198.51.100.10", 25), table[i].own, "%zu", i);
		cr_expect_eq(rig.count, table[i].own, "%zu", i);
		rig_close(&rig);
	}
	/* A line that is dated to the second may be up to one younger than it says. */
	rig_open(&rig);
	serve(&rig, 42, "198.51.100.10", 0);
	find(&rig, "6AKNi1wJ000042", "42", NULL, false, "x", moment_now() / 1000 * 1000);
	cr_expect(answer(&rig, "198.51.100.10", 25));
	find(&rig, "6AKNi1wK000042", "42", NULL, false, "x", TIME_NONE);
	cr_expect_not(answer(&rig, NULL, 0), "a line without a time");
	rig_close(&rig);
}

Test(messages, a_title_that_a_user_has_made_says_nothing)
{
	struct rig rig;

	rig_open(&rig);
	serve(&rig, 17695, "198.51.100.10", OLD);
	proc_own(&rig.proc, 17695, 12345);
	unknown(&rig, "6AKNi1wJ017695", "17695", "x");
	cr_expect_not(answer(&rig, NULL, 0));
	proc_own(&rig.proc, 17695, 101);
	unknown(&rig, "6AKNi1wJ017695", "17695", "x");
	cr_expect(answer(&rig, "198.51.100.10", 25), "a server's user");
	rig_close(&rig);
}

Test(messages, a_title_in_a_container_says_nothing)
{
	struct rig rig;

	rig_open(&rig);
	serve(&rig, 17695, "198.51.100.10", OLD);
	proc_contain(&rig.proc, 17695);
	unknown(&rig, "6AKNi1wJ017695", "17695", "x");
	cr_expect_not(answer(&rig, NULL, 0));
	rig_close(&rig);
}

/* Its memory may be locked for as long as a disk or a file server does not answer. */
Test(messages, nobody_waits_for_a_process_that_is_stuck, .timeout = 600)
{
	struct rig rig;

	rig_open(&rig);
	serve(&rig, 17695, "198.51.100.10", OLD);
	proc_stick(&rig.proc, 17695);
	unknown(&rig, "6AKNi1wJ017695", "17695", "one");
	cr_expect_not(answer(&rig, NULL, 0));
	proc_thread(&rig.proc, 17695);
	unknown(&rig, "6AKNi1wJ017695", "17695", "two");
	cr_expect_not(answer(&rig, NULL, 0));
	serve(&rig, 17695, "198.51.100.10", OLD);
	unknown(&rig, "6AKNi1wJ017695", "17695", "three");
	cr_expect(answer(&rig, "198.51.100.10", 25));
	cr_expect_str_eq(rig.told, "198.51.100.10 one;198.51.100.10 two;198.51.100.10 three;");
	rig_close(&rig);
}

Test(messages, what_is_no_session_says_nothing)
{
	static const char *const titles[] = {"sendmail: MTA: accepting connections",
					     "/usr/sbin/sshd -D",
					     "sendmail: MTA: ./6AKNi1wJ017695 from queue", ""};
	struct rig rig;

	rig_open(&rig);
	for (size_t i = 0; i < 4; i++) {
		proc_put(&rig.proc, 17695, titles[i], OLD);
		unknown(&rig, "6AKNi1wJ017695", "17695", "x");
	}
	unknown(&rig, "6AKNi1wJ000099", "99", "x");
	cr_expect_not(answer(&rig, NULL, 0));
	cr_expect_eq(resolve_counts(rig.resolve).waiting, 5);
	rig_close(&rig);
}

Test(messages, a_later_line_of_the_message_says_whose_it_is)
{
	struct rig rig;

	rig_open(&rig);
	unknown(&rig, "6AKNi1wJ017695", "17695", "one");
	unknown(&rig, "6AKNkBVF020510", "20510", "other");
	unknown(&rig, "6AKNi1wJ017695", "17695", "two");
	from(&rig, "6AKNi1wJ017696", "17695", "203.0.113.9");
	from(&rig, "6AKNi1wJ017695", "17696", "203.0.113.9");
	cr_expect_str_eq(rig.told, "", "another message, another process");
	from(&rig, "6AKNi1wJ017695", "17695", "2001:db8:1::40");
	cr_expect_str_eq(rig.told, "2001:db8:1::40 one;2001:db8:1::40 two;");
	/* One that is an offence itself. */
	find(&rig, "6AKNkBVF020510", "20510", "198.51.100.10", false, "itself", moment_now());
	cr_expect_str_eq(rig.told, "2001:db8:1::40 one;2001:db8:1::40 two;"
				   "198.51.100.10 other;198.51.100.10 itself;");
	cr_expect_eq(resolve_counts(rig.resolve).by_line, 3);
	rig_close(&rig);
}

Test(messages, an_address_that_nobody_has_is_dropped)
{
	struct rig rig;

	rig_open(&rig);
	unknown(&rig, "6AKNi1wJ017695", "17695", "one");
	from(&rig, "6AKNi1wJ017695", "17695", "0.0.0.0");
	cr_expect_str_eq(rig.told, "");
	rig_close(&rig);
}

Test(messages, ids_and_numbers_are_what_they_should_be)
{
	static const char *const pids[] = {"", "..", "1/..", "self", "0", "-1", "99999999999"};
	struct rig rig;

	rig_open(&rig);
	for (size_t i = 0; i < 7; i++)
		unknown(&rig, "6AKNi1wJ017695", pids[i], "x");
	unknown(&rig, "", "1", "x");
	unknown(&rig, "0123456789012345678901234567890123456789", "1", "x");
	cr_expect_eq(resolve_counts(rig.resolve).dropped, 9);
	cr_expect_eq(resolve_counts(rig.resolve).waiting, 0);
	rig_close(&rig);
}

Test(messages, asked_again_when_the_helper_died_and_not_when_it_cannot)
{
	struct port_range ports;
	struct rig rig;

	rig_open(&rig);
	serve(&rig, 42, "198.51.100.10", OLD);
	unknown(&rig, "6AKNi1wJ000042", "42", "x");
	cr_expect(resolve_ask(rig.resolve, &ports));
	cr_expect_not(resolve_ask(rig.resolve, &ports), "one at a time");
	resolve_answered(rig.resolve, -EPIPE);
	cr_expect(resolve_ask(rig.resolve, &ports));
	resolve_answered(rig.resolve, -EOPNOTSUPP);
	cr_expect_not(resolve_ask(rig.resolve, &ports));
	from(&rig, "6AKNi1wJ000042", "42", "198.51.100.10");
	cr_expect_str_eq(rig.told, "198.51.100.10 x;");
	rig_close(&rig);
}

Test(messages, a_line_may_tell_before_the_connections_are_known)
{
	struct port_range ports;
	struct rig rig;

	rig_open(&rig);
	serve(&rig, 42, "198.51.100.10", OLD);
	unknown(&rig, "6AKNi1wJ000042", "42", "x");
	cr_expect(resolve_ask(rig.resolve, &ports));
	from(&rig, "6AKNi1wJ000042", "42", "198.51.100.10");
	resolve_answered(rig.resolve, 0);
	cr_expect_str_eq(rig.told, "198.51.100.10 x;");
	rig_close(&rig);
}

Test(messages, what_waits_is_bounded_and_counted)
{
	struct rig rig;
	char id[32], pid[16];

	rig_open(&rig);
	for (int i = 0; i < 2 * RESOLVE_MESSAGE_LINES; i++)
		unknown(&rig, "6AKNi1wJ000001", "1", "x");
	cr_expect_eq(resolve_counts(rig.resolve).waiting, RESOLVE_MESSAGE_LINES);
	cr_expect_eq(resolve_counts(rig.resolve).crowded, RESOLVE_MESSAGE_LINES);
	for (int i = 2; i < 3 * RESOLVE_MESSAGES_MAX; i++) {
		snprintf(pid, sizeof(pid), "%d", i);
		snprintf(id, sizeof(id), "6AKNi1wJ%06d", i);
		unknown(&rig, id, pid, "x");
	}
	cr_expect_leq(resolve_counts(rig.resolve).waiting, RESOLVE_WAITING_MAX);
	cr_expect_geq(resolve_counts(rig.resolve).unclaimed, RESOLVE_MESSAGES_MAX);
	from(&rig, id, pid, "198.51.100.10");
	cr_expect_str_eq(rig.told, "198.51.100.10 x;", "the youngest is not given up");
	rig_close(&rig);
}

Test(messages, sessions_without_an_end_do_not_keep_others_from_being_counted)
{
	const int full = RESOLVE_WAITING_MAX / RESOLVE_MESSAGE_LINES;
	struct rig rig;
	char id[32], pid[16];

	rig_open(&rig);
	for (int i = 1; i <= full; i++) {
		snprintf(pid, sizeof(pid), "%d", i);
		snprintf(id, sizeof(id), "6AKNi1wJ%06d", i);
		for (int line = 0; line < RESOLVE_MESSAGE_LINES; line++)
			unknown(&rig, id, pid, "x");
	}
	cr_expect_eq(resolve_counts(rig.resolve).waiting, RESOLVE_WAITING_MAX);
	unknown(&rig, "6AKNi1wJ017695", "17695", "one");
	cr_expect_eq(resolve_counts(rig.resolve).crowded, 0);
	cr_expect_eq(resolve_counts(rig.resolve).unclaimed, RESOLVE_MESSAGE_LINES);
	from(&rig, "6AKNi1wJ017695", "17695", "198.51.100.10");
	cr_expect_str_eq(rig.told, "198.51.100.10 one;");
	rig_close(&rig);
}
