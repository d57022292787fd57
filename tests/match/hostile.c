/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "base/line.h"
#include "match/subject.h"
#include "tests/match/room.h"

/* What strangers write into logs. */

static const struct pattern prefixed = {
	.pref = "^\\s*(?:\\S+\\s+)?(?:\\S+\\s+)?(?:\\S+\\s+)?(?:sshd\\[\\d+\\]:?\\s+)?"
		"<F-CONTENT>.+</F-CONTENT>$",
	.fail = {"^bad <F-USER>.*</F-USER> from <HOST>\\s*$"},
};

static struct text bytes(char *buffer, const char *head, char fill, const char *tail)
{
	size_t len = LINE_MAX_BYTES - strlen(head) - strlen(tail);

	strcpy(buffer, head);
	memset(buffer + strlen(head), fill, len);
	strcpy(buffer + strlen(head) + len, tail);
	buffer[LINE_MAX_BYTES] = '\n';
	return (struct text){buffer, LINE_MAX_BYTES + 1};
}

Test(hostile, a_full_line_is_searched_in_bounded_time)
{
	static const char fills[] = " a[\t.\xff:0\\";
	static char buffer[LINE_MAX_BYTES + 2];
	struct match *match = room_match(&prefixed);

	for (const char *fill = fills; *fill; fill++) {
		clock_t begin = clock();
		double ms;

		room_scan(match, bytes(buffer, "bad x", *fill, "from 192.0.2.1 "), TIME_NONE);
		room_scan(match, bytes(buffer, "", *fill, "bad x from 192.0.2.1"), TIME_NONE);
		room_scan(match, bytes(buffer, "bad ", *fill, ""), TIME_NONE);
		ms = (double)(clock() - begin) * 1000 / CLOCKS_PER_SEC;
		cr_expect_lt(ms, 3000, "\\x%02x took %.0f ms", (unsigned char)*fill, ms);
	}
	match_free(match);
}

Test(hostile, a_search_that_pcre2_gives_up_on_is_counted)
{
	static char buffer[LINE_MAX_BYTES + 2];
	const struct pattern p = {.fail = {"^bad (?:\\w*\\w*)*\\w*\\w*\\w*! <HOST>"}};
	struct match *match = room_match(&p);

	room_scan(match, bytes(buffer, "bad ", 'a', "192.0.2.1"), TIME_NONE);
	cr_expect_eq(match_counts(match).limited, 1);
	cr_expect_eq(match_counts(match).found, 0);
	match_free(match);
}

/* A date that costs too much to find is none, and is found out about once a line. */
Test(hostile, a_search_for_a_date_that_costs_too_much_is_given_up_and_counted)
{
	static char buffer[LINE_MAX_BYTES + 2];
	const struct pattern p = {.fail = {"^bad <HOST>"},
				  .dates = {"\\s+%H:%M:%S", "\\s+%H-%M-%S", "\\s+%H_%M_%S"}};
	struct match *match = room_match(&p);
	struct text text = bytes(buffer, "bad 192.0.2.1", ' ', "x 12:13:14 12-13-14 12_13_14:");

	cr_expect_str_eq(room_scan(match, text, TIME_NONE), "0:1 192.0.2.1 -;");
	cr_expect_eq(match_counts(match).limited, 3);
	match_free(match);
}

Test(hostile, an_atomic_group_gives_nothing_back)
{
	static const char *const table[] = {
		"^(?:<F-USER>b</F-USER>*+x|bad) <HOST>$",
		"^(?:(?><F-USER>b</F-USER>*)x|bad) <HOST>$",
		"^(?:<F-USER>b</F-USER>{0,3}+x|bad) <HOST>$",
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct pattern p = {.fail = {table[i]}};

		cr_expect_str_eq(room_find(&p, "bad 192.0.2.1\n"), "0:1 192.0.2.1 -;", "%s",
				 table[i]);
	}
}

Test(hostile, deep_recursion_is_no_way_to_hide)
{
	static char buffer[LINE_MAX_BYTES + 2];
	const struct pattern p = {.fail = {"^bad (?:(?:a|b)(?P<c>c)?)+ <HOST>"}};
	struct match *match = room_match(&p);
	struct text text = bytes(buffer, "bad ", 'a', " 192.0.2.1");

	cr_expect_str_eq(room_scan(match, text, TIME_NONE), "0:1 192.0.2.1 -;");
	cr_expect_eq(match_counts(match).limited, 0);
	match_free(match);
}

Test(hostile, nul_is_a_character)
{
	static const char line[] = "bad a\0b from 192.0.2.1\nbad \0\n\0\0";
	struct pattern p = {.fail = {"^bad \\w\\x00\\w from <HOST>$"}};
	struct match *match = room_match(&p);

	cr_expect_str_eq(room_scan(match, (struct text){line, sizeof(line)}, TIME_NONE),
			 "0:1 192.0.2.1 -;");
	cr_expect_eq(match_counts(match).lines, 3);
	match_free(match);
}

Test(hostile, bytes_that_are_no_utf8_are_one_character_each)
{
	static const struct {
		const char *in, *out;
	} table[] = {
		{"a\xff"
		 "b",
		 "a\xef\xbf\xbd"
		 "b"},
		{"a\xc3", "a\xef\xbf\xbd"},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xe2\x82", "\xef\xbf\xbd"},
		{"\xe2\x82z", "\xef\xbf\xbdz"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf0\x80\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf0\x9f\x98", "\xef\xbf\xbd"},
		{"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf0\x9f\x98\x80 \xe2\x82\xac \xc3\xbc",
		 "\xf0\x9f\x98\x80 \xe2\x82\xac \xc3\xbc"},
	};
	const struct pattern p = {.fail = {"^bad \\S\xef\xbf\xbd\\S from <HOST>$"}};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char out[64];
		size_t len = utf8_clean(out, text_of(table[i].in));

		cr_expect_eq(len, strlen(table[i].out), "%zu", i);
		cr_expect(!memcmp(out, table[i].out, len), "%zu", i);
	}
	cr_expect_str_eq(room_find(&p, "Nov 19 23:33:42x\nbad a\xff"
				       "b from 192.0.2.1\n"),
			 "0:2 192.0.2.1 -;");
}

Test(hostile, a_line_of_nothing_but_broken_bytes_fits)
{
	static char buffer[LINE_MAX_BYTES + 2];
	const struct pattern p = {.fail = {"^\\[\xef\xbf\xbd+ <HOST>$", "<HOST>"}};
	struct match *match = room_match(&p);

	cr_expect_str_eq(
		room_scan(match, bytes(buffer, "[", (char)0xff, " 192.0.2.1"), TIME_NONE),
		"0:1 192.0.2.1 -;");
	match_free(match);
}

Test(hostile, carriage_returns_at_the_end_are_not_seen)
{
	const struct pattern p = {.fail = {"^bad <HOST>$"}};

	cr_expect_str_eq(room_find(&p, "bad 192.0.2.1\r\nbad 192.0.2.2\r\r\nbad \r192.0.2.3\n"
				       "\r\n\nbad 192.0.2.4"),
			 "0:1 192.0.2.1 -;0:2 192.0.2.2 -;0:6 192.0.2.4 -;");
}

Test(hostile, a_line_longer_than_promised_is_cut)
{
	static char buffer[3 * LINE_MAX_BYTES];
	const struct pattern p = {.fail = {"^bad a+$", "^bad a+ <HOST>"}};
	struct match *match = match_new();

	cr_assert_not_null(match);
	cr_assert_lt(room_add(match, &p), 0);
	match_free(match);
	match = room_match(&(struct pattern){.fail = {"^bad <HOST> a+"}});
	memset(buffer, 'a', sizeof(buffer));
	memcpy(buffer, "bad 192.0.2.1 ", 14);
	buffer[sizeof(buffer) - 1] = '\n';
	cr_expect_str_eq(room_scan(match, (struct text){buffer, sizeof(buffer)}, TIME_NONE),
			 "0:1 192.0.2.1 -;");
	match_free(match);
}

/* What is cut off may be all that tells the real end of a line from a peer's text. */
Test(hostile, a_line_that_was_cut_does_not_end_where_it_was)
{
	static const struct pattern pattern = {
		.fail = {"^Invalid user .* from <HOST> port \\d+$"}};
	static const char tail[] = " from 203.0.113.77 port 22";
	struct match *match = room_match(&pattern);
	char line[LINE_MAX_BYTES + 1];
	struct text text = bytes(line, "Invalid user ", 'x', tail);

	cr_expect_str_eq(room_scan(match, text, NOW), "");
	/* One byte less was not cut. */
	memmove(line + LINE_MAX_BYTES - sizeof(tail), tail, sizeof(tail) - 1);
	line[LINE_MAX_BYTES - 1] = '\n';
	text.len--;
	cr_expect_neq(*room_scan(match, text, NOW), 0);
	match_free(match);
}
