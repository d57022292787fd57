/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish sync */
#include <string.h>

#include "client.h"
#include "command.h"
#include "daemon.h"

int cmd_sync(int argc, char **argv)
{
	static const struct client client = {.verb = "sync", .usage = ""};

	return client_run(&client, argc, argv);
}

/* Answers when every target holds what it should, or says which does not. */
static void sync_done(struct daemon *daemon, struct call *call, int durable)
{
	enum control_exit code = EXIT_DONE;

	(void)durable;
	for (size_t t = 0; t < enforce_count(daemon->enforce); t++) {
		const struct enforce_target *target = enforce_at(daemon->enforce, t);

		if (!target->info.error && !target->sync_error)
			continue;
		call_err(call, "banish: target %s: %s", target->text,
			 target->info.error ? target->info.text
					    : strerror(-target->sync_error));
		code = EXIT_REFUSED;
	}
	call_finish(call, code);
}

void sync_start(void *arg, struct call *call)
{
	struct daemon *daemon = arg;

	enforce_sync(daemon->enforce);
	wait_add(daemon, call, true, sync_done);
}
