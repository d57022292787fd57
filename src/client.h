/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that ask the running daemon. */
#ifndef BANISH_CLIENT_H
#define BANISH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct client {
	const char *verb;
	const char *name;	   /* of the command, where it is not the verb's */
	const char *usage;	   /* what follows "banish VERB [-c FILE] [-s SOCKET]" */
	const char *const *flags;  /* options without a value; NULL or ended by NULL */
	const char *const *values; /* options with one */
	size_t least, most;	   /* operands; most 0: none */
	bool body;		   /* an operand "-" sends standard input along */
};

/* Parse the command line (options may follow operands), ask, print. The exit code. */
int client_run(const struct client *client, int argc, char **argv);

#endif
