/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "base/text.h"

Test(text, durations_are_read_as_the_table_says)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} table[] = {
		{"90", 90000},
		{"90s", 90000},
		{"10m", 600000},
		{"1h", 3600000},
		{"7d", 604800000},
		{"4w", 2419200000},
		{"1h30m", 5400000},
		{"1h 30m", 5400000},
		{"50ms", 50},
		{"-1", TIME_FOREVER},
		{"forever", TIME_FOREVER},
		{" 5m ", 300000},
		{"0", 0},
		{"", -1},
		{"h", -1},
		{"-2", -1},
		{"1y", -1},
		{"1h30", -1},
		{"1.5h", -1},
		{"99999999999999999999s", -1},
		{"200000w", -1},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int64_t ms = -1;

		if (!text_duration(text_of(table[i].text), &ms))
			ms = -1;
		cr_expect_eq(ms, table[i].ms, "\"%s\": %" PRId64, table[i].text, ms);
	}
}

Test(text, a_printed_duration_reads_back_the_same)
{
	static const int64_t table[] = {0, 50, 1000, 90000, 3600000, 86400000, TIME_FOREVER};
	char out[24];
	int64_t ms;

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		text_print_duration(table[i], out);
		cr_expect(text_duration(text_of(out), &ms), "%s", out);
		cr_expect_eq(ms, table[i], "%s", out);
	}
}

Test(text, the_nearest_word_is_the_one_that_was_meant)
{
	static const char *const words[] = {"bantime", "findtime", "maxretry", "target", NULL};
	static const struct {
		const char *text, *nearest;
	} table[] = {
		{"bantmie", "bantime"},	 {"bantim", "bantime"}, {"findtme", "findtime"},
		{"maxrety", "maxretry"}, {"xyzzy", NULL},	{"tagret", "target"},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *nearest = text_nearest(text_of(table[i].text), words);

		cr_expect(nearest == table[i].nearest || (nearest && table[i].nearest &&
							  !strcmp(nearest, table[i].nearest)),
			  "%s: %s", table[i].text, nearest ? nearest : "none");
	}
}

Test(text, what_is_shown_has_no_control_characters_and_ends_in_time)
{
	char out[16];

	cr_expect_str_eq(text_show((struct text){"a\x1b[1m\n", 6}, out, sizeof out),
			 "a\\x1b[1m\\x0a");
	cr_expect_str_eq(text_show((struct text){"\xff\xc3\xa9", 3}, out, sizeof out),
			 "\\xff\xc3\xa9");
	cr_expect_str_eq(text_show((struct text){"\xc2\x9b", 2}, out, sizeof out),
			 "\\xc2\\x9b");
	cr_expect_str_eq(text_show(text_of("12345678901234567"), out, sizeof out),
			 "123456789012345");
	cr_expect_str_eq(text_show((struct text){"123456789012\n", 13}, out, sizeof out),
			 "123456789012");
}

Test(text, words_and_lines_come_one_by_one)
{
	struct text rest = text_of(" a, b\n\tc"), word;
	char all[16] = "";

	while (text_word(&rest, &word))
		strncat(strncat(all, word.at, word.len), ".", 2);
	cr_expect_str_eq(all, "a.b.c.");
	rest = text_of("one\n\nlast");
	cr_assert(text_line(&rest, &word) && text_equal(word, "one"));
	cr_assert(text_line(&rest, &word) && text_equal(word, ""));
	cr_assert(text_line(&rest, &word) && text_equal(word, "last"));
	cr_expect_not(text_line(&rest, &word));
}

Test(text, numbers_do_not_wrap)
{
	int64_t n = 7;

	cr_expect(text_number(text_of("9223372036854775807"), 0, INT64_MAX, &n));
	cr_expect_eq(n, INT64_MAX);
	cr_expect_not(text_number(text_of("9223372036854775808"), 0, INT64_MAX, &n));
	cr_expect_not(text_number(text_of("12a"), 0, 99, &n));
	cr_expect_not(text_number(text_of("100"), 0, 99, &n));
	cr_expect_eq(n, INT64_MAX);
}
