/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line on the tarpit's command port: what is understood prints, and is understood again as
 * the same; what is not is refused with a reason and leaves no trace. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tarpit/tarpit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = {"check=", "del=", "info", "all"};
	struct tarpit_command command = {.verb = 99}, again;
	char text[PREFIX_TEXT_MAX] = "", line[PREFIX_TEXT_MAX + 8];
	const char *why = tarpit_command(&command, (struct text){(const char *)data, size});

	if (why) {
		CLAIM(*why && command.verb == 99);
		return 0;
	}
	CLAIM(command.verb <= TARPIT_VERB_ALL);
	if (command.verb <= TARPIT_VERB_DEL) {
		CLAIM(prefix_valid(&command.prefix));
		prefix_print(&command.prefix, text);
	}
	snprintf(line, sizeof line, "%s%s", words[command.verb], text);
	CLAIM(!tarpit_command(&again, text_of(line)));
	CLAIM(again.verb == command.verb);
	CLAIM(command.verb > TARPIT_VERB_DEL || prefix_equal(&again.prefix, &command.prefix));
	return 0;
}
