/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "base/rules.h"

static void rule_list_free(struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(rules[i].regex);
	free(rules);
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	free(rules->name);
	free(rules->prefregex.regex);
	rule_list_free(rules->fail, rules->fails);
	rule_list_free(rules->ignore, rules->ignores);
	rule_list_free(rules->dates, rules->date_count);
	rule_list_free(rules->journal, rules->journal_count);
	free(rules->logtimezone);
	for (size_t i = 0; i < rules->file_count; i++)
		free(rules->files[i]);
	free(rules->files);
	free(rules);
}
