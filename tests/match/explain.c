/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "room.h"

static char told[4096];
static size_t found;

static void say(const char *what, size_t index, struct text text)
{
	size_t used = strlen(told);

	snprintf(told + used, sizeof(told) - used, "%s %zu [%.*s];", what, index, (int)text.len,
		 text.at);
}

static void on_step(void *arg, const struct match_step *step)
{
	static const char *const names[] = {
		[MATCH_DATE] = "date",		[MATCH_PREFREGEX] = "pref",
		[MATCH_CONTENT] = "content",	[MATCH_FAILREGEX] = "fail",
		[MATCH_IGNOREREGEX] = "ignore", [MATCH_SESSION] = "session",
		[MATCH_HOST] = "host",
	};
	char name[32];

	(void)arg;
	snprintf(name, sizeof(name), "%s%s", names[step->stage], step->result > 0 ? "" : "-");
	say(name, step->index, step->result > 0 ? step->text : step->read);
}

static void on_found(void *arg, size_t index, const struct finding *finding)
{
	(void)arg;
	(void)index;
	(void)finding;
	found++;
}

static const char *explain(const struct pattern *pattern, const char *line)
{
	struct match *match = room_match(pattern);
	struct match_memory *memory = match_memory_new(match);
	struct lines lines = {.text = text_of(line), .time = TIME_NONE, .live = false};

	cr_assert_not_null(memory);
	told[0] = 0;
	found = 0;
	match_explain(match, memory, 0, &lines, NOW, on_step, on_found, NULL);
	match_memory_free(memory);
	match_free(match);
	return told;
}

static const struct pattern two = {
	.pref = "^ host <F-CONTENT>.+</F-CONTENT>$",
	.fail = {"^bad <HOST>$", "^worse guess by <HOST>$"},
	.ignore = {"192\\.0\\.2\\.9"},
};

Test(explain, tells_each_step_to_what_is_found)
{
	cr_expect_str_eq(explain(&two, "Nov 20 00:00:01 host worse guess by 192.0.2.1\n"),
			 "date 0 [Nov 20 00:00:01];"
			 "pref 0 [ host worse guess by 192.0.2.1];"
			 "content 0 [worse guess by 192.0.2.1];"
			 "fail- 0 [];"
			 "fail 1 [worse guess by 192.0.2.1];"
			 "ignore- 0 [];"
			 "host 0 [192.0.2.1];");
	cr_expect_eq(found, 1);
}

Test(explain, tells_how_far_an_expression_came)
{
	explain(&two, "Nov 20 00:00:01 host worse guess from 192.0.2.1\n");
	cr_expect(strstr(told, "fail- 1 [worse guess ];"), "%s", told);
	cr_expect_eq(found, 0);
}

Test(explain, tells_of_an_ignoreregex)
{
	explain(&two, "Nov 20 00:00:01 host bad 192.0.2.9\n");
	cr_expect(strstr(told, "ignore 0 "), "%s", told);
	cr_expect_eq(found, 0);
}

Test(explain, also_shows_a_line_without_any_of_the_words)
{
	explain(&two, "nothing of the kind\n");
	cr_expect_str_eq(told, "date- 0 [];pref- 0 [];");
}

static int64_t ticks;

static int64_t clock_ns(void)
{
	return ticks += 10;
}

Test(explain, measures_searches_by_the_clock_it_is_given)
{
	struct match *match = room_match(&two);
	struct match_profile profile;

	match_measure(match, clock_ns);
	room_scan(match,
		  text_of("Nov 20 00:00:01 host bad 192.0.2.1\n"
			  "Nov 20 00:00:01 host worse guess by 192.0.2.1\n"),
		  TIME_NONE);
	cr_assert(match_profile(match, 0, 0, &profile));
	cr_expect_str_eq(profile.regex, two.fail[0]);
	cr_expect_eq(profile.matches, 1);
	cr_expect_eq(profile.ns, 10 * (int64_t)profile.searches);
	cr_expect(match_profile(match, 0, 1, &profile));
	cr_expect_eq(profile.matches, 1);
	cr_expect(match_profile(match, 0, 2, &profile), "prefregex");
	cr_expect_str_eq(profile.regex, two.pref);
	cr_expect_not(match_profile(match, 0, 3, &profile));
	match_free(match);
}
