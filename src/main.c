/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "control/control.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"run", cmd_run, "follow logs, ban, and keep the kernel equal to what is known"},
	{"restore", cmd_restore, "put every remembered ban into the kernel, and exit"},
	{"check", cmd_check, "read the configuration and print what would run"},
	{"match", cmd_match, "print the lines of a log that a filter matches"},
	{"status", cmd_status, "how the daemon is doing"},
	{"list", cmd_list, "the bans"},
	{"ban", cmd_ban, "ban addresses"},
	{"unban", cmd_unban, "end bans"},
	{"why", cmd_why, "why an address is banned, or is not"},
	{"tarpit", cmd_tarpit, "mail clients that the tarpit knows"},
	{"sync", cmd_sync, "make the kernel equal to what is known"},
	{"reload", cmd_reload, "read the configuration anew"},
	{"reap", cmd_reap, "end the sessions of sendmail that only wait for a command"},
	{"flush", cmd_flush, "take every ban out of the kernel, but remember them"},
	{"scan", cmd_scan, "look once at a jail's logs, for cron"},
	{"import", cmd_import, "take over what another program left behind"},
	{"state", cmd_state, "look at the state folder, or mend it, without a daemon"},
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void usage(FILE *to)
{
	fprintf(to, "usage: banish COMMAND [OPTION...] [OPERAND...]\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(to, "\n`banish COMMAND --help` prints a command's options; see banish(8).\n");
}

static int unknown(const char *name)
{
	const char *names[COMMANDS + 1] = {0}, *nearest;

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	nearest = text_nearest(text_of(name), names);
	fprintf(stderr, "banish: unknown command \"%s\"", name);
	if (nearest)
		fprintf(stderr, "; did you mean \"%s\"?", nearest);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

/* argv[0] of an older program, by a link of its name. NULL: it is none. */
static int (*called_as(const char *path))(int argc, char **argv)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (!strcmp(name, "tcpblock"))
		return cmd_tcpblock;
	return !strcmp(name, "smtpban") ? cmd_smtpban : NULL;
}

int main(int argc, char **argv)
{
	int (*older)(int argc, char **argv) = argc ? called_as(argv[0]) : NULL;

	if (older)
		return older(argc, argv);
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("banish " VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return unknown(argv[1]);
}
