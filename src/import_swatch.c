/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish import swatch: a filter and a jail for each block that has an address stopped. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rules.h"
#include "command.h"
#include "conf/conf.h"
#include "control/control.h"
#include "import.h"
#include "match/match.h"
#include "swatch.h"

#define FILE_MAX ((size_t)1024 * 1024)
#define BANTIME_DEFAULT (INT64_C(86400) * 1000)

struct job {
	const char *file, *log, *dir;
	bool awk;
	struct swatch swatch;
	struct diag diag;
	FILE *jails;
	unsigned written, refused;
};

static int usage(FILE *to)
{
	fputs("usage: banish import swatch [--awk-field-syntax] [-t LOG] [-o DIR] FILE\n"
	      "\n"
	      "  -t, --tail-file LOG  the log that swatch reads; default: /var/log/syslog\n"
	      "  --awk-field-syntax   $N is a field of the line, and not a group of the "
	      "expression\n"
	      "  -o, --output DIR     where filter.d and jail.d are; default: /etc/banish\n",
	      to);
	return to == stderr ? EXIT_USAGE : EXIT_DONE;
}

/* ---- reading ---- */

static int read_file(char **out, size_t *len, const char *path)
{
	char *text = malloc(FILE_MAX + 1);
	FILE *in = text ? fopen(path, "re") : NULL;
	int error = 0;

	*len = in ? fread(text, 1, FILE_MAX + 1, in) : 0;
	if (!in || ferror(in))
		error = -errno;
	else if (*len > FILE_MAX)
		error = -EFBIG;
	if (in)
		fclose(in);
	if (error) {
		free(text);
		return error;
	}
	*out = text;
	return 0;
}

/* ---- writing ---- */

/* A new file below job->dir; NULL after saying why. */
static FILE *create(const struct job *job, const char *folder, const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/%s", job->dir, folder);
	if (mkdir(job->dir, 0755) < 0 && errno != EEXIST)
		fprintf(stderr, "banish: cannot make %s: %s\n", job->dir, strerror(errno));
	(void)mkdir(path, 0755);
	snprintf(path, sizeof path, "%s/%s/%s.conf", job->dir, folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		fprintf(stderr, "banish: cannot write %s: %s\n", path, strerror(errno));
	return fd < 0 ? NULL : fdopen(fd, "w");
}

/* Swatch reads a line until the first block that it matches, unless that says `continue`. */
static void print_filter(FILE *out, const struct job *job, size_t index)
{
	const struct swatch_block *blocks = job->swatch.blocks;
	bool any = false;

	fprintf(out,
		"# %s, line %u. Lines have no date that counts: they are of when they are "
		"read.\n"
		"\n[Definition]\n\nfailregex = %s\n\nignoreregex =",
		job->file, blocks[index].line, blocks[index].fail);
	for (size_t i = 0; i < index; i++) {
		if (blocks[i].goes_on || !*blocks[i].regex)
			continue;
		fprintf(out, "%s%s\n", any ? "              " : " ", blocks[i].regex);
		any = true;
	}
	fputs(any ? "\ndatepattern = {NONE}\n" : "\n\ndatepattern = {NONE}\n", out);
}

static void print_jail(const struct job *job, const struct swatch_block *block,
		       const char *name)
{
	char bantime[24], findtime[24];
	int64_t ms = block->bantime ? block->bantime : BANTIME_DEFAULT;

	fprintf(job->jails, "\n# line %u\n[%s]\nlogpath  = %s\nfilter   = %s\nmaxretry = %u\n",
		block->line, name, job->log, name, block->maxretry);
	if (block->findtime)
		fprintf(job->jails, "findtime = %s\n",
			text_print_duration(block->findtime, findtime));
	fprintf(job->jails, "bantime  = %s\ntarget   = %s\n",
		text_print_duration(ms < 0 ? TIME_FOREVER : ms, bantime), block->target);
}

/* ---- checking ---- */

/* What is written must be what a jail can use. */
static int try_filter(struct job *job, const char *name)
{
	static const char *const nowhere[] = {NULL};
	const struct conf_dirs dirs = {.filter_dirs = nowhere};
	char path[4096];
	struct spec spec = {.name = path};
	struct match *match = match_new();
	struct rules *rules = NULL;
	int error;

	snprintf(path, sizeof path, "%s/filter.d/%s.conf", job->dir, name);
	error = match ? conf_read_filter(&rules, &spec, false, &dirs, &job->diag) : -ENOMEM;
	if (!error)
		error = match_add(match, rules, &job->diag);
	if (error < 0)
		unlink(path);
	rules_free(rules);
	match_free(match);
	return error < 0 ? error : 0;
}

static int write_filter(struct job *job, size_t index, const char *name)
{
	FILE *out = create(job, "filter.d", name);
	int error;

	if (!out)
		return -EEXIST;
	print_filter(out, job, index);
	error = ferror(out) ? -EIO : 0;
	if (fclose(out) || error) {
		fprintf(stderr, "banish: cannot write the filter %s: %s\n", name,
			strerror(errno));
		return -EIO;
	}
	return try_filter(job, name);
}

static void write_block(struct job *job, size_t index)
{
	const struct swatch_block *block = &job->swatch.blocks[index];
	char name[32];

	if (!block->bans)
		return;
	snprintf(name, sizeof name, "swatch-%zu", index + 1);
	if (write_filter(job, index, name)) {
		job->refused++;
		return;
	}
	print_jail(job, block, name);
	job->written++;
	printf("line %u: jail and filter %s, target %s%s\n", block->line, name, block->target,
	       block->bantime ? "" : "; its time is not said: a day");
}

static int write_all(struct job *job)
{
	job->jails = create(job, "jail.d", "swatch");
	if (!job->jails)
		return EXIT_REFUSED;
	fprintf(job->jails, "# Made of %s, which was a configuration of swatch.\n", job->file);
	for (size_t i = 0; i < job->swatch.count; i++)
		write_block(job, i);
	if (fclose(job->jails)) {
		fprintf(stderr, "banish: cannot write the jails: %s\n", strerror(errno));
		return EXIT_REFUSED;
	}
	printf("%u jails in %s/jail.d/swatch.conf, %u lines not carried over, %u refused\n",
	       job->written, job->dir, job->diag.warnings, job->refused);
	return job->refused ? EXIT_REFUSED : EXIT_DONE;
}

/* ---- the command ---- */

/* -1: go on; else the exit code. */
static int read_options(struct job *job, int argc, char **argv)
{
	static const struct option options[] = {
		{"tail-file", required_argument, NULL, 't'},
		{"awk-field-syntax", no_argument, NULL, 'a'},
		{"output", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "t:o:h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			job->log = optarg;
			break;
		case 'a':
			job->awk = true;
			break;
		case 'o':
			job->dir = optarg;
			break;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (argc - optind != 1)
		return usage(stderr);
	job->file = argv[optind];
	return -1;
}

int import_swatch(int argc, char **argv)
{
	struct job job = {
		.log = "/var/log/syslog", .dir = "/etc/banish", .diag = {.say = diag_stderr}};
	char *text = NULL;
	size_t len;
	int code = read_options(&job, argc, argv), error;

	if (code >= 0)
		return code;
	error = read_file(&text, &len, job.file);
	if (!error)
		error = swatch_read(&job.swatch, (struct text){text, len}, job.file, job.awk,
				    &job.diag);
	if (error)
		fprintf(stderr, "banish: cannot read %s: %s\n", job.file, strerror(-error));
	code = error ? EXIT_REFUSED : write_all(&job);
	swatch_clear(&job.swatch);
	free(text);
	return code;
}
