/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/match/finder.h"

Test(filter, an_id_alone_is_the_subject)
{
	static const struct finder_row table[] = {
		{{.fail = {"^for <F-ID>\\S+</F-ID>$"}},
		 "for kevin\nfor 192.0.2.1\nfor 2001:db8::1\nfor [2001:db8::1]\nfor "
		 "192.0.2.1/24\nfor 192.0.2.300",
		 "id kevin;192.0.2.1;2001:db8::1;2001:db8::1;192.0.2.0/24;id 192.0.2.300;"},
		{{.fail = {"^for <F-ID>\\S+</F-ID>$"}, .names = true},
		 "for kevin\nfor 192.0.2.1\nfor 2001:db8::1\nfor [2001:db8::1]\nfor "
		 "192.0.2.1/24\nfor 192.0.2.300",
		 "id kevin;192.0.2.1;2001:db8::1;2001:db8::1;192.0.2.0/24;id 192.0.2.300;"},
		{{.fail = {"^for <F-ID/> end"}}, "for a:b end", "id a:b;"},
	};

	FINDER_TABLE(table);
}

Test(filter, an_id_beside_an_address_keeps_it)
{
	static const struct finder_row table[] = {
		{{.fail = {"^for <F-ID>.*?</F-ID> from <ADDR>$"}},
		 "for kevin from 192.0.2.1\nfor 192.0.2.1 from 192.0.2.1\nfor  from "
		 "192.0.2.1\nfor kevin from 999.1.1.1\nfor 192.0.2.7 from 192.0.2.1",
		 "id kevin of 192.0.2.1;192.0.2.1;id  of 192.0.2.1;id kevin;id 192.0.2.7 of "
		 "192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(filter, an_id_beside_a_name)
{
	static const struct finder_row table[] = {
		{{.fail = {"^for <F-ID>.*?</F-ID> from <HOST>$"}, .names = true},
		 "for kevin from host.example\nfor host.example from host.example\nfor kevin "
		 "from 192.0.2.1\nfor kevin from 2001:db8::1",
		 "id kevin;name host.example;id kevin of 192.0.2.1;id kevin of 2001:db8::1;"},
		{{.fail = {"^for <F-ID>\\w*</F-ID>(?: from <DNS>)?$"}},
		 "for kevin from host.example\nfor kevin from 192.0.2.1\nfor kevin",
		 "-;192.0.2.1;id kevin;"},
	};

	FINDER_TABLE(table);
}

Test(filter, a_line_may_tell_whose_a_message_is)
{
	static const struct finder_row table[] = {
		{{.pref = "^\\[<F-PROCESS>\\d+</F-PROCESS>\\] <F-ID>\\w+</F-ID>: "
			  "<F-CONTENT>.+</F-CONTENT>$",
		  .fail = {"^unknown$", "^bad <ADDR>$", "^<F-TELLS>from</F-TELLS> <ADDR>$"}},
		 "[12] a1: unknown\n[12] a1: bad 192.0.2.1\n[12] a1: from 192.0.2.1\nfrom 192.0.2.1",
		 "id a1 process=12;id a1 of 192.0.2.1 process=12;"
		 "tells id a1 of 192.0.2.1 process=12;-;"},
	};

	FINDER_TABLE(table);
}

Test(filter, an_id_that_is_the_address_is_the_address)
{
	static const struct finder_row table[] = {
		{{.fail = {"^for <F-ID><ADDR></F-ID>$"}},
		 "for 192.0.2.1\nfor [192.0.2.1]",
		 "192.0.2.1;192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(filter, the_address_is_chosen_before_the_name)
{
	static const struct finder_row table[] = {
		{{.fail = {"^at <IP6> or <IP4> by <DNS>$"}, .names = true},
		 "at ::1 or 192.0.2.1 by x",
		 "192.0.2.1;"},
		{{.fail = {"^at <IP6> by <DNS>$"}, .names = true}, "at ::1 by x", "::1;"},
	};

	FINDER_TABLE(table);
}

Test(filter, groups_of_the_users_own_are_hosts)
{
	static const struct finder_row table[] = {
		{{.fail = {"^by <F-USER>\\w+</F-USER> (?P<ip4>\\S+)"}},
		 "by u 192.0.2.1\nby u 2001:db8::1\nby u 192.0.2.0/24\nby u x",
		 "192.0.2.1 user=u;2001:db8::1 user=u;192.0.2.0/24 user=u;-;"},
		{{.fail = {"^by (?P<ip6>\\S+)"}},
		 "by 192.0.2.1\nby ::1\nby ::ffff:192.0.2.1",
		 "192.0.2.1;::1;192.0.2.1;"},
		{{.fail = {"^by (?P<dns>\\S+)"}}, "by 192.0.2.1\nby host", "192.0.2.1;-;"},
		{{.fail = {"^by (?P<dns>\\S+)"}, .names = true},
		 "by 192.0.2.1\nby host",
		 "192.0.2.1;name host;"},
	};

	FINDER_TABLE(table);
}

Test(filter, tuples_have_all_their_parts)
{
	static const struct finder_row table[] = {
		{{.fail = {"^\\s*<F-ID/> <F-TUPLE_ID>\\S+</F-TUPLE_ID>"}},
		 "192.0.2.1 192.0.2.2\na b\na' \"b\na'\" \\b",
		 "id ('192.0.2.1', '192.0.2.2');id ('a', 'b');id (\"a'\", '\"b');id ('a\\'\"', "
		 "'\\\\b');"},
		{{.fail = {"^<F-TUPLE_ID_1>\\S+</F-TUPLE_ID_1> <F-ID/> "
			   "<F-TUPLE_ID_2>\\S+</F-TUPLE_ID_2>"}},
		 "left 192.0.2.3 right",
		 "id ('192.0.2.3', 'left', 'right');"},
		{{.fail = {"^<F-TUPLE_ID_1>\\S+</F-TUPLE_ID_1> <F-ID><ADDR>:<F-PORT/></F-ID> "
			   "<F-TUPLE_ID_2>\\S+</F-TUPLE_ID_2>"}},
		 "left [192.0.2.4]:12345 right",
		 "id ('[192.0.2.4]:12345', 'left', 'right') of 192.0.2.4 fport=12345;"},
		{{.fail = {"^<ADDR> <F-TUPLE_USER>\\w+</F-TUPLE_USER>(?: "
			   "<F-TUPLE_USER_2>\\w+</F-TUPLE_USER_2>)?(?: by "
			   "<F-USER>\\w+</F-USER>)?$"}},
		 "192.0.2.1 a\n192.0.2.1 a b\n192.0.2.1 a by c",
		 "192.0.2.1 user=(None, 'a', None);192.0.2.1 user=(None, 'a', 'b');192.0.2.1 "
		 "user=('c', 'a', None);"},
		{{.fail = {"^<ADDR>(?: <F-ALT_ID>\\w+</F-ALT_ID>)? "
			   "<F-TUPLE_ID>\\w+</F-TUPLE_ID>$"}},
		 "192.0.2.1 a\n192.0.2.1 a b",
		 "id (None, 'a') of 192.0.2.1;id ('a', 'b') of 192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(filter, alternates_fill_in_for_what_is_missing_or_empty)
{
	static const struct finder_row table[] = {
		{{.fail = {"^(?:u <F-USER>\\w*</F-USER> )?(?:b "
			   "<F-ALT_USER_2>\\w*</F-ALT_USER_2> )?(?:a "
			   "<F-ALT_USER>\\w*</F-ALT_USER> )?(?:p "
			   "<F-ALT_PORT_1>\\w+</F-ALT_PORT_1> )?<ADDR>$"}},
		 "u x b y a z 192.0.2.1\nu  b y a z 192.0.2.1\nb y a z 192.0.2.1\nb y a  "
		 "192.0.2.1\na z p 22 192.0.2.1\n192.0.2.1",
		 "192.0.2.1 user=x;192.0.2.1 user=z;192.0.2.1 user=z;192.0.2.1 "
		 "user=y;192.0.2.1 user=z fport=22;192.0.2.1;"},
		{{.fail = {"^(?:<ADDR>|host (?P<alt_dns>\\S+)) bad$"}, .names = true},
		 "192.0.2.1 bad\nhost x bad",
		 "192.0.2.1;name x;"},
		{{.fail = {"^(?P<alt_ip4>\\S+) (?:<ADDR>|-)$"}},
		 "192.0.2.1 -\n192.0.2.1 192.0.2.2",
		 "192.0.2.1;192.0.2.2;"},
	};

	FINDER_TABLE(table);
}

Test(filter, groups_of_failregex_replace_those_of_prefregex_even_by_nothing)
{
	static const struct finder_row table[] = {
		{{.pref = "^<F-USER>\\w*</F-USER> <F-PORT>\\d+</F-PORT> (?:<ADDR> "
			  ")?<F-CONTENT>.+</F-CONTENT>$",
		  .fail = {"^bad(?: <F-USER>\\w+</F-USER>)?$"}},
		 "joe 22 192.0.2.1 bad\njoe 22 192.0.2.1 bad jim\njoe 22 bad",
		 "192.0.2.1 fport=22;192.0.2.1 user=jim fport=22;-;"},
		{{.pref = "^<F-USER>\\w*</F-USER> <F-PORT>\\d+</F-PORT> (?:<ADDR> "
			  ")?<F-CONTENT>.+</F-CONTENT>$",
		  .fail = {"^bad(?: <ADDR>)?$"}},
		 "joe 22 192.0.2.1 bad\njoe 22 192.0.2.1 bad 192.0.2.2\njoe 22 192.0.2.1 bad "
		 "::1",
		 "-;192.0.2.2 user=joe fport=22;::1 user=joe fport=22;"},
		{{.pref = "^<F-USER>\\w*</F-USER> <F-PORT>\\d+</F-PORT> (?:<ADDR> "
			  ")?<F-CONTENT>.+</F-CONTENT>$",
		  .fail = {"^bad(?: <F-ALT_USER>\\w+</F-ALT_USER>)?$"}},
		 "joe 22 192.0.2.1 bad\njoe 22 192.0.2.1 bad jim",
		 "192.0.2.1 user=joe fport=22;192.0.2.1 user=jim fport=22;"},
		{{.pref = "^<F-USER>\\w*</F-USER> <F-PORT>\\d+</F-PORT> (?:<ADDR> "
			  ")?<F-CONTENT>.+</F-CONTENT>$",
		  .fail = {"^bad(?: <IP6>)?$"}},
		 "joe 22 192.0.2.1 bad ::1\njoe 22 192.0.2.1 bad",
		 "192.0.2.1 user=joe fport=22;192.0.2.1 user=joe fport=22;"},
	};

	FINDER_TABLE(table);
}

Test(filter, content_that_is_empty_replaces_nothing)
{
	static const struct finder_row table[] = {
		{{.pref = "^(?:<F-CONTENT>x*</F-CONTENT>)?", .fail = {"^bad <ADDR>$"}},
		 "bad 192.0.2.1",
		 "192.0.2.1;"},
		{{.pref = "^(?P<alt_content>\\w+) ", .fail = {"^bad <ADDR>$"}},
		 "bad 192.0.2.1",
		 "-;"},
	};

	FINDER_TABLE(table);
}

Test(filter, an_ignoreregex_takes_a_match_back)
{
	static const struct finder_row table[] = {
		{{.fail = {"^bad \\w+ <ADDR>", "^bad \\w+ \\w+ <ADDR>"},
		  .ignore = {"good", "^bad nice"}},
		 "bad good 192.0.2.1\nbad nice 192.0.2.1\nbad bad 192.0.2.1\ngood",
		 "!;!;192.0.2.1;-;"},
		{{.fail = {"^<F-MLFID>\\d+</F-MLFID> bad <ADDR>",
			   "^<F-MLFID>\\d+</F-MLFID> pending"},
		  .ignore = {"pending nice"}},
		 "1 pending nice\n1 pending\n1 bad 192.0.2.1",
		 "!;-;192.0.2.1;"},
		{{.pref = "^(?:host|h2) <F-CONTENT>.*</F-CONTENT>$",
		  .fail = {"^bad <ADDR>", "^a <ADDR>", "^b <ADDR>", "^c <ADDR>"},
		  .ignore = {"^host"}},
		 "host bad 192.0.2.1\nh2 bad 192.0.2.1",
		 "!;192.0.2.1;"},
		{{.pref = "^(?:host|h2) <F-CONTENT>.*</F-CONTENT>$",
		  .fail = {"^bad <ADDR>"},
		  .ignore = {"^host"}},
		 "host bad 192.0.2.1\nh2 bad 192.0.2.1",
		 "192.0.2.1;192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(filter, what_cannot_find_anybody_is_refused)
{
	static const struct {
		struct finder_rules rules;
		const char *why;
	} table[] = {
		{{.fail = {"^bad"}}, "1: nothing in failregex says who it was"},
		{{.fail = {"^bad <CIDR>", "x <ADDR>"}}, "1: nothing in failregex says who"},
		{{.fail = {"x <ADDR>", "^bad <F-ALT_ID>x</F-ALT_ID>"}}, "2: nothing in fail"},
		{{.fail = {" \t"}}, "1: the expression is empty"},
		{{.fail = {"x <ADDR>"}, .ignore = {"(x"}}, "1: missing closing parenthesis"},
		{{.fail = {"x <ADDR>"}, .pref = "x)"}, "99: unmatched closing parenthesis"},
		{{.fail = {"<ADDR> <HOST>"}}, "1: two named subpatterns have the same"},
		{{.fail = {"<F-A-B>x</F-A-B> <ADDR>"}}, "1: "},
		{{.fail = {"^bad <F-MLFID>x</F-MLFID>"}}, ""},
		{{.fail = {"^bad <F-ID>x</F-ID>"}}, ""},
		{{.fail = {"^bad <DNS>"}}, ""},
		{{.fail = {"^bad"}, .pref = "<SUBNET>"}, ""},
		{{.fail = {"^bad"}, .pref = "<F-MLFID>x</F-MLFID>"}, ""},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const char *why = finder_refusal(&table[i].rules);

		cr_expect(!strncmp(why, table[i].why, strlen(table[i].why)), "%zu: %s", i, why);
		cr_expect_eq(!*why, !*table[i].why, "%zu: %s", i, why);
	}
}

/* ---- what a line may cost ---- */

static struct filter *slow(void)
{
	struct finder_rules rules = {.ignore = {"^never"}};

	for (int i = 0; i < 12; i++)
		rules.fail[i] = i == 10 ? "^bad a+ from <ADDR>$"
					: "^bad (?:\\w*\\w*)*\\w*\\w*\\w*! <ADDR>$";
	return finder_compile(&rules);
}

static void spend(size_t len, uint64_t limited, uint64_t skipped)
{
	static struct scratch scratch;
	static char line[SUBJECT_MAX];
	struct filter *filter = slow();
	struct session *session = session_new();
	int64_t now = 0;

	cr_assert_not_null(session);
	cr_assert_eq(scratch_init(&scratch), 0);
	memset(line, 'a', len);
	memcpy(line, "bad ", 4);
	cr_expect_str_eq(finder_search(filter, &scratch, session, &now, line), "-;");
	cr_expect_eq(filter_counts(filter).limited, limited);
	cr_expect_eq(filter_counts(filter).skipped, skipped);
	cr_expect_eq(scratch.limited, limited);
	/* the next line has a budget of its own */
	cr_expect_str_eq(finder_search(filter, &scratch, session, &now, "bad a from 192.0.2.1"),
			 "192.0.2.1;");
	cr_expect_eq(filter_counts(filter).limited, limited);
	filter_free(filter);
	session_free(session);
	scratch_clear(&scratch);
}

Test(filter, a_line_that_takes_too_long_is_given_up_and_counted)
{
	spend(30, 5, 7); /* limited by JIT */
	spend(1000, 5, 7);
	spend(1100, 5, 7); /* by its steps */
	spend(8192, 5, 7);
}

Test(filter, a_long_line_is_searched_to_its_end)
{
	static char line[SUBJECT_MAX];
	const struct finder_rules rules = {.fail = {"^bad .* from <ADDR>$"}};

	memset(line, 'a', 8000);
	memcpy(line, "bad ", 4);
	strcpy(line + 7000, " from 192.0.2.1");
	cr_expect_str_eq(finder_run(&rules, line), "192.0.2.1;");
	/* three bytes of UTF-8 for each of invalid ones */
	for (int i = 0; i < 8192; i++)
		memcpy(line + 3 * i, "\xef\xbf\xbd", 3);
	memcpy(line, "bad ", 4);
	strcpy(line + 24000, " from 192.0.2.2");
	cr_expect_str_eq(finder_run(&rules, line), "192.0.2.2;");
}

/* ---- for who wants to know ---- */

static char log_text[1024];

static void note(void *arg, enum match_stage stage, size_t index, struct text subject,
		 int result)
{
	static const char *const names[] = {
		[MATCH_PREFREGEX] = "pref",  [MATCH_CONTENT] = "content",
		[MATCH_FAILREGEX] = "fail",  [MATCH_IGNOREREGEX] = "ignore",
		[MATCH_SESSION] = "session", [MATCH_HOST] = "host"};
	size_t used = strlen(log_text);

	(void)arg;
	if (subject.len && subject.at[subject.len - 1] == '\n')
		subject.len--;
	snprintf(log_text + used, sizeof(log_text) - used, "%s %zu %.*s %d;", names[stage],
		 index, (int)subject.len, subject.at, result);
}

static int64_t ticks;

static int64_t tick(void)
{
	return ticks += 5;
}

static const struct finder_rules told = {
	.pref = "^x <F-CONTENT>.+</F-CONTENT>$",
	.fail = {"^never <ADDR>", "^<F-MLFID>\\d+</F-MLFID> bad(?: <ADDR>)?$"},
	.ignore = {"nice"},
};

Test(filter, tells_what_it_does)
{
	static struct scratch scratch;
	const struct trace trace = {.step = note};
	struct filter *filter = finder_compile(&told);
	struct session *session = session_new();
	int64_t now = 0;

	cr_assert_not_null(session);
	cr_assert_eq(scratch_init(&scratch), 0);
	scratch.trace = &trace;
	finder_search(filter, &scratch, session, &now, "y\nx 1 bad\nx 1 bad 192.0.2.1");
	cr_expect_str_eq(log_text,
			 "pref 0 y 0;"
			 "pref 0 x 1 bad 1;content 0 1 bad 1;fail 0 1 bad 0;fail 1 1 bad 1;"
			 "ignore 0 1 bad 0;session 0 1 1;session 4 1 1;"
			 "pref 0 x 1 bad 192.0.2.1 1;content 0 1 bad 192.0.2.1 1;"
			 "fail 0 1 bad 192.0.2.1 0;fail 1 1 bad 192.0.2.1 1;"
			 "ignore 0 1 bad 192.0.2.1 0;session 1 1 1;host 0 192.0.2.1 1;",
			 "%s", log_text);
	filter_free(filter);
	session_free(session);
	scratch_clear(&scratch);
}

Test(filter, measures_its_expressions_with_a_clock)
{
	static struct scratch scratch;
	struct filter *filter = finder_compile(&told);
	struct session *session = session_new();
	struct profile profile;
	int64_t now = 0;

	cr_assert_not_null(session);
	cr_assert_eq(scratch_init(&scratch), 0);
	finder_search(filter, &scratch, session, &now, "x 1 bad 192.0.2.1");
	cr_expect(filter_profile(filter, 0, &profile));
	cr_expect_eq(profile.searches, 0);
	scratch.clock = tick;
	finder_search(filter, &scratch, session, &now, "y\nx 1 bad 192.0.2.1");
	cr_expect(filter_profile(filter, FILTER_PREFREGEX, &profile));
	cr_expect(profile.searches == 2 && profile.matches == 1 && profile.ns == 10);
	cr_expect(filter_profile(filter, 0, &profile));
	cr_expect(profile.searches == 1 && profile.matches == 0 && profile.ns == 5);
	cr_expect(filter_profile(filter, 1, &profile));
	cr_expect(profile.searches == 1 && profile.matches == 1 && profile.ns == 5);
	cr_expect_not(filter_profile(filter, 2, &profile));
	filter_free(filter);
	session_free(session);
	scratch_clear(&scratch);
}

Test(filter, says_how_far_an_expression_gets)
{
	static const struct {
		const char *subject;
		size_t pattern, at;
	} table[] = {
		{"bad user joe from x\n", 26, 18},
		{"bad user \n", 10, 9},
		{"bod\n", 2, 1},
		{"\n", 0, 0},
	};
	const struct finder_rules rules = {.fail = {"^bad user (?:[a-z]+ )from <ADDR>$"}};
	struct filter *filter = finder_compile(&rules);
	size_t pattern, at;

	cr_expect_eq(filter_regexes(filter), 1);
	cr_expect_str_eq(filter_text(filter, 0), rules.fail[0]);
	cr_expect_null(filter_text(filter, 1));
	cr_expect_null(filter_text(filter, FILTER_PREFREGEX));
	cr_expect_eq(filter_furthest(filter, 1, text_of("\n"), &pattern, &at), -ENOENT);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		cr_expect_eq(
			filter_furthest(filter, 0, text_of(table[i].subject), &pattern, &at),
			0);
		cr_expect_eq(at, table[i].at, "%zu: %zu", i, at);
		cr_expect_eq(pattern, table[i].pattern, "%zu: %.20s", i,
			     filter_pattern(filter, 0) + pattern);
	}
	filter_free(filter);
}
