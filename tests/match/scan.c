/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "tests/match/room.h"

static void utc(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

TestSuite(scan, .init = utc);

static const struct pattern sshd = {
	.pref = "^\\s*(?:\\S+ )?sshd(?:\\[\\d+\\])?: (?:error: )?<F-CONTENT>.+</F-CONTENT>$",
	.fail = {"^Failed \\S+ for (?:invalid user )?<F-USER>.*</F-USER> from <HOST> port \\d+",
		 "^Invalid user <F-USER>.*?</F-USER> from <HOST>"},
};

static void expect(const struct pattern *pattern, const char *lines, const char *findings)
{
	const char *got = room_find(pattern, lines);

	cr_expect_str_eq(got, findings, "%s: %s", lines, got);
}

Test(scan, the_date_is_cut_before_the_expressions_see_the_line)
{
	struct pattern p = {.fail = {"^ vm x: bad <HOST>$"}};

	expect(&p, "Nov 19 23:33:42 vm x: bad 192.0.2.1\n", "0:1 192.0.2.1 1763595222000;");
	expect(&p, " vm x: bad 192.0.2.1\n", "0:1 192.0.2.1 -;");
	expect(&p, "Feb 30 23:33:42 vm x: bad 192.0.2.1\n", "0:1 192.0.2.1 -;");
	expect(&p, "x: Nov 19 23:33:42 vm x: bad 192.0.2.1\n", "");
	p.fail[0] = "^\\[\\] bad <HOST>$";
	expect(&p, "[Nov 19 23:33:42] bad 192.0.2.1\n", "0:1 192.0.2.1 1763595222000;");
	p.fail[0] = "\\[\\] <HOST>$";
	expect(&p, "[Nov 19 23:33:42] 192.0.2.1\n", "0:1 192.0.2.1 1763595222000;");
}

Test(scan, a_time_from_the_source_leaves_the_text_alone)
{
	struct pattern p = {.fail = {"^Nov 19 23:33:42 bad <HOST>$"}};
	struct match *match = room_match(&p);

	cr_expect_str_eq(room_scan(match, text_of("Nov 19 23:33:42 bad 192.0.2.1\n"), 5000),
			 "0:1 192.0.2.1 5000;");
	match_free(match);
}

Test(scan, an_undated_line_has_the_date_of_the_line_before_it_for_a_minute)
{
	struct pattern p = {.fail = {"bad <HOST>$"}};

	expect(&p, "Nov 20 00:53:00 ok\n bad 192.0.2.1\n", "0:2 192.0.2.1 1763599980000;");
	expect(&p, "Nov 20 00:53:00 ok\nok\n\nFeb 30 01:02:03 ok\n bad 192.0.2.1\n",
	       "0:5 192.0.2.1 1763599980000;");
	expect(&p, "Nov 20 00:53:00 ok\nFeb 30 00:53:00 bad 192.0.2.1\n",
	       "0:2 192.0.2.1 1763599980000;");
	expect(&p, "Nov 20 00:52:00 ok\n bad 192.0.2.1\n", "0:2 192.0.2.1 -;");
	expect(&p, "Nov 20 00:53:00 ok\nNov 20 00:52:00 ok\n bad 192.0.2.1\n",
	       "0:3 192.0.2.1 -;");
	expect(&p, " bad 192.0.2.1\nNov 20 00:53:00 ok\n", "0:1 192.0.2.1 -;");
}

/* What was looked through for the one before is not again. */
Test(scan, undated_lines_have_the_date_of_the_last_line_before_them_that_has_one)
{
	struct pattern p = {.fail = {"bad <HOST>$"}};

	expect(&p,
	       " bad 192.0.2.1\nNov 20 00:53:00 ok\n bad 192.0.2.2\n bad 192.0.2.3\nok\n"
	       "Nov 20 00:53:10 ok\nok\n bad 192.0.2.4\nNov 20 00:53:15 bad 192.0.2.5\n"
	       "bad 192.0.2.6\n",
	       "0:1 192.0.2.1 -;0:3 192.0.2.2 1763599980000;0:4 192.0.2.3 1763599980000;"
	       "0:8 192.0.2.4 1763599990000;0:9 192.0.2.5 1763599995000;"
	       "0:10 192.0.2.6 1763599995000;");
}

Test(scan, an_empty_date_is_the_last_one_known_or_now)
{
	struct pattern p = {.fail = {"bad <HOST>$"},
			    .dates = {"^at %Y-%m-%d %H:%M:%S ", "^at ()**"}};

	expect(&p, "at bad 192.0.2.1\n", "0:1 192.0.2.1 1763600000000;");
	expect(&p, "at 2025-11-20 00:53:00 ok\nat bad 192.0.2.1\n",
	       "0:2 192.0.2.1 1763599980000;");
	expect(&p, "at 2025-11-20 00:52:00 ok\nat bad 192.0.2.1\n",
	       "0:2 192.0.2.1 1763600000000;");
}

static void note_time(void *arg, size_t index, const struct finding *finding)
{
	int64_t *time = arg;

	(void)index;
	*time = finding->time;
}

Test(scan, an_undated_line_has_the_date_of_an_earlier_run)
{
	static char many[3000];
	const struct pattern p = {.fail = {"bad <HOST>$"}};
	const struct lines undated = {
		.text = text_of(" bad 192.0.2.1\n"), .time = TIME_NONE, .live = true};
	struct lines run = {
		.text = text_of("Nov 20 00:53:00 ok\n"), .time = TIME_NONE, .live = true};
	struct match *match = room_match(&p), *next = room_match(&p);
	struct match_memory *memory = match_memory_new(match), *other;
	int64_t time = 0;

	cr_assert_not_null(memory);
	match_scan(match, memory, &run, NOW, note_time, &time);
	match_scan(match, memory, &undated, NOW, note_time, &time);
	cr_expect_eq(time, INT64_C(1763599980000));
	/* What was found in is remembered, however many lines came since, and over a reload. */
	memset(many, '\n', sizeof(many));
	run.text = (struct text){many, sizeof(many)};
	match_scan(match, memory, &run, NOW, note_time, &time);
	match_scan(match, memory, &run, NOW, note_time, &time);
	other = match_memory_new(next);
	cr_assert_not_null(other);
	match_memory_take(other, 0, memory, 0);
	time = 0;
	match_scan(next, other, &undated, NOW, note_time, &time);
	cr_expect_eq(time, INT64_C(1763599980000));
	match_scan(next, other, &undated, NOW + 60000, note_time, &time);
	cr_expect_eq(time, TIME_NONE);
	match_memory_free(memory);
	match_memory_free(other);
	match_free(match);
	match_free(next);
}

Test(scan, each_filter_has_its_own_dates)
{
	const struct pattern syslog = {
		.fail = {"^ x \\[20/Nov/2025:00:00:00 \\+0000\\] <HOST>$"}};
	const struct pattern web = {.fail = {"^Nov 19 23:33:42 x \\[\\] <HOST>$"},
				    .dates = {"^[^\\[]*\\[({DATE})"}};
	struct match *match = room_match(&syslog);

	cr_assert_eq(room_add(match, &web), 1);
	cr_expect_str_eq(
		room_scan(match,
			  text_of("Nov 19 23:33:42 x [20/Nov/2025:00:00:00 +0000] 192.0.2.1\n"),
			  TIME_NONE),
		"0:1 192.0.2.1 1763595222000;1:1 192.0.2.1 1763596800000;");
	match_free(match);
}

Test(scan, the_content_of_prefregex_is_what_failregex_sees)
{
	expect(&sshd,
	       "Nov 19 23:33:42 vm sshd[1]: Failed password for root from 192.0.2.1 port 22 "
	       "ssh2\n"
	       "Nov 19 23:33:43 vm sshd[1]: error: Invalid user  from from 2001:db8::1\n"
	       "Nov 19 23:33:43 vm cron[1]: Invalid user x from 2001:db8::1\n"
	       "Nov 19 23:33:43 vm sshd[1]: x Invalid user x from 2001:db8::1\n",
	       "0:1 192.0.2.1 1763595222000 user=root;0:2 2001:db8::1 1763595223000 user= "
	       "from;");
}

Test(scan, content_may_end_before_the_line)
{
	struct pattern p = {.pref = "^<F-CONTENT>.+</F-CONTENT> end$",
			    .fail = {"^bad <HOST>$"}};

	expect(&p, "bad 192.0.2.1 end\n", "0:1 192.0.2.1 -;");
	p.pref = "^(?:<F-CONTENT>never</F-CONTENT>)?bad";
	expect(&p, "bad 192.0.2.1\n", "0:1 192.0.2.1 -;");
	p.pref = "^<F-CONTENT>[\\s\\S]+</F-CONTENT>";
	p.fail[0] = "^bad <HOST>\\n\\n\\Z";
	expect(&p, "bad 192.0.2.1\n", "0:1 192.0.2.1 -;");
}

Test(scan, the_first_failregex_that_matches_wins)
{
	const struct pattern p = {.fail = {"^x (?P<a>\\w+) <HOST>", "^x (?P<b>\\w+) <HOST>"}};

	expect(&p, "x y 192.0.2.1\n", "0:1 192.0.2.1 - a=y;");
}

Test(scan, an_ignoreregex_takes_a_match_back)
{
	struct pattern p = {.fail = {"^bad \\w+ <HOST>"}, .ignore = {"nice", "^bad good "}};

	expect(&p, "bad good 192.0.2.1\nbad bad 192.0.2.2\nbad nice 192.0.2.3\n",
	       "0:2 192.0.2.2 -;");
	/* it sees the content that failregex sees */
	p.pref = "^host <F-CONTENT>.+</F-CONTENT>$";
	p.ignore[0] = "^host";
	expect(&p, "host bad good 192.0.2.1\nhost bad bad 192.0.2.2\n", "0:2 192.0.2.2 -;");
	/* and the whole line too when there are few of it, as in fail2ban */
	for (int i = 1; i < 5; i++)
		p.fail[i] = "^never <HOST>";
	expect(&p, "host bad good 192.0.2.1\nhost bad bad 192.0.2.2\n", "");
}

Test(scan, hosts_are_addresses)
{
	static const struct {
		const char *host, *finding;
	} table[] = {
		{"192.0.2.1", "0:1 192.0.2.1 -;"},
		{"[192.0.2.1]", "0:1 192.0.2.1 -;"},
		{"::ffff:192.0.2.1", "0:1 192.0.2.1 -;"},
		{"[::ffff:192.0.2.1]", "0:1 192.0.2.1 -;"},
		{"2001:db8::1", "0:1 2001:db8::1 -;"},
		{"[2001:DB8::1]", "0:1 2001:db8::1 -;"},
		{"2001:db8::", "0:1 2001:db8:: -;"},
		{"::1", "0:1 ::1 -;"},
		{"1:2:3:4:5:6:7:8", "0:1 1:2:3:4:5:6:7:8 -;"},
		{"::ffff:c000:201", "0:1 192.0.2.1 -;"},
		/* look like one, are none */
		{"192.0.2.09", ""},
		{"192.0.2.256", ""},
		{"999.1.1.1", ""},
		{"192.0.2", ""},
		{"12:34:56", ""},
		{"host.example", ""},
		{"192.0.2.1.example", ""},
		{"", ""},
	};
	const struct pattern p = {.fail = {"^from <HOST> end$"}};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char line[128];

		snprintf(line, sizeof(line), "from %s end\n", table[i].host);
		expect(&p, line, table[i].finding);
	}
}

Test(scan, groups_of_both_expressions_come_together)
{
	struct pattern p = {
		.pref = "^<F-USER>\\w*</F-USER> <F-PORT>\\d+</F-PORT> <ADDR> "
			"<F-CONTENT>.+</F-CONTENT>$",
		.fail = {"^bad(?: <F-USER>\\w+</F-USER>)?(?: for "
			 "<F-ALT_USER>\\w+</F-ALT_USER>)?"
			 "(?: or <F-ALT_USER_2>\\w+</F-ALT_USER_2>)?$"},
	};

	/* what failregex names and does not match takes the value of prefregex away */
	expect(&p, "joe 22 192.0.2.1 bad\n", "0:1 192.0.2.1 - fport=22;");
	expect(&p, "joe 22 192.0.2.1 bad jim\n", "0:1 192.0.2.1 - user=jim fport=22;");
	p.pref = "^<ADDR> <F-CONTENT>.+</F-CONTENT>$";
	expect(&p, "192.0.2.1 bad jim for tom\n", "0:1 192.0.2.1 - user=jim;");
	expect(&p, "192.0.2.1 bad for tom or ann\n", "0:1 192.0.2.1 - user=tom;");
	expect(&p, "192.0.2.1 bad or ann\n", "0:1 192.0.2.1 - user=ann;");
	p.fail[0] = "^bad (?:<IP4>|<IP6>)?";
	expect(&p, "192.0.2.1 bad \n", "");
	expect(&p, "192.0.2.1 bad 192.0.2.2\n", "0:1 192.0.2.2 -;");
}

Test(scan, several_filters_see_the_same_lines)
{
	const struct pattern every = {.fail = {"<HOST>"}};
	const struct pattern bad = {.fail = {"^bad <HOST>$"}};
	struct match *match = room_match(&bad);

	cr_assert_eq(room_add(match, &every), 1);
	cr_assert_eq(room_add(match, &bad), 2);
	cr_expect_str_eq(
		room_scan(match, text_of("x 192.0.2.1\nnone\nbad 192.0.2.2\n\nx"), TIME_NONE),
		"1:1 192.0.2.1 -;1:3 192.0.2.2 -;0:3 192.0.2.2 -;2:3 192.0.2.2 -;");
	cr_expect_eq(match_counts(match).lines, 5);
	cr_expect_eq(match_counts(match).found, 4);
	cr_expect_eq(match_counts(match).undated, 4);
	match_free(match);
}

Test(scan, a_broken_expression_is_refused_with_its_place)
{
	static const struct {
		const char *regex, *error;
	} table[] = {
		{"^bad (<HOST>", "test.conf:1: missing closing parenthesis"},
		{"^bad \\h <HOST>", "test.conf:1: bad escape \\h"},
		{"^bad", "test.conf:1: nothing in failregex says who it was"},
		{"(?P<a>x)(?P<a>y) <HOST>", "test.conf:1: two named subpatterns have the same"},
		{"<HOST> <HOST>", "test.conf:1: two named subpatterns have the same"},
	};
	struct match *match = match_new();
	struct pattern p = {0};

	cr_assert_not_null(match);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		p.fail[0] = table[i].regex;
		cr_expect_eq(room_add(match, &p), -EINVAL, "%s", table[i].regex);
		cr_expect(!strncmp(room_error(), table[i].error, strlen(table[i].error)),
			  "%s: %s", table[i].regex, room_error());
	}
	p.fail[0] = NULL;
	cr_expect_eq(room_add(match, &p), -EINVAL);
	/* What was refused leaves nothing behind. */
	p.fail[0] = "^bad <HOST>";
	cr_expect_eq(room_add(match, &p), 0);
	cr_expect_str_eq(room_scan(match, text_of("bad 192.0.2.1\n"), TIME_NONE),
			 "0:1 192.0.2.1 -;");
	match_free(match);
}

Test(scan, a_filter_may_have_any_number_of_expressions)
{
	struct rule fail[150];
	char regex[150][40];
	struct rules rules = {.name = "many", .fail = fail, .fails = 150};
	struct diag diag = {0};
	struct match *match = match_new();

	cr_assert_not_null(match);
	for (int i = 0; i < 150; i++) {
		sprintf(regex[i], "^bad %d (?P<g>\\w) <HOST>$", i);
		fail[i] = (struct rule){.regex = regex[i]};
	}
	cr_assert_eq(match_add(match, &rules, &diag), 0);
	cr_expect_str_eq(room_scan(match,
				   text_of("bad 0 x 192.0.2.1\nbad 149 y 192.0.2.1\n"
					   "bad 64 z 192.0.2.1\nbad 150 z 192.0.2.1\n"),
				   TIME_NONE),
			 "0:1 192.0.2.1 - g=x;0:2 192.0.2.1 - g=y;0:3 192.0.2.1 - g=z;");
	match_free(match);
}

Test(scan, tags_that_close_nothing_are_text)
{
	const struct pattern p = {.fail = {"^</F-USER> <b> <F-user> <HOST>$"}};

	expect(&p, "</F-USER> <b> <F-user> 192.0.2.1\n", "0:1 192.0.2.1 -;");
}

/* Lines of no connection that could only end one are not looked at. */
Test(scan, a_line_that_ends_a_connection_ends_its_own)
{
	const struct pattern p = {
		.pref = "^<F-MLFID>\\s*x d(?:\\[\\d+\\])?: "
			"</F-MLFID><F-CONTENT>.+</F-CONTENT>$",
		.fail = {"^late$", "^<F-NOFAIL>by</F-NOFAIL> <ADDR>$",
			 "^<F-NOFAIL><F-MLFFORGET>over</F-MLFFORGET></F-NOFAIL> now"},
		.dates = {"{^LN-BEG}"}};

	cr_expect_str_eq(
		room_find(&p, "x d[1]: late\nx d[1]: by 192.0.2.1\n"
			      "x d[2]: late\nx d[2]: over now\nx d[2]: by 192.0.2.2\n"
			      "x d[3]: late\nx d[4]: over now\nx d[3]: by 192.0.2.3\n"
			      "x d: late\nx d: over now\nx d: by 192.0.2.4\n"
			      "x d[5]: late\nx d[5]: over now [6]\nx d[5]: by 192.0.2.5\n"),
		"0:2 192.0.2.1 -;0:8 192.0.2.3 -;");
}

/* Nor are those that say whose it was; but what has no id of a connection counts. */
Test(scan, a_line_that_ends_a_connection_may_say_whose_it_was)
{
	struct pattern p = {
		.pref = "^<F-MLFID>x d\\[\\d+\\]: </F-MLFID><F-CONTENT>.+</F-CONTENT>$",
		.fail = {"^late$",
			 "^<F-NOFAIL><F-MLFFORGET>over</F-MLFFORGET></F-NOFAIL> <ADDR>"},
		.dates = {"{^LN-BEG}"}};
	const char *lines =
		"x d[1]: late\nx d[2]: over 192.0.2.2\nx d[1]: over 192.0.2.1\n"
		"x d[2]: late\nx d[3]: late\nx d[3]: late\nx d[3]: over 192.0.2.3\n";

	cr_expect_str_eq(room_find(&p, lines), "0:3 192.0.2.1 -;0:7 192.0.2.3 -;");
	p.pref = "^(?:<F-MLFID>x d\\[\\d+\\]</F-MLFID>|y d): <F-CONTENT>.+</F-CONTENT>$";
	cr_expect_str_eq(room_find(&p, "x d[1]: over 192.0.2.1\ny d: over 192.0.2.2\n"),
			 "0:2 192.0.2.2 -;");
	p.pref = "^(?:<F-MLFID>x d\\[\\d+\\]</F-MLFID>: )?<F-CONTENT>.+</F-CONTENT>$";
	p.fail[0] = "^<F-NOFAIL><F-MLFFORGET>over</F-MLFFORGET></F-NOFAIL> <ADDR>";
	p.fail[1] = NULL;
	cr_expect_str_eq(room_find(&p, "x d[1]: over 192.0.2.1\nover 192.0.2.2\n"),
			 "0:2 192.0.2.2 -;");
}

/* What follows prefregex up to the end of the line is not looked at before failregex. */
Test(scan, content_goes_on_to_the_end_of_the_line)
{
	static const struct {
		const char *pref, *fail, *lines, *found;
	} table[] = {
		{"^p: <F-CONTENT>.+</F-CONTENT>$", "^\\S+ <HOST>$",
		 "p: \xc3\xa9 192.0.2.1\np: \np: x 192.0.2.2 y\np: x 192.0.2.3\r\np: x "
		 "192.0.2.4",
		 "0:1 192.0.2.1 -;0:4 192.0.2.3 -;0:5 192.0.2.4 -;"},
		{"^(?:a )*<F-CONTENT>.+</F-CONTENT>$", "^<HOST>$", "a a 192.0.2.1\n",
		 "0:1 192.0.2.1 -;"},
		{"^<HOST> \\w*<F-CONTENT>.+</F-CONTENT>$", "^b$", "192.0.2.1 ab\n192.0.2.2 a\n",
		 "0:1 192.0.2.1 -;"},
		{"^p: (?:x|<F-CONTENT>.+</F-CONTENT>$)", "^(?:p: x )?<HOST>$",
		 "p: x 192.0.2.1\np: 192.0.2.2\n", "0:1 192.0.2.1 -;0:2 192.0.2.2 -;"},
		{"^x|^<F-CONTENT>.+</F-CONTENT>$", "^[xy] <HOST>$",
		 "x 192.0.2.1\ny 192.0.2.2\n", "0:1 192.0.2.1 -;0:2 192.0.2.2 -;"},
		{"(?s)^p: <F-CONTENT>.+</F-CONTENT>$", "^<HOST>\\s*$", "p: 192.0.2.1\n",
		 "0:1 192.0.2.1 -;"},
		{"^p: (?i:x)<F-CONTENT>.+</F-CONTENT>$", "^<HOST>$", "p: X192.0.2.1\n",
		 "0:1 192.0.2.1 -;"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct pattern p = {
			.pref = table[i].pref, .fail = {table[i].fail}, .dates = {"{^LN-BEG}"}};

		cr_expect_str_eq(room_find(&p, table[i].lines), table[i].found, "%s: %s",
				 table[i].pref, room_find(&p, table[i].lines));
	}
}
