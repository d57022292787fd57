/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names asked of a DNS server that these tests run on the same loop. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/dns.h>
#include <event2/dns_struct.h>

#include "resolve/resolve.h"

struct rig {
	struct event_base *base;
	struct evdns_server_port *port;
	struct resolve *resolve;
	unsigned questions;
	bool silent;	 /* keeps the questions */
	char told[2048]; /* "jail address line;" for each offence */
};

static void on_offence(void *arg, const struct offence *offence, struct text line)
{
	struct rig *rig = arg;
	size_t used = strlen(rig->told);
	char address[PREFIX_TEXT_MAX];

	snprintf(rig->told + used, sizeof(rig->told) - used, "%u %s %.*s;", offence->jail,
		 prefix_print(&offence->prefix, address), (int)line.len, line.at);
}

/* one.test has an address of each family, many.test forty, twice.test one of each twice, the
 * IPv6 ones in one network; the rest does not exist. */
static void on_question(struct evdns_server_request *request, void *arg)
{
	struct rig *rig = arg;
	const struct evdns_server_question *q = request->questions[0];
	struct in_addr a[40];
	struct in6_addr aaaa;
	bool one = !strcmp(q->name, "one.test"), many = !strcmp(q->name, "many.test");
	bool twice = !strcmp(q->name, "twice.test");
	struct in_addr same[2];
	struct in6_addr near[2];

	rig->questions++;
	if (rig->silent) {
		evdns_server_request_drop(request);
		return;
	}
	for (size_t i = 0; i < 40; i++)
		a[i].s_addr = htonl(0xc6336400 + (uint32_t)i + 1); /* 198.51.100.1 ... */
	inet_pton(AF_INET6, "2001:db8::1", &aaaa);
	if ((one || many) && q->type == EVDNS_TYPE_A)
		evdns_server_request_add_a_reply(request, q->name, many ? 40 : 1, a, 60);
	if (one && q->type == EVDNS_TYPE_AAAA)
		evdns_server_request_add_aaaa_reply(request, q->name, 1, &aaaa, 60);
	same[0] = same[1] = a[0];
	near[0] = near[1] = aaaa;
	near[1].s6_addr[15]++;
	if (twice && q->type == EVDNS_TYPE_A)
		evdns_server_request_add_a_reply(request, q->name, 2, same, 60);
	if (twice && q->type == EVDNS_TYPE_AAAA)
		evdns_server_request_add_aaaa_reply(request, q->name, 2, near, 60);
	evdns_server_request_respond(request, one || many || twice ? 0 : 3);
}

static void rig_open(struct rig *rig)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	char server[64];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*rig = (struct rig){.base = event_base_new()};
	cr_assert(rig->base);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	rig->port = evdns_add_server_port_with_base(rig->base, fd, 0, on_question, rig);
	cr_assert(rig->port);
	rig->resolve = resolve_new(rig->base, on_offence, rig);
	cr_assert(rig->resolve);
	snprintf(server, sizeof(server), "127.0.0.1:%u", ntohs(at.sin_port));
	cr_assert_eq(resolve_server(rig->resolve, server), 0);
}

static void rig_close(struct rig *rig)
{
	resolve_free(rig->resolve);
	evdns_close_server_port(rig->port);
	event_base_free(rig->base);
}

static void rig_find(struct rig *rig, uint32_t jail, const char *name, const char *line)
{
	struct finding finding = {.subject = SUBJECT_NAME,
				  .name = text_of(name),
				  .line = text_of(line),
				  .time = 1000};

	resolve_finding(rig->resolve, &(struct resolve_jail){.name = jail, .names = true}, true,
			&finding);
}

/* Until so many questions were answered, or two seconds. */
static void rig_run(struct rig *rig, uint64_t resolved, uint64_t unknown)
{
	struct timeval tick = {0, 10000};

	for (int i = 0; i < 200; i++) {
		struct resolve_counts counts = resolve_counts(rig->resolve);

		if (counts.resolved >= resolved && counts.unknown >= unknown)
			return;
		event_base_loopexit(rig->base, &tick);
		event_base_dispatch(rig->base);
	}
}

Test(names, every_address_of_a_name_is_an_offence)
{
	struct rig rig;

	rig_open(&rig);
	rig_find(&rig, 3, "One.Test.", "a line");
	cr_expect_str_eq(rig.told, "", "nobody waits for the DNS");
	rig_run(&rig, 2, 0);
	cr_expect(strstr(rig.told, "3 198.51.100.1 a line;"), "%s", rig.told);
	cr_expect(strstr(rig.told, "3 2001:db8::1 a line;"), "%s", rig.told);
	rig_close(&rig);
}

Test(names, lines_share_a_question_and_its_answer)
{
	struct rig rig;

	rig_open(&rig);
	for (uint32_t i = 0; i < 5; i++)
		rig_find(&rig, i + 1, "one.test", "early");
	rig_run(&rig, 10, 0);
	cr_expect_eq(rig.questions, 2);
	rig_find(&rig, 9, "one.test", "late");
	cr_expect(strstr(rig.told, "9 198.51.100.1 late;"), "%s", rig.told);
	cr_expect_eq(rig.questions, 2);
	cr_expect_eq(resolve_counts(rig.resolve).asked, 1);
	rig_close(&rig);
}

Test(names, a_name_without_an_answer_is_nobody)
{
	struct rig rig;

	rig_open(&rig);
	rig_find(&rig, 1, "none.test", "line");
	rig_run(&rig, 0, 1);
	cr_expect_str_eq(rig.told, "");
	cr_expect_eq(resolve_counts(rig.resolve).unknown, 1);
	rig_close(&rig);
}

Test(names, an_answer_with_many_addresses_counts_for_some)
{
	struct rig rig;

	rig_open(&rig);
	rig_find(&rig, 1, "many.test", "l");
	rig_run(&rig, RESOLVE_ANSWER_MAX, 0);
	cr_expect_eq(resolve_counts(rig.resolve).resolved, RESOLVE_ANSWER_MAX);
	rig_close(&rig);
}

Test(names, an_address_that_is_answered_twice_counts_once)
{
	struct rig rig;

	rig_open(&rig);
	rig_find(&rig, 1, "twice.test", "l");
	rig_run(&rig, 2, 0);
	cr_expect_str_eq(rig.told, "1 198.51.100.1 l;1 2001:db8::1 l;");
	rig_close(&rig);
}

Test(names, what_is_no_host_name_is_never_asked)
{
	static const char *const names[] = {
		"",	 ".",	".test", "a..test",	  "192.0.2.09",
		"1.2.3", "a b", "a/b",	 "\xc3\xa9.test", "a\n.test",
	};
	struct rig rig;

	rig_open(&rig);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		rig_find(&rig, 1, names[i], "line");
	cr_expect_eq(resolve_counts(rig.resolve).asked, 0);
	cr_expect_eq(resolve_counts(rig.resolve).dropped, sizeof(names) / sizeof(*names));
	rig_close(&rig);
}

Test(names, without_an_answer_there_is_an_end_to_the_waiting)
{
	struct rig rig;
	char name[32];

	rig_open(&rig);
	rig.silent = true;
	for (unsigned i = 0; i < RESOLVE_NAMES_MAX + 100; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		rig_find(&rig, 1, name, "line");
		rig_find(&rig, 1, "n0.test", "line");
	}
	cr_expect_leq(resolve_counts(rig.resolve).asked, RESOLVE_NAMES_MAX);
	cr_expect_geq(resolve_counts(rig.resolve).crowded, RESOLVE_NAMES_MAX);
	cr_expect_str_eq(rig.told, "");
	rig_close(&rig);
}
