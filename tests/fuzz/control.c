/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/request.h"

/*
 * A request line. What parses has a verb and stays within the limits; printed by the client's
 * half and parsed again it is the same request.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(claim)                                                                            \
	do {                                                                                   \
		if (!(claim))                                                                  \
			abort();                                                               \
	} while (0)

static void same(const struct request *a, const struct request *b)
{
	MUST(!strcmp(a->verb, b->verb));
	MUST(a->arg_count == b->arg_count && a->option_count == b->option_count);
	for (size_t i = 0; i < a->arg_count; i++)
		MUST(!strcmp(a->args[i], b->args[i]));
	for (size_t i = 0; i < a->option_count; i++) {
		MUST(!strcmp(a->option[i].name, b->option[i].name));
		MUST(!strcmp(a->option[i].value, b->option[i].value));
	}
}

static void again(const struct request *request)
{
	const char *options[REQUEST_OPTIONS_MAX][2];
	struct control_request ask = {.verb = request->verb,
				      .args = request->args,
				      .arg_count = request->arg_count,
				      .options = (const char *const(*)[2])options,
				      .option_count = request->option_count};
	struct request second;
	const char *why;
	char *line;

	for (size_t i = 0; i < request->option_count; i++) {
		options[i][0] = request->option[i].name;
		options[i][1] = request->option[i].value;
	}
	line = request_print(&ask);
	MUST(line && !strchr(line, '\n'));
	MUST(!request_parse(&second, text_of(line), &why));
	same(request, &second);
	request_clear(&second);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request;
	const char *why = NULL;
	struct text line = {(const char *)data, size};
	int err = request_parse(&request, line, &why);

	MUST(err <= 0 && (!err || why));
	if (err)
		return 0;
	MUST(*request.verb);
	MUST(request.arg_count <= CONTROL_ARGS_MAX);
	MUST(request.option_count <= REQUEST_OPTIONS_MAX);
	MUST(request.args || !request.arg_count);
	again(&request);
	request_clear(&request);
	return 0;
}
