/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish restore: for boot, before the network is up. */
#include <errno.h>
#include <stdio.h>

#include "command.h"
#include "control/control.h"
#include "offline.h"
#include "options.h"

int cmd_restore(int argc, char **argv)
{
	struct options options = {.usage = "banish restore [-c FILE]"};
	static const struct offline_work work = {0};
	size_t bans = 0;
	int error;

	if (options_parse(&options, argc, argv, NULL) >= 0)
		return options.code;
	error = offline_run(options.file, &work, &bans);
	if (error == -EBUSY) {
		fputs("banish: a daemon is running: use \"banish sync\"\n", stderr);
		return EXIT_REFUSED;
	}
	if (error < 0)
		return EXIT_REFUSED;
	fprintf(stderr, "banish: %zu ban%s restored\n", bans, bans == 1 ? "" : "s");
	return error ? EXIT_REFUSED : EXIT_DONE;
}
