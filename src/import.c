/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish import: what other programs leave behind. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "control/control.h"
#include "import.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} imports[] = {
	{"smtpban", import_smtpban, "the blocks in smtpban's database"},
	{"swatch", import_swatch, "a configuration of swatch: filters and jails"},
};

#define IMPORTS (sizeof imports / sizeof *imports)

static int usage(FILE *to)
{
	fputs("usage: banish import PROGRAM [OPTION...] FILE\n\n", to);
	for (size_t i = 0; i < IMPORTS; i++)
		fprintf(to, "  %-8s %s\n", imports[i].name, imports[i].help);
	return to == stderr ? EXIT_USAGE : EXIT_DONE;
}

int cmd_import(int argc, char **argv)
{
	const char *names[IMPORTS + 1] = {0}, *near;

	if (argc < 2)
		return usage(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return usage(stdout);
	for (size_t i = 0; i < IMPORTS; i++) {
		names[i] = imports[i].name;
		if (!strcmp(argv[1], imports[i].name))
			return imports[i].run(argc - 1, argv + 1);
	}
	near = text_nearest(text_of(argv[1]), names);
	fprintf(stderr, "banish: nothing is known of \"%s\"%s%s%s\n", argv[1],
		near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return EXIT_USAGE;
}
