/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Called as smtpban, banish has the options of smtpban, for the jail of that name. */
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "control/control.h"
#include "scan.h"

static int usage(FILE *to)
{
	fputs("usage: smtpban [-c FILE] [-q | -v] [-e] [-p] [-b]\n"
	      "  -p, --print    print the failures in the log, and who is blocked\n"
	      "  -b, --block    block who failed too often\n"
	      "  -e, --expire   end the blocks whose time is over\n"
	      "  -q, --quiet    say nothing but what went wrong\n"
	      "  -v, --verbose  say who was blocked\n",
	      to);
	return to == stderr ? EXIT_REFUSED : EXIT_DONE;
}

int cmd_smtpban(int argc, char **argv)
{
	static const struct option options[] = {
		{"print", no_argument, NULL, 'p'},
		{"block", no_argument, NULL, 'b'},
		{"expire", no_argument, NULL, 'e'},
		{"quiet", no_argument, NULL, 'q'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct scan scan = {.file = CONF_DEFAULT_FILE, .jail = "smtpban", .voice = SCAN_USUAL};
	int c;

	while ((c = getopt_long(argc, argv, "c:pbeqvh", options, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout);
		if (c == 'c')
			scan.file = optarg;
		else if (c == 'q')
			scan.voice = SCAN_QUIET;
		else if (c == 'v')
			scan.voice = SCAN_VERBOSE;
		else if (c == '?')
			return usage(stderr);
		scan.print |= c == 'p';
		scan.block |= c == 'b';
		scan.expire |= c == 'e';
	}
	if (optind < argc || !(scan.print || scan.block || scan.expire))
		return usage(stderr);
	return scan_bans(&scan);
}
