/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "control/request.h"

/* The only file that knows what a request looks like as JSON. */

/* cJSON decodes \u0000 to a byte that ends the string early: "192.0.2.1\u0000x" would be read
 * as an address. */
static bool escapes_nul(const char *s)
{
	for (s = strchr(s, '\\'); s; s = strchr(s, '\\')) {
		if (!strncmp(s, "\\u0000", 6))
			return true;
		s += s[1] ? 2 : 1;
	}
	return false;
}

static int read_args(struct request *out, const cJSON *list, const char **why)
{
	const cJSON *item;
	size_t count = 0;

	*why = "\"args\" is not a list of strings";
	if (!cJSON_IsArray(list) || out->args)
		return -EINVAL;
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item))
			return -EINVAL;
		count++;
	}
	*why = "too many arguments";
	if (count > CONTROL_ARGS_MAX)
		return -EINVAL;
	out->args = calloc(count + 1, sizeof(*out->args));
	if (!out->args)
		return -ENOMEM;
	cJSON_ArrayForEach(item, list) out->args[out->arg_count++] = item->valuestring;
	return 0;
}

static int read_options(struct request *out, const cJSON *object, const char **why)
{
	const cJSON *item;

	*why = "\"options\" is not an object of strings";
	if (!cJSON_IsObject(object))
		return -EINVAL;
	cJSON_ArrayForEach(item, object)
	{
		const char *value = cJSON_IsTrue(item) ? "yes" : item->valuestring;

		if (!cJSON_IsTrue(item) && !cJSON_IsString(item))
			return -EINVAL;
		if (out->option_count == REQUEST_OPTIONS_MAX) {
			*why = "too many options";
			return -EINVAL;
		}
		if (request_option(out, item->string)) {
			*why = "an option is given twice";
			return -EINVAL;
		}
		out->option[out->option_count].name = item->string;
		out->option[out->option_count++].value = value;
	}
	return 0;
}

static int read_verb(struct request *out, const cJSON *item, const char **why)
{
	*why = "\"verb\" is not a word";
	if (out->verb || !cJSON_IsString(item) || !*item->valuestring)
		return -EINVAL;
	out->verb = item->valuestring;
	return 0;
}

static int read_member(struct request *out, const cJSON *item, const char **why)
{
	if (!strcmp(item->string, "verb"))
		return read_verb(out, item, why);
	if (!strcmp(item->string, "args"))
		return read_args(out, item, why);
	if (!strcmp(item->string, "options"))
		return read_options(out, item, why);
	*why = "only \"verb\", \"args\" and \"options\" are known";
	return -EINVAL;
}

static int read_tree(struct request *out, const char **why)
{
	const cJSON *item;
	int err;

	*why = "not a JSON object";
	if (!cJSON_IsObject(out->tree))
		return -EINVAL;
	cJSON_ArrayForEach(item, out->tree)
	{
		err = read_member(out, item, why);
		if (err)
			return err;
	}
	*why = "\"verb\" is missing";
	return out->verb ? 0 : -EINVAL;
}

int request_parse(struct request *out, struct text line, const char **why)
{
	struct request request = {0};
	char *copy;
	int err = -EINVAL;

	*why = "it holds NUL";
	if (memchr(line.at, '\0', line.len))
		return -EINVAL;
	/* A copy, because cJSON's readers with a length have read past its end. */
	copy = text_dup(line);
	if (!copy)
		return -ENOMEM;
	if (!escapes_nul(copy)) {
		request.tree = cJSON_ParseWithOpts(copy, NULL, true);
		err = read_tree(&request, why);
	}
	free(copy);
	if (err)
		request_clear(&request);
	else
		*out = request;
	return err;
}

void request_clear(struct request *request)
{
	cJSON_Delete(request->tree);
	free(request->args);
	memset(request, 0, sizeof(*request));
}

const char *request_option(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->option_count; i++)
		if (!strcmp(request->option[i].name, name))
			return request->option[i].value;
	return NULL;
}

static bool add_args(cJSON *tree, const struct control_request *ask)
{
	cJSON *list = cJSON_AddArrayToObject(tree, "args");

	for (size_t i = 0; i < ask->arg_count; i++)
		if (!cJSON_AddItemToArray(list, cJSON_CreateString(ask->args[i])))
			return false;
	return list;
}

static bool add_options(cJSON *tree, const struct control_request *ask)
{
	cJSON *object = cJSON_AddObjectToObject(tree, "options");

	for (size_t i = 0; i < ask->option_count; i++)
		if (!cJSON_AddStringToObject(object, ask->options[i][0], ask->options[i][1]))
			return false;
	return object;
}

char *request_print(const struct control_request *ask)
{
	cJSON *tree = cJSON_CreateObject();
	char *line = NULL;

	if (cJSON_AddStringToObject(tree, "verb", ask->verb) && add_args(tree, ask) &&
	    add_options(tree, ask))
		line = cJSON_PrintUnformatted(tree);
	cJSON_Delete(tree);
	return line;
}
