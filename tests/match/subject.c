/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "match/subject.h"

#define ISO "2026-11-20T23:33:42"

static struct dates *compile(const char *pattern)
{
	struct rule rule = {(char *)pattern, {"test.conf", 1}};
	struct rules rules = {.name = "test", .dates = &rule, .date_count = pattern != NULL};
	struct diag diag = {0};
	struct dates *dates;

	cr_assert_eq(dates_compile(&dates, &rules, &diag), 0);
	return dates;
}

Test(subject, is_the_line_without_its_date)
{
	static const struct {
		const char *pattern, *line, *text;
		bool dated, copied;
	} table[] = {
		{NULL, ISO " vm x", " vm x\n", true, false},
		{NULL, "vm x", "vm x\n", false, false},
		{NULL, "", "\n", false, false},
		{NULL, ISO, "\n", true, false},
		{NULL, "[" ISO "] x", "[] x\n", true, true},
		{NULL, ISO " vm x\r\r", " vm x\n", true, true},
		{NULL, ISO " \xc3\xa9", " \xc3\xa9\n", true, true},
		{NULL, ISO " \xff\xfe", " \xef\xbf\xbd\xef\xbf\xbd\n", true, true},
		/* the date is looked for in what the bytes have become */
		{NULL, "\xff[" ISO "] \xc3", "\xef\xbf\xbd[] \xef\xbf\xbd\n", true, true},
		{"^\\W{2}" DATE_ISO_PATTERN, "\xc3\xe2\x82" ISO " x", " x\n", true, true},
		{"{NONE}", ISO " vm x", ISO " vm x\n", true, false},
		{"^2026()**", ISO " vm x", ISO " vm x\n", true, false},
		{"x$", ISO " vm x", ISO " vm \n", true, true},
	};
	static struct subject subject;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct dates *dates = compile(table[i].pattern);
		size_t len = strlen(table[i].line);
		char line[256];

		memcpy(line, table[i].line, len);
		line[len] = '\n';
		subject_make(&subject, (struct text){line, len}, true, dates, NULL);
		cr_expect(text_equal(subject.text, table[i].text), "%s: %.*s", table[i].line,
			  (int)subject.text.len, subject.text.at);
		cr_expect_eq(subject.dated, table[i].dated, "%s", table[i].line);
		cr_expect_eq(subject.text.at < line || subject.text.at > line + len,
			     table[i].copied, "%s", table[i].line);
		/* without a newline in memory it is a copy that has one */
		line[len] = 'x';
		subject_make(&subject, (struct text){line, len}, false, dates, NULL);
		cr_expect(text_equal(subject.text, table[i].text), "%s", table[i].line);
		dates_free(dates);
	}
}

Test(subject, keeps_the_date_when_none_is_looked_for)
{
	static struct subject subject;

	subject_make(&subject, text_of(ISO " vm"), false, NULL, NULL);
	cr_expect(text_equal(subject.text, ISO " vm\n"));
	cr_expect_not(subject.dated);
}

Test(subject, a_line_that_was_cut_says_so_at_its_end)
{
	static const char *const ends[] = {"x\xef\xbf\xbd\n", "\xef\xbf\xbd\xef\xbf\xbd\n"};
	static struct subject subject;
	static char line[LINE_MAX_BYTES];
	struct dates *dates = compile(NULL), *at_end = compile("x+$");

	for (int i = 0; i < 2; i++) {
		size_t len = strlen(ends[i]);

		memset(line, 'x', sizeof(line));
		memcpy(line, ISO " ", strlen(ISO) + 1);
		if (i)
			line[sizeof(line) - 1] = '\xff';
		subject_make(&subject, (struct text){line, sizeof(line)}, true, dates, NULL);
		cr_expect(subject.dated);
		cr_expect_eq(*subject.text.at, ' ');
		cr_expect_eq(memcmp(subject.text.at + subject.text.len - len, ends[i], len), 0);
		subject_make(&subject, (struct text){line, sizeof(line)}, true, at_end, NULL);
		cr_expect_not(subject.dated, "where it was cut is not the end of the line");
	}
	dates_free(dates);
	dates_free(at_end);
}

Test(subject, the_longest_line_of_the_worst_bytes_has_room)
{
	struct subject *subject = malloc(sizeof(*subject));
	char *line = malloc(LINE_MAX_BYTES);
	struct dates *dates = compile(NULL);

	memset(line, 0xff, LINE_MAX_BYTES);
	subject_make(subject, (struct text){line, LINE_MAX_BYTES}, false, dates, NULL);
	cr_expect_eq(subject->text.len, SUBJECT_MAX);
	dates_free(dates);
	free(line);
	free(subject);
}
