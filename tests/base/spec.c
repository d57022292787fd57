/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/spec.h"

static void say(void *arg, bool error, struct place place, const char *text)
{
	(void)error;
	snprintf(arg, 256, "%s:%u: %s", place.file, place.line, text);
}

/* "name|option=value|..." */
static void print(const struct spec *spec, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "%s", spec->name);

	for (size_t i = 0; i < spec->count; i++)
		used += (size_t)snprintf(out + used, size - used, "|%s=%s",
					 spec->options[i].name, spec->options[i].value);
}

static const struct {
	const char *text, *read;
} good[] = {
	{"sshd", "sshd"},
	{"  sshd \n", "sshd"},
	{"/a path/x.conf", "/a path/x.conf"},
	{"sshd[]", "sshd"},
	{"sshd[mode=aggressive]", "sshd|mode=aggressive"},
	{"sshd [ mode = a b , x=]", "sshd|mode=a b|x="},
	{"nft[table=\"inet filter\", set4=b4,]", "nft|table=inet filter|set4=b4"},
	{"x[p=\"a,b]\"][q='\"c\"']\n [r.s-t_1=d]", "x|p=a,b]|q=\"c\"|r.s-t_1=d"},
	{"x[a=\"1\nb\",\n  c=2]", "x|a=1\nb|c=2"},
	{"x[a=b=c\"d]", "x|a=b=c\"d"},
	{"x[a=[b]", "x|a=[b"},
};

Test(spec, name_and_options_are_read)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct diag diag = {0};
		struct spec spec;
		char out[256];

		cr_assert_eq(
			spec_parse(&spec, text_of(good[i].text), (struct place){"f", 3}, &diag),
			0, "row %zu", i);
		print(&spec, out, sizeof out);
		cr_expect_str_eq(out, good[i].read, "row %zu", i);
		cr_expect_eq(spec.place.line, 3);
		spec_clear(&spec);
	}
}

static const struct {
	const char *text, *said;
} bad[] = {
	{"", "f:3: a name expected at the end"},
	{"[a=b]", "f:3: a name expected, not \"[a=b]\""},
	{"x]", "f:3: \"[\" expected, not \"]\""},
	{"x[a", "f:3: \"=\" after an option's name expected at the end"},
	{"x[=b]", "f:3: option name expected, not \"=b]\""},
	{"x[a=b", "f:3: \",\" or \"]\" expected at the end"},
	{"x[a=\"b]", "f:3: closing \" expected at the end"},
	{"x[a=\"b\" c]", "f:3: \",\" or \"]\" expected, not \"c]\""},
	{"x[a=b] y", "f:3: \"[\" expected, not \"y\""},
	{"x[a=b,,c=d]", "f:3: option name expected, not \",c=d]\""},
};

Test(spec, what_does_not_fit_is_refused)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char said[256] = "";
		struct diag diag = {.say = say, .arg = said};
		struct spec spec;

		cr_expect_eq(
			spec_parse(&spec, text_of(bad[i].text), (struct place){"f", 3}, &diag),
			-EINVAL, "row %zu", i);
		cr_expect_str_eq(said, bad[i].said, "row %zu", i);
	}
}

Test(spec, a_nul_byte_is_refused)
{
	struct diag diag = {0};
	struct spec spec;

	cr_expect_eq(spec_parse(&spec, (struct text){"a\0b", 3}, (struct place){0}, &diag),
		     -EINVAL);
}

Test(spec, options_are_bounded)
{
	char text[2048] = "x[";
	struct diag diag = {0};
	struct spec spec;

	for (int i = 0; i < 300; i++)
		strcat(text, "a=b,");
	strcat(text, "]");
	cr_expect_eq(spec_parse(&spec, text_of(text), (struct place){0}, &diag), -EINVAL);
}

Test(spec, the_last_option_of_a_name_counts)
{
	struct diag diag = {0};
	struct spec spec;

	cr_assert_eq(spec_parse(&spec, text_of("x[a=1,b=2][a=3]"), (struct place){0}, &diag),
		     0);
	cr_expect_str_eq(spec_get(&spec, "a"), "3");
	cr_expect_str_eq(spec_get(&spec, "b"), "2");
	cr_expect_null(spec_get(&spec, "c"));
	spec_clear(&spec);
}

Test(spec, unknown_options_are_refused_with_the_nearest)
{
	static const char *const known[] = {"name", "type", NULL};
	char said[256] = "";
	struct diag diag = {.say = say, .arg = said};
	struct spec spec;

	cr_assert_eq(spec_parse(&spec, text_of("ipset[nam=x]"), (struct place){"f", 3}, &diag),
		     0);
	cr_expect_eq(spec_check_options(&spec, known, &diag), -EINVAL);
	cr_expect_str_eq(said, "f:3: unknown option \"nam\" of ipset; did you mean \"name\"?");
	spec_clear(&spec);
	cr_assert_eq(spec_parse(&spec, text_of("ipset[name=x]"), (struct place){"f", 3}, &diag),
		     0);
	cr_expect_eq(spec_check_options(&spec, known, &diag), 0);
	spec_clear(&spec);
}

Test(spec, its_text_parses_to_the_same)
{
	static const char *const texts[][2] = {
		{"nft", "nft"},
		{"route[ table = 99 ,type=blackhole]", "route[table=99,type=blackhole]"},
		{"x[a=1][b='']", "x[a=1,b=\"\"]"},
		{"nft[table=inet filter]", "nft[table=\"inet filter\"]"},
		{"x[a='say \"no\", or ]']", "x[a='say \"no\", or ]']"},
		{"x[a=it's \"so\"]", "x[a=it's \"so\"]"},
		{"x[a='\"']", "x[a='\"']"},
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct diag diag = {0};
		struct spec spec;
		char *once, *twice;

		cr_assert_eq(spec_parse(&spec, text_of(texts[i][0]), (struct place){0}, &diag),
			     0);
		once = spec_text(&spec);
		spec_clear(&spec);
		cr_expect_str_eq(once, texts[i][1]);
		cr_assert_eq(spec_parse(&spec, text_of(once), (struct place){0}, &diag), 0);
		twice = spec_text(&spec);
		spec_clear(&spec);
		cr_expect_str_eq(twice, once);
		free(once);
		free(twice);
	}
}
