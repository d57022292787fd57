/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish list [JAIL] */
#include <stdlib.h>

#include "client.h"
#include "command.h"
#include "daemon.h"
#include "show.h"

#define LIST_STEP 500 /* bans written before the peer must have taken them */

struct list_call {
	uint32_t slot, jail; /* jail 0: all */
	bool json;
};

int cmd_list(int argc, char **argv)
{
	static const char *const options[] = {"json", NULL};
	static const struct client client = {
		.verb = "list",
		.usage = "[--json] [JAIL]",
		.flags = options,
		.most = 1,
	};

	return client_run(&client, argc, argv);
}

void list_start(void *arg, struct call *call)
{
	struct daemon *daemon = arg;
	struct list_call *own = calloc(1, sizeof *own);

	if (!own) {
		call_err(call, "banish: out of memory");
		call_finish(call, EXIT_REFUSED);
		return;
	}
	call_set(call, own);
	own->json = call_option(call, "json") != NULL;
	if (call_args(call)) {
		own->jail = daemon_find_jail(daemon, call_arg(call, 0));
		if (!own->jail) {
			call_err(call, "banish: no jail of the name \"%s\"", call_arg(call, 0));
			call_finish(call, EXIT_REFUSED);
			return;
		}
	}
	list_more(daemon, call);
}

void list_more(void *arg, struct call *call)
{
	struct daemon *daemon = arg;
	struct list_call *own = call_own(call);
	const struct judge *judge = daemon->memory->judge;
	const struct memory *memory = daemon->memory;
	int64_t now = steady_to_wall(&memory->clock, memory_now(memory));
	unsigned written = 0;

	for (; own->slot < judge_slots(judge) && written < LIST_STEP; own->slot++) {
		const struct ban *ban = judge_at(judge, own->slot);
		struct ban shown;
		char *text;

		if (!ban || (own->jail && ban->jail != own->jail))
			continue;
		shown = memory_shown(memory, ban);
		text = own->json ? show_ban_json(&shown, memory->names, daemon->enforce)
				 : show_ban(&shown, memory->names, now);
		if (text)
			call_out(call, "%s", text);
		free(text);
		written++;
	}
	if (own->slot < judge_slots(judge))
		call_more(call);
	else
		call_finish(call, EXIT_DONE);
}
