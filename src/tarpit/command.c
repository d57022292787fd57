/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tarpit/tarpit.h"

/* What a person types on the command port. */

static const struct {
	const char *word;
	enum tarpit_verb verb;
	bool of_address;
} verbs[] = {
	{"check", TARPIT_VERB_CHECK, true},
	{"del", TARPIT_VERB_DEL, true},
	{"info", TARPIT_VERB_INFO, false},
	{"all", TARPIT_VERB_ALL, false},
};

#define VERBS (sizeof verbs / sizeof *verbs)

const char *tarpit_command(struct tarpit_command *out, struct text line)
{
	const char *equals = line.len ? memchr(line.at, '=', line.len) : NULL;
	struct text word = {line.at, equals ? (size_t)(equals - line.at) : line.len};
	struct tarpit_command command = {0};
	size_t i = 0;

	while (i < VERBS && !text_equal(word, verbs[i].word))
		i++;
	if (i == VERBS || verbs[i].of_address != (equals != NULL))
		return "commands are check=ADDRESS, del=ADDRESS, info and all";
	command.verb = verbs[i].verb;
	if (equals && !prefix_parse(&command.prefix, equals + 1, line.len - word.len - 1))
		return "that is no address";
	*out = command;
	return NULL;
}
