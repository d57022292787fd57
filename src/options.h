/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of commands that do not ask a daemon. */
#ifndef BANISH_OPTIONS_H
#define BANISH_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

struct options {
	const char *usage; /* in */
	bool socket;	   /* in: -s is taken, and left to others */
	const char *file;  /* -c, else CONF_DEFAULT_FILE */
	int code;	   /* the exit code, when there is nothing left to do */
};

/* -1: go on; else options->code is the exit code (after --help, or usage on standard error).
 * Operands are refused. `flag`, when not NULL, is set by the option of that name. */
struct options_flag {
	const char *name;
	bool set;
};
int options_parse(struct options *options, int argc, char **argv, struct options_flag *flag);

#endif
