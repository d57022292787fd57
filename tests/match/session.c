/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/match/finder.h"

/* A server that says by a number which of its connections a line is about. */
#define SERVER                                                                                 \
	.pref = "^<F-MLFID>\\d+</F-MLFID> <F-CONTENT>.+</F-CONTENT>$",                         \
	.fail = {                                                                              \
		"^<F-NOFAIL>Connection from</F-NOFAIL> <ADDR>$",                               \
		"^failed(?: for <F-USER>\\w+</F-USER>)?(?: from <ADDR>)?(?: id "               \
		"<F-ID>\\w+</F-ID>)?(?: host <DNS>)?$",                                        \
		"^<F-NOFAIL>pam</F-NOFAIL>(?: for <F-USER>\\w+</F-USER>)?(?: from <ADDR>)?$",  \
		"^<F-MLFFORGET>closed</F-MLFFORGET>(?: by <ADDR>)?$",                          \
		"^<F-NOFAIL><F-MLFFORGET>bye</F-MLFFORGET></F-NOFAIL>$",                       \
		"^<F-MLFGAINED>accepted</F-MLFGAINED>(?: for <F-USER>\\w+</F-USER>)?(?: from " \
		"<ADDR>)?$",                                                                   \
		"^<F-MLFFORGET><F-MLFGAINED>login</F-MLFGAINED></F-MLFFORGET>(?: for "         \
		"<F-USER>\\w+</F-USER>)?(?: from <ADDR>)?$",                                   \
		"^pend <F-MLFPENDING>\\w*</F-MLFPENDING>(?: from <ADDR>)?$",                   \
		"^<F-NOFAIL></F-NOFAIL>empty(?: from <ADDR>)?$",                               \
		"^empty2<F-MLFFORGET></F-MLFFORGET><F-MLFGAINED></F-MLFGAINED>$",              \
		"^port <F-PORT>\\d+</F-PORT>$",                                                \
		"^net <IP4>/<CIDR>$",                                                          \
	}

Test(session, an_address_is_remembered)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 Connection from 192.0.2.1\n1 failed for joe\n2 failed\n1 failed",
		 "-;192.0.2.1 user=joe;-;192.0.2.1 user=joe;"},
		{{SERVER},
		 "1 failed for joe from 192.0.2.1\n1 login for joe\n1 failed",
		 "192.0.2.1 user=joe;-;-;"},
	};

	FINDER_TABLE(table);
}

Test(session, a_failure_waits_for_its_address)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 failed for joe\n1 Connection from 192.0.2.1\n1 Connection from 192.0.2.1",
		 "-;192.0.2.1 user=joe;-;"},
		{{SERVER}, "1 failed\n1 pam for joe from 192.0.2.1", "-;192.0.2.1 user=joe;"},
		{{SERVER}, "1 failed\n1 accepted from 192.0.2.1\n1 failed", "-;-;192.0.2.1;"},
		{{SERVER}, "1 pend x\n1 pam from 192.0.2.1\n1 pam", "-;192.0.2.1;-;"},
		{{SERVER},
		 "1 failed for joe\n1 port 22\n1 failed from 192.0.2.1",
		 "-;-;192.0.2.1 user=joe fport=22;"},
	};

	FINDER_TABLE(table);
}

Test(session, no_failure_until_there_is_one)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 pam for joe from 192.0.2.1\n1 failed\n1 pam",
		 "-;192.0.2.1 user=joe;-;"},
		{{SERVER}, "1 Connection from 192.0.2.1\n1 bye\n1 failed", "-;-;-;"},
	};

	FINDER_TABLE(table);
}

Test(session, a_second_user_makes_it_a_failure)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 pam for joe from 192.0.2.1\n1 pam for jim\n1 pam for joe",
		 "-;192.0.2.1 user=jim;192.0.2.1 user=joe;"},
		{{SERVER},
		 "1 pam for joe from 192.0.2.1\n1 accepted for jim\n1 accepted for joe",
		 "-;192.0.2.1 user=jim;192.0.2.1 user=joe;"},
		{{SERVER},
		 "1 failed for a\n1 failed for a\n1 Connection from 192.0.2.1\n1 failed for "
		 "b\n1 pam",
		 "-;-;192.0.2.1 user=a;192.0.2.1 user=b;192.0.2.1 user=b;"},
	};

	FINDER_TABLE(table);
}

Test(session, what_was_gained_ends_what_was_pending)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 pam for joe from 192.0.2.1\n1 accepted for joe\n1 failed",
		 "-;-;192.0.2.1 user=joe;"},
		{{SERVER},
		 "1 failed for joe\n1 login for joe from 192.0.2.1\n1 failed",
		 "-;-;-;"},
		{{SERVER},
		 "1 failed for joe\n1 login for jim from 192.0.2.1\n1 failed",
		 "-;192.0.2.1 user=jim;-;"},
	};

	FINDER_TABLE(table);
}

Test(session, what_is_forgotten_is_not_known_again)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 Connection from 192.0.2.1\n1 closed\n1 failed\n1 closed",
		 "-;192.0.2.1;-;-;"},
		{{SERVER}, "1 closed by 192.0.2.1\n1 failed", "192.0.2.1;-;"},
	};

	FINDER_TABLE(table);
}

Test(session, pending_may_be_said_by_a_group)
{
	static const struct finder_row table[] = {
		{{SERVER}, "1 pend x\n1 pam from 192.0.2.1\n1 pam", "-;192.0.2.1;-;"},
		{{SERVER},
		 "1 pend x from 192.0.2.1\n1 pend  from 192.0.2.1",
		 "192.0.2.1;192.0.2.1;"},
		{{SERVER}, "1 failed\n1 pend \n1 pam from 192.0.2.1", "-;-;192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(session, empty_groups_say_nothing)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 empty from 192.0.2.1\n1 pam\n1 empty\n1 empty2\n1 failed",
		 "192.0.2.1;-;192.0.2.1;192.0.2.1;192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(session, an_address_replaces_that_of_the_other_family)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 failed from 192.0.2.1\n1 failed from 2001:db8::1\n1 failed\n1 failed from "
		 "192.0.2.2\n1 failed",
		 "192.0.2.1;2001:db8::1;2001:db8::1;192.0.2.2;192.0.2.2;"},
	};

	FINDER_TABLE(table);
}

Test(session, a_name_does_not_replace_an_address)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 failed from 192.0.2.1\n1 failed host x.example\n1 failed",
		 "192.0.2.1;192.0.2.1;192.0.2.1;"},
		{{.fail = {"^<F-MLFID>\\d+</F-MLFID> conn <HOST>",
			   "^<F-MLFID>\\d+</F-MLFID> failed"},
		  .names = true},
		 "1 conn x.example\n1 failed\n1 conn 192.0.2.1\n1 failed\n1 conn y.example\n1 "
		 "failed",
		 "name x.example;name x.example;192.0.2.1;192.0.2.1;192.0.2.1;192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(session, ids_and_networks_are_remembered)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 failed id abc\n1 failed from 192.0.2.1\n1 failed",
		 "id abc;id abc of 192.0.2.1;id abc of 192.0.2.1;"},
		{{SERVER},
		 "1 failed from 192.0.2.1 id abc\n1 failed from 192.0.2.2",
		 "id abc of 192.0.2.1;id abc of 192.0.2.2;"},
		{{SERVER},
		 "1 net 192.0.2.1/24\n1 failed\n1 failed from 198.51.100.1",
		 "192.0.2.0/24;192.0.2.0/24;198.51.100.0/24;"},
		{{.fail = {"^<F-MLFID>\\d+</F-MLFID> id <F-ID>\\w+</F-ID>",
			   "^<F-MLFID>\\d+</F-MLFID> from <ADDR>"}},
		 "1 id a\n1 from 192.0.2.1\n1 id b",
		 "id a;id a of 192.0.2.1;id b of 192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(session, connections_end_five_minutes_after_they_began)
{
	static const struct finder_row table[] = {
		{{SERVER},
		 "1 Connection from 192.0.2.1\n@299\n1 failed\n@1\n1 failed",
		 "-;192.0.2.1;-;"},
		{{SERVER},
		 "1 Connection from 192.0.2.1\n@299\n1 failed\n@299\n1 failed\n1 Connection "
		 "from 192.0.2.2\n1 failed",
		 "-;192.0.2.1;-;192.0.2.2;192.0.2.2;"},
	};

	FINDER_TABLE(table);
}

Test(session, an_address_that_is_none_is_remembered_and_nobody)
{
	static const struct finder_row table[] = {
		{{SERVER}, "1 Connection from 999.1.1.1\n1 failed", "-;-;"},
	};

	FINDER_TABLE(table);
}

Test(session, lines_without_a_connection_are_alone)
{
	static const struct finder_row table[] = {
		{{.fail = {"^(?:<F-MLFID>\\d+</F-MLFID> )?(?:from <ADDR> )?bad$"}},
		 "1 bad\nbad\nfrom 192.0.2.1 bad\n1 from 192.0.2.1 bad\n1 bad",
		 "-;-;192.0.2.1;192.0.2.1;192.0.2.1;"},
		{{.fail = {"^(?:k<F-MLFID>\\d*</F-MLFID> )?(?:from <ADDR> )?bad$"}},
		 "k from 192.0.2.1 bad\nk bad\nk1 bad\nbad",
		 "192.0.2.1;192.0.2.1;-;-;"},
	};

	FINDER_TABLE(table);
}

static struct text id(char *buffer, unsigned n)
{
	return (struct text){buffer, (size_t)sprintf(buffer, "id%u", n)};
}

static struct connection *add(struct connections *all, struct text id, int64_t now)
{
	cr_expect_null(connections_find(all, id, now));
	return connections_add(all, now);
}

Test(session, the_oldest_connection_without_a_pending_failure_makes_room)
{
	struct connections *all = connections_new();
	char name[16];

	cr_assert_not_null(all);
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		add(all, id(name, i), 0);
	connections_set_pending(all, connections_find(all, id(name, 0), 0), true);
	cr_expect_eq(connections_evicted(all), 0);
	add(all, id(name, 1000), 1);
	cr_expect_eq(connections_evicted(all), 1);
	cr_expect_not_null(connections_find(all, id(name, 0), 1));
	cr_expect_null(connections_find(all, id(name, 1), 1));
	cr_expect_not_null(connections_find(all, id(name, 2), 1));
	cr_expect_not_null(connections_find(all, id(name, 1000), 1));
	/* one that is gone makes room too, and one that is too old, which is no loss */
	connections_del(all, connections_find(all, id(name, 500), 1));
	add(all, id(name, 1001), 1);
	cr_expect_eq(connections_evicted(all), 1);
	add(all, id(name, 1002), CONNECTION_AGE);
	cr_expect_eq(connections_evicted(all), 1);
	cr_expect_null(connections_find(all, id(name, 0), CONNECTION_AGE));
	connections_free(all);
}

Test(session, when_all_are_pending_the_oldest_makes_room)
{
	struct connections *all = connections_new();
	char name[16];

	cr_assert_not_null(all);
	for (unsigned i = 0; i < 3 * CONNECTIONS_MAX; i++)
		connections_set_pending(all, add(all, id(name, i), 0), true);
	cr_expect_eq(connections_evicted(all), 2 * CONNECTIONS_MAX);
	for (unsigned i = 0; i < 3 * CONNECTIONS_MAX; i++)
		cr_expect_eq(connections_find(all, id(name, i), 0) != NULL,
			     i >= 2 * CONNECTIONS_MAX, "%u", i);
	connections_free(all);
}

/* Three bytes a character, so that 64 bytes end within one. */
Test(session, what_is_too_long_is_cut_and_who_it_was_is_not_kept)
{
	const struct finder_rules rules = {
		.fail = {"^<F-MLFID>\\d+</F-MLFID> <F-NOFAIL>by</F-NOFAIL> "
			 "<F-USER>\\S+</F-USER>(?: host <DNS>)?$",
			 "^<F-MLFID>\\d+</F-MLFID> failed"},
		.names = true,
	};
	char lines[1024], want[128], user[22 * 3 + 1], host[257];

	for (int i = 0; i < 22; i++)
		memcpy(user + 3 * i, "\xe2\x82\xac", 4);
	memset(host, 'h', 256);
	host[256] = 0;
	snprintf(lines, sizeof(lines), "1 by %s host x\n1 failed", user);
	snprintf(want, sizeof(want), "-;name x user=%.63s;", user);
	cr_expect_str_eq(finder_run(&rules, lines), want);
	snprintf(lines, sizeof(lines), "1 by u host %s\n1 failed", host);
	cr_expect_str_eq(finder_run(&rules, lines), "-;-;");
	host[255] = 0;
	snprintf(lines, sizeof(lines), "1 by u host %s\n1 failed", host);
	cr_expect_neq(strstr(finder_run(&rules, lines), "-;name hhh"), NULL);
}

Test(session, outlives_the_filter)
{
	static struct scratch scratch;
	const struct finder_rules before = {.fail = {"^<F-MLFID>\\d+</F-MLFID> "
						     "<F-NOFAIL>from</F-NOFAIL> <ADDR> "
						     "<F-A>a</F-A> <F-B>b</F-B> <F-C>c</F-C>"}};
	const struct finder_rules after = {.fail = {"^<F-MLFID>\\d+</F-MLFID> bad"
						    "(?: <F-C>x</F-C> <F-A>x</F-A>)?"}};
	struct filter *filter = finder_compile(&before);
	struct session *session = session_new();
	int64_t now = 0;

	cr_assert_not_null(session);
	cr_assert_eq(scratch_init(&scratch), 0);
	cr_expect_str_eq(
		finder_search(filter, &scratch, session, &now, "1 from 192.0.2.1 a b c"), "-;");
	filter_free(filter);
	filter = finder_compile(&after);
	cr_expect_str_eq(finder_search(filter, &scratch, session, &now, "1 bad"),
			 "192.0.2.1 a=a c=c;");
	filter_free(filter);
	session_free(session);
	scratch_clear(&scratch);
}

Test(session, a_line_may_belong_to_a_connection_with_its_process_id_or_one_that_was_kept)
{
	struct connections *all = connections_new(), *next = connections_new();
	char bytes[CONNECTION_PACKED_MAX];
	struct connection *one;
	size_t len = 0;

	cr_assert(all && next);
	cr_expect_not(connections_may_know(all, text_of("mx sshd[7]: over")));
	one = add(all, text_of(" mx sshd[7]: "), 0);
	cr_expect(connections_may_know(all, text_of("mx sshd[7]: over")));
	cr_expect_not(connections_may_know(all, text_of("mx sshd[8]: 7 [7")));
	for (unsigned slot = 0; slot < CONNECTIONS_MAX && !len; slot++)
		len = connections_pack(all, slot, bytes);
	connections_set_key(next, connections_key(all));
	cr_assert(connections_unpack(next, 3, (struct text){bytes, len}, 0));
	cr_expect(connections_may_know(next, text_of("mx sshd[8]: over")));
	connections_del(next, connections_find(next, text_of(" mx sshd[7]: "), 0));
	cr_expect_not(connections_may_know(next, text_of("mx sshd[7]: over")));
	connections_del(all, one);
	cr_expect_not(connections_may_know(all, text_of("mx sshd[7]: over")));
	connections_free(all);
	connections_free(next);
}
