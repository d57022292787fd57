/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "control/request.h"

TestSuite(request, .timeout = 600);

Test(request, verb_args_and_options_are_read)
{
	const char *line = " {\"verb\":\"ban\",\"args\":[\"192.0.2.1\",\"\"],"
			   "\"options\":{\"for\":\"1h\",\"json\":true}} ";
	struct request request;
	const char *why;

	cr_assert_eq(request_parse(&request, text_of(line), &why), 0);
	cr_assert_str_eq(request.verb, "ban");
	cr_assert_eq(request.arg_count, 2);
	cr_assert_str_eq(request.args[0], "192.0.2.1");
	cr_assert_str_eq(request.args[1], "");
	cr_assert_str_eq(request_option(&request, "for"), "1h");
	cr_assert_str_eq(request_option(&request, "json"), "yes");
	cr_assert_null(request_option(&request, "FOR"));
	request_clear(&request);
}

Test(request, what_is_not_a_request_is_refused)
{
	static const char *const bad[] = {
		"",
		"GET / HTTP/1.0",
		"null",
		"[]",
		"\"verb\"",
		"{}",
		"{\"verb\":\"\"}",
		"{\"verb\":1}",
		"{\"verb\":null}",
		"{\"verb\":\"ban\"",
		"{\"verb\":\"ban\"}}",
		"{\"verb\":\"ban\"}{\"verb\":\"ban\"}",
		"{\"verb\":\"ban\",\"verb\":\"unban\"}",
		"{\"Verb\":\"ban\"}",
		"{\"verb\":\"ban\",\"more\":1}",
		"{\"verb\":\"ban\",\"args\":\"192.0.2.1\"}",
		"{\"verb\":\"ban\",\"args\":{\"a\":\"b\"}}",
		"{\"verb\":\"ban\",\"args\":[1]}",
		"{\"verb\":\"ban\",\"args\":[null]}",
		"{\"verb\":\"ban\",\"args\":[[\"192.0.2.1\"]]}",
		"{\"verb\":\"ban\",\"args\":[\"192.0.2.1\\u0000x\"]}",
		"{\"verb\":\"ban\",\"args\":[],\"args\":[]}",
		"{\"verb\":\"ban\",\"options\":[]}",
		"{\"verb\":\"ban\",\"options\":{\"for\":1}}",
		"{\"verb\":\"ban\",\"options\":{\"for\":false}}",
		"{\"verb\":\"ban\",\"options\":{\"for\":\"1h\",\"for\":\"2h\"}}",
	};
	struct request request;
	const char *why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		why = NULL;
		cr_expect_eq(request_parse(&request, text_of(bad[i]), &why), -EINVAL, "%s",
			     bad[i]);
		cr_expect_not_null(why);
	}
	cr_expect_eq(request_parse(&request, (struct text){"{\"verb\":\"a\"}\0", 13}, &why),
		     -EINVAL);
}

Test(request, an_escaped_backslash_is_not_an_escaped_nul)
{
	struct request request;
	const char *why;
	int err = request_parse(&request,
				text_of("{\"verb\":\"why\",\"args\":[\"\\\\u0000\"]}"), &why);

	cr_assert_eq(err, 0);
	cr_assert_str_eq(request.args[0], "\\u0000");
	request_clear(&request);
}

static char *many(const char *head, const char *before, const char *after, size_t count,
		  const char *tail)
{
	char *line;
	size_t len;
	FILE *all = open_memstream(&line, &len);

	fputs(head, all);
	for (size_t i = 0; i < count; i++) {
		fprintf(all, "%s%s%zu%s", i ? "," : "", before, i, after);
	}
	fputs(tail, all);
	fclose(all);
	return line;
}

Test(request, arguments_and_options_are_bounded)
{
	static const struct {
		const char *head, *before, *after, *tail;
		size_t count;
		int want;
	} table[] = {
		{"{\"verb\":\"a\",\"args\":[", "\"", "\"", "]}", CONTROL_ARGS_MAX, 0},
		{"{\"verb\":\"a\",\"args\":[", "\"", "\"", "]}", CONTROL_ARGS_MAX + 1, -EINVAL},
		{"{\"verb\":\"a\",\"options\":{", "\"o", "\":\"\"", "}}", REQUEST_OPTIONS_MAX,
		 0},
		{"{\"verb\":\"a\",\"options\":{", "\"o", "\":\"\"", "}}",
		 REQUEST_OPTIONS_MAX + 1, -EINVAL},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *line = many(table[i].head, table[i].before, table[i].after,
				  table[i].count, table[i].tail);
		struct request request = {0};
		const char *why;
		int err = request_parse(&request, text_of(line), &why);

		cr_expect_eq(err, table[i].want, "%zu: %d", i, err);
		if (!err)
			request_clear(&request);
		free(line);
	}
}

Test(request, what_is_printed_is_read_back)
{
	const char *args[] = {"a b", "line\nbreak", "\"quoted\\", "\xc3\xa9\x01"};
	const char *options[][2] = {{"reason", "x\ty"}, {"all", "yes"}};
	struct control_request ask = {.verb = "ban",
				      .args = args,
				      .arg_count = 4,
				      .options = (const char *const(*)[2])options,
				      .option_count = 2};
	struct request request;
	const char *why;
	char *line = request_print(&ask);

	cr_assert_null(strchr(line, '\n'));
	cr_assert_eq(request_parse(&request, text_of(line), &why), 0);
	cr_assert_str_eq(request.verb, "ban");
	cr_assert_eq(request.arg_count, 4);
	for (size_t i = 0; i < 4; i++)
		cr_assert_str_eq(request.args[i], args[i]);
	cr_assert_str_eq(request_option(&request, "reason"), "x\ty");
	cr_assert_str_eq(request_option(&request, "all"), "yes");
	request_clear(&request);
	free(line);
}
