/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish flush: the kernel forgets, state does not. With or without a daemon. */
#include <errno.h>
#include <stdio.h>

#include "client.h"
#include "command.h"
#include "daemon.h"
#include "offline.h"
#include "options.h"

int cmd_flush(int argc, char **argv)
{
	static const struct client client = {.verb = "flush", .usage = ""};
	struct options options = {.usage = "banish flush [-c FILE] [-s SOCKET]",
				  .socket = true};
	static const struct offline_work work = {.empty = true};
	size_t bans = 0;
	int error;

	if (options_parse(&options, argc, argv, NULL) >= 0)
		return options.code;
	error = offline_run(options.file, &work, &bans);
	if (error == -EBUSY) {
		optind = 0;
		return client_run(&client, argc, argv);
	}
	if (error < 0)
		return EXIT_REFUSED;
	fprintf(stderr, "banish: the kernel is empty of %zu bans; state keeps them\n", bans);
	return error ? EXIT_REFUSED : EXIT_DONE;
}

static void flush_done(struct daemon *daemon, struct call *call, int durable)
{
	(void)daemon;
	(void)durable;
	call_finish(call, EXIT_DONE);
}

void flush_start(void *arg, struct call *call)
{
	struct daemon *daemon = arg;

	enforce_flush(daemon->enforce);
	wait_add(daemon, call, true, flush_done);
}
