/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "conf/conf.h"
#include "control/control.h"
#include "options.h"

static int usage(struct options *options, FILE *to)
{
	fprintf(to, "usage: %s\n", options->usage);
	options->code = to == stderr ? EXIT_USAGE : EXIT_DONE;
	return options->code;
}

int options_parse(struct options *options, int argc, char **argv, struct options_flag *flag)
{
	struct option longs[] = {
		{"help", no_argument, NULL, 'h'},
		{flag ? flag->name : NULL, no_argument, NULL, 1},
		{NULL, 0, NULL, 0},
	};
	int c;

	options->file = CONF_DEFAULT_FILE;
	while ((c = getopt_long(argc, argv, options->socket ? "c:s:h" : "c:h", longs, NULL)) !=
	       -1) {
		if (c == 'c')
			options->file = optarg;
		else if (c == 1 && flag)
			flag->set = true;
		else if (c == 'h')
			return usage(options, stdout);
		else if (c != 's')
			return usage(options, stderr);
	}
	return optind < argc ? usage(options, stderr) : -1;
}
