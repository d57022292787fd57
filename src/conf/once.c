/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "conf/once.h"

static uint64_t fingerprint(struct place place, const char *text)
{
	const char *file = place.file ? place.file : "";
	uint64_t parts[3] = {hash_fingerprint(file, strlen(file)), place.line,
			     hash_fingerprint(text, strlen(text))};

	return hash_fingerprint(parts, sizeof parts);
}

static void say(void *arg, bool error, struct place place, const char *text)
{
	struct once *once = arg;
	uint64_t print = fingerprint(place, text);

	for (size_t i = 0; i < once->count; i++)
		if (once->seen[i] == print)
			return;
	if (once->count < ONCE_MAX)
		once->seen[once->count++] = print;
	if (error)
		diag_error(once->to, place, "%s", text);
	else
		diag_warning(once->to, place, "%s", text);
}

void once_init(struct once *once, struct diag *to)
{
	once->diag = (struct diag){.say = say, .arg = once};
	once->to = to;
	once->count = 0;
}
