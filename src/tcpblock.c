/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Called as tcpblock, banish has the options of tcpblock: it needs no configuration, and what
 * it does is `banish scan` of a jail that these options describe.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "control/control.h"
#include "scan.h"
#include "setup.h"

#define JAIL "tcpblock"
#define COUNT_DEFAULT 20
#define MINUTES_DEFAULT 30
#define COUNT_MAX 1000000
#define MINUTES_MAX (60 * 24 * 365)
#define NOW_MAX INT64_C(253402300799)

struct tcpblock {
	struct scan scan;
	const char *folder, *exceptions, *count;
	int64_t most, minutes, now;
};

static int usage(FILE *to)
{
	fputs("usage: tcpblock -d DIR [-c CONNECTIONS] [-t MINUTES] [-e EXCEPTIONS] [-D]\n"
	      "                [--now EPOCH] [--count attempts|accepted]\n",
	      to);
	return to == stderr ? EXIT_USAGE : EXIT_DONE;
}

/* A path as a value of the configuration. NULL after a message. The caller frees it. */
static char *quote_path(const char *path, const char *refused)
{
	char *real = realpath(path, NULL), *out = NULL;
	size_t size;
	FILE *file;

	if (!real) {
		fprintf(stderr, "tcpblock: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	if (real[strcspn(real, refused)] || real[strcspn(real, "\n;#")]) {
		fprintf(stderr, "tcpblock: %s: has characters that a path may not have here\n",
			path);
		free(real);
		return NULL;
	}
	file = open_memstream(&out, &size);
	for (const char *at = real; file && *at; at++)
		fprintf(file, "%s%c", *at == '%' ? "%" : "", *at);
	free(real);
	if (file && fclose(file))
		out = NULL;
	if (!out)
		fputs("tcpblock: out of memory\n", stderr);
	return out;
}

static void write_jail(FILE *out, const struct tcpblock *own, const char *folder,
		       const char *exceptions)
{
	fprintf(out, "[" JAIL "]\nlogpath = %s\nfilter = tcpserver[count=%s]\n", folder,
		own->count);
	fprintf(out, "findtime = %" PRId64 "m\nprefix6 = 128\ntarget = null\n", own->minutes);
	if (exceptions)
		fprintf(out, "ignoreip = file:%s\n", exceptions);
}

/* The configuration in a file without a name; its path. NULL after a message. */
static const char *make_configuration(const struct tcpblock *own, FILE **file)
{
	static char path[32];
	char *folder = quote_path(own->folder, "*?["), *exceptions = NULL;
	int fd = folder ? memfd_create("tcpblock", MFD_CLOEXEC) : -1;
	bool good = fd >= 0;

	if (good && own->exceptions) {
		exceptions = quote_path(own->exceptions, " \t,");
		good = exceptions != NULL;
	}
	*file = good ? fdopen(fd, "w") : NULL;
	if (*file) {
		write_jail(*file, own, folder, exceptions);
		fflush(*file);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	} else if (fd >= 0) {
		close(fd);
	}
	free(folder);
	free(exceptions);
	return *file ? path : NULL;
}

static int run(struct tcpblock *own)
{
	struct diag diag = {.say = diag_stderr};
	struct setup *setup = NULL;
	int code = EXIT_REFUSED;
	FILE *file = NULL;
	const char *path = make_configuration(own, &file);

	if (path && !setup_new(&setup, path, SETUP_STRICT, &diag)) {
		for (size_t i = 0; i < setup->conf->jail_count; i++) {
			struct conf_jail *jail = &setup->conf->jails[i];

			if (strcmp(jail->name, JAIL) != 0)
				continue;
			/* More than a jail of the daemon can remember. */
			jail->maxretry = (unsigned)own->most + 1;
			code = scan_offenders(&own->scan, setup, i);
		}
	}
	setup_free(setup);
	if (file)
		fclose(file);
	return code;
}

static bool read_number(const char *text, int64_t most, int64_t *out)
{
	if (text_number(text_of(text), 1, most, out))
		return true;
	fprintf(stderr, "tcpblock: \"%s\" is no number from 1 to %" PRId64 "\n", text, most);
	return false;
}

static bool read_option(struct tcpblock *own, int name, const char *text)
{
	switch (name) {
	case 'd':
		own->folder = text;
		return true;
	case 'c':
		return read_number(text, COUNT_MAX, &own->most);
	case 't':
		return read_number(text, MINUTES_MAX, &own->minutes);
	case 'e':
		own->exceptions = text;
		return true;
	case 'D':
		own->scan.debug = true;
		return true;
	case 'n':
		if (!read_number(text, NOW_MAX, &own->now))
			return false;
		own->scan.now = own->now * 1000;
		return true;
	case 'C':
		own->count = text;
		return !strcmp(text, "attempts") || !strcmp(text, "accepted");
	default:
		return false;
	}
}

int cmd_tcpblock(int argc, char **argv)
{
	static const struct option options[] = {
		{"now", required_argument, NULL, 'n'},
		{"count", required_argument, NULL, 'C'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct tcpblock own = {
		.most = COUNT_DEFAULT, .minutes = MINUTES_DEFAULT, .count = "attempts"};
	int c;

	while ((c = getopt_long(argc, argv, "d:c:t:e:Dh", options, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout);
		if (!read_option(&own, c, optarg))
			return usage(stderr);
	}
	if (!own.folder || optind < argc)
		return usage(stderr);
	return run(&own);
}
