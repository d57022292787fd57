/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our reader makes of filters, for expand.py: a line of JSON for each line "file SPEC" or
 * "journal SPEC" of standard input; null for a filter that is refused, with the reason on
 * standard error.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/rules.h"
#include "base/spec.h"
#include "conf/conf.h"

static cJSON *list(const struct rule *rules, size_t count)
{
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(rules[i].regex));
	return array;
}

static cJSON *object(const struct rules *rules)
{
	cJSON *all = cJSON_CreateObject();
	const char *prefix = rules->prefregex.regex;

	cJSON_AddItemToObject(all, "prefregex",
			      prefix ? cJSON_CreateString(prefix) : cJSON_CreateNull());
	cJSON_AddItemToObject(all, "failregex", list(rules->fail, rules->fails));
	cJSON_AddItemToObject(all, "ignoreregex", list(rules->ignore, rules->ignores));
	cJSON_AddItemToObject(all, "datepattern", list(rules->dates, rules->date_count));
	cJSON_AddItemToObject(all, "journalmatch", list(rules->journal, rules->journal_count));
	cJSON_AddNumberToObject(all, "maxlines", rules->maxlines);
	cJSON_AddBoolToObject(all, "names", rules->names);
	return all;
}

static struct rules *read_filter(const char *text, bool journal)
{
	static const char *const none[] = {NULL};
	struct conf_dirs dirs = {.filter_dirs = none};
	struct diag diag = {.say = diag_stderr};
	struct spec spec = {0};
	struct rules *rules = NULL;

	if (!spec_parse(&spec, text_of(text), (struct place){0}, &diag))
		conf_read_filter(&rules, &spec, journal, &dirs, &diag);
	spec_clear(&spec);
	return rules;
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, stdin)) > 0) {
		const char *spec = strchr(line, ' ');
		struct rules *rules;
		cJSON *all;
		char *text;

		line[len - 1] = 0;
		rules = spec ? read_filter(spec + 1, *line == 'j') : NULL;
		all = rules ? object(rules) : cJSON_CreateNull();
		text = cJSON_PrintUnformatted(all);
		puts(text ? text : "null");
		free(text);
		cJSON_Delete(all);
		rules_free(rules);
	}
	free(line);
	return 0;
}
