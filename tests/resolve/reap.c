/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which connections of a server end, and which are left alone. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proc.h"
#include "resolve/resolve.h"

#define MINUTE 60000

static struct prefix prefix_of(const char *text)
{
	struct prefix p;

	cr_assert(prefix_parse(&p, text, strlen(text)), "%s", text);
	return p;
}

/*
 * Sessions "PEER r|w AGE", r: waits for a command; connections "PEER IDLE", with ports from 1
 * on; minutes. What is to come: "PORT end|busy [PID]" of each.
 */
static const struct {
	bool by_age;
	const char *sessions, *sockets, *rows;
} table[] = {
	{false, "a r 20", "a 16", "1 end 1;"},
	{false, "a r 20", "a 15", "1 end 1;"},
	{false, "a r 20", "a 14", ""},
	{false, "a w 20", "a 16", ""},
	{false, "", "a 16", ""},
	{false, "b r 20", "a 16", ""},
	{false, "a r 20,b r 20", "b 16,a 2", "1 end 2;"},
	{false, "b r 20,a w 20", "a 16,b 16", "2 end 1;"},
	/* Several of one peer: all wait, or the one at work is too young to be meant. */
	{false, "a r 20,a r 30", "a 16,a 17", "1 end;2 end;"},
	{false, "a r 20,a r 30", "a 16,a 1", "1 end;"},
	{false, "a r 20,a w 3", "a 16,a 0", "1 end;"},
	{false, "a r 20,a w 30", "a 16,a 0", "1 busy;"},
	/* Nobody knows whose the second is. */
	{false, "a r 20", "a 16,a 17", "1 busy;2 busy;"},
	{false, "a r 20,a r 20", "a 16", "1 end;"},
	/* By age. */
	{true, "a r 20", "a 1", "1 end 1;"},
	{true, "a r 14", "a 1", ""},
	{true, "a r 20", "a 0", ""},
	{true, "a w 20", "a 20", ""},
	{true, "a r 20,a r 20", "a 1,a 2", "1 end;2 end;"},
	{true, "a r 20,a r 2", "a 1,a 2", "1 busy;2 busy;"},
	{true, "a r 20,a w 20", "a 1,a 2", "1 busy;2 busy;"},
};

static struct prefix peer_of(char letter)
{
	return letter == 'a' ? prefix_of("198.51.100.10") : prefix_of("2001:db8::b");
}

static size_t read_sessions(struct resolve_session *out, const char *text)
{
	size_t count = 0;
	char peer, state;
	int age, used;

	for (; sscanf(text, "%c %c %d%n", &peer, &state, &age, &used) == 3; count++) {
		out[count] = (struct resolve_session){.pid = (int)count + 1,
						      .peer = peer_of(peer),
						      .age = age * MINUTE,
						      .reads = state == 'r'};
		text += used + (text[used] == ',');
	}
	return count;
}

static size_t read_sockets(struct resolve_socket *out, const char *text)
{
	size_t count = 0;
	char peer;
	int idle, used;

	for (; sscanf(text, "%c %d%n", &peer, &idle, &used) == 2; count++) {
		out[count] = (struct resolve_socket){.peer = peer_of(peer),
						     .own_port = 25,
						     .peer_port = (uint16_t)(count + 1),
						     .idle = (uint32_t)(idle * MINUTE)};
		text += used + (text[used] == ',');
	}
	return count;
}

static void print_row(char *out, size_t size, const struct reap_row *row)
{
	size_t used = strlen(out);

	used += (size_t)snprintf(out + used, size - used, "%u %s", row->socket.peer_port,
				 row->verdict == REAP_END ? "end" : "busy");
	if (row->session)
		used += (size_t)snprintf(out + used, size - used, " %d", row->session->pid);
	snprintf(out + used, size - used, ";");
}

Test(reap, ends_who_only_waits_and_nobody_at_work)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct reap_rule rule = {table[i].by_age, 15 * MINUTE};
		struct resolve_session sessions[8];
		struct resolve_socket sockets[8];
		struct reap_row rows[8];
		char got[256] = "";
		size_t n = read_sessions(sessions, table[i].sessions);
		size_t m = read_sockets(sockets, table[i].sockets);
		size_t count = reap_choose(rows, &rule, sessions, n, sockets, m);

		cr_assert_leq(count, m);
		for (size_t r = 0; r < count; r++)
			print_row(got, sizeof(got), &rows[r]);
		cr_expect_str_eq(got, table[i].rows, "%zu: %s | %s: %s", i, table[i].sessions,
				 table[i].sockets, got);
	}
}

Test(reap, sessions_are_found_among_all_processes)
{
	struct resolve_session *found;
	struct processes *processes;
	struct proc proc;
	size_t count;
	int looks = 1;

	proc_open(&proc);
	for (int pid = 100; pid < 200; pid++)
		proc_put(&proc, pid,
			 pid % 10 ? "/sbin/init" : "sendmail: server [192.0.2.9] cmd read",
			 5000);
	proc_put(&proc, 201, "sendmail: MTA: 6AKNiftu018512 [192.0.2.9]: DATA", 0);
	proc_put(&proc, 202, "sendmail: MTA: accepting connections", 0);
	cr_assert_eq(processes_open(&processes, proc.dir), 0);
	while (processes_look(processes, 7))
		looks++;
	cr_expect_geq(looks, 102 / 7);
	found = processes_found(processes, &count);
	cr_assert_eq(count, 11);
	for (size_t i = 0; i < count; i++) {
		cr_expect_eq(found[i].peer.addr[3], 9);
		cr_expect_eq(found[i].reads, found[i].pid != 201);
		if (found[i].pid != 201)
			cr_expect(found[i].age >= 5000 && found[i].age < 2 * MINUTE);
	}
	processes_close(processes);
	processes_close(NULL);
	proc_close(&proc);
	cr_expect_lt(processes_open(&processes, "/no/such/folder"), 0);
}
