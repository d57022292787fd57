/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/line.h"
#include "base/rules.h"
#include "base/spec.h"
#include "command.h"
#include "conf/conf.h"
#include "control/control.h"
#include "match/match.h"
#include "setup.h"

/* banish match: what a filter finds in a file. Reads the very blocks that the daemon would
 * scan. */

#define BLOCK ((size_t)1024 * 1024)
#define NOW_MAX INT64_C(253402300799) /* the year 9999 */

struct job {
	bool json;
	int64_t now;
	const char *filter, *file, *conf; /* conf: -c, or NULL */
	struct match *match;
	struct match_memory *memory;
	uint64_t before; /* lines in earlier runs */
	uint64_t cut;	 /* lines that were too long */
	char *block;
	size_t have; /* bytes in it */
	char line[LINE_MAX_BYTES + 1];
};

static int usage(FILE *to)
{
	fputs("usage: banish match [-c FILE] [--json] [--now EPOCH] FILTER[opt=val,...] "
	      "[FILE|-]\n",
	      to);
	return to == stderr ? EXIT_USAGE : EXIT_DONE;
}

/* ---- what is printed ---- */

/* Seconds, with a fraction when there is one; `none` when the time is not known. */
static void print_time(int64_t time, const char *none)
{
	int64_t seconds = time / 1000, ms = time % 1000;

	if (time == TIME_NONE)
		fputs(none, stdout);
	else if (ms)
		printf("%s%" PRId64 ".%03" PRId64, time < 0 ? "-" : "",
		       seconds < 0 ? -seconds : seconds, ms < 0 ? -ms : ms);
	else
		printf("%" PRId64, seconds);
}

/* The text is valid UTF-8: match has seen to that. */
static void print_json_string(struct text t)
{
	putchar('"');
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_json(uint64_t line, const struct finding *finding)
{
	char host[PREFIX_TEXT_MAX];

	printf("{\"line\":%" PRIu64 ",\"host\":\"%s\",\"time\":", line,
	       prefix_print(&finding->prefix, host));
	print_time(finding->time, "null");
	fputs(",\"extra\":{", stdout);
	for (size_t i = 0; i < finding->extras; i++) {
		if (i)
			putchar(',');
		print_json_string(text_of(finding->extra[i].name));
		putchar(':');
		print_json_string(finding->extra[i].value);
	}
	fputs("}}\n", stdout);
}

static void print_text(const struct finding *finding)
{
	char host[PREFIX_TEXT_MAX], line[4 * LINE_MAX_BYTES + 1];

	print_time(finding->time, "-");
	printf("\t%s\t%s\n", prefix_print(&finding->prefix, host),
	       text_show(finding->line, line, sizeof(line)));
}

static void found(void *arg, size_t index, const struct finding *finding)
{
	const struct job *job = arg;

	(void)index;
	if (job->json)
		print_json(job->before + finding->number, finding);
	else
		print_text(finding);
}

/* ---- what is read ---- */

static void scan(struct job *job, const char *at, const char *end)
{
	struct lines lines = {{at, (size_t)(end - at)}, TIME_NONE, false};

	if (at == end)
		return;
	match_scan(job->match, job->memory, &lines, job->now, found, job);
	job->before = match_counts(job->match).lines;
}

/* A line that is too long, by itself and cut. */
static void scan_cut(struct job *job, const char *at)
{
	memcpy(job->line, at, LINE_MAX_BYTES);
	job->line[LINE_MAX_BYTES] = '\n';
	job->cut++;
	scan(job, job->line, job->line + sizeof(job->line));
}

/* Whole lines. Looking back from as far as a line may reach finds the long ones without looking
 * at each of the others. */
static void scan_run(struct job *job, const char *at, const char *end)
{
	const char *line = at;

	while (line < end) {
		size_t reach = LINE_MAX_BYTES + 1;
		const char *last;

		if ((size_t)(end - line) < reach)
			reach = (size_t)(end - line);
		last = memrchr(line, '\n', reach);
		if (!last) {
			scan(job, at, line);
			scan_cut(job, line);
			last = memchr(line + reach, '\n', (size_t)(end - line) - reach);
			at = last + 1;
		}
		line = last + 1;
	}
	scan(job, at, end);
}

/* Scan the whole lines in the block and keep the rest of it. */
static void scan_block(struct job *job)
{
	char *last = memrchr(job->block, '\n', job->have);
	size_t done = last ? (size_t)(last + 1 - job->block) : 0;

	scan_run(job, job->block, job->block + done);
	job->have -= done;
	memmove(job->block, job->block + done, job->have);
	/* Of a line without end its being too long is all that needs to be known. */
	if (job->have == BLOCK)
		job->have = LINE_MAX_BYTES + 1;
}

static int scan_fd(struct job *job, int fd)
{
	ssize_t n;

	while ((n = read(fd, job->block + job->have, BLOCK - job->have)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		job->have += (size_t)n;
		scan_block(job);
	}
	if (job->have) {
		job->block[job->have++] = '\n';
		scan_run(job, job->block, job->block + job->have);
	}
	return 0;
}

static int scan_file(struct job *job)
{
	bool input = !job->file || !strcmp(job->file, "-");
	int fd = input ? STDIN_FILENO : open(job->file, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : scan_fd(job, fd);

	if (fd >= 0 && !input)
		close(fd);
	if (err)
		fprintf(stderr, "banish: cannot read %s: %s\n",
			input ? "standard input" : job->file, strerror(-err));
	return err;
}

static void print_summary(const struct job *job, int64_t ticks)
{
	struct match_counts counts = match_counts(job->match);

	fprintf(stderr,
		"lines %" PRIu64 ", matched %" PRIu64 ", ignored %" PRIu64 ", undated %" PRIu64
		", limited %" PRIu64 ", cut %" PRIu64 ", seconds %.3f\n",
		counts.lines, counts.found, counts.ignored, counts.undated, counts.limited,
		job->cut, (double)ticks / 1000);
}

/* ---- the command ---- */

static int add_filter(struct job *job)
{
	struct conf_dirs dirs = {
		.filter_dirs = setup_filter_dirs(job->conf ? job->conf : CONF_DEFAULT_FILE)};
	struct diag diag = {.say = diag_stderr};
	struct spec spec = {0};
	struct rules *rules = NULL;
	int err = spec_parse(&spec, text_of(job->filter), (struct place){0}, &diag);

	if (!err)
		err = conf_read_filter(&rules, &spec, &dirs, &diag);
	if (!err)
		err = match_add(job->match, rules, &diag);
	rules_free(rules);
	spec_clear(&spec);
	if (err == -ENOMEM)
		fputs("banish: out of memory\n", stderr);
	return err < 0 ? err : 0;
}

static int run(struct job *job)
{
	int64_t begin = moment_ticks();
	int err;

	job->match = match_new();
	job->block = malloc(BLOCK + 1);
	if (!job->match || !job->block) {
		fputs("banish: out of memory\n", stderr);
		return -ENOMEM;
	}
	err = add_filter(job);
	if (!err) {
		job->memory = match_memory_new(job->match);
		err = job->memory ? scan_file(job) : -ENOMEM;
	}
	if (err)
		return err;
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "banish: cannot write: %s\n", strerror(errno));
		return -EIO;
	}
	print_summary(job, moment_ticks() - begin);
	return 0;
}

/* -1: go on; else the exit code. */
static int read_options(struct job *job, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"now", required_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int64_t seconds;
	int c;

	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout);
		if (c == 'c') {
			job->conf = optarg;
		} else if (c == 'j') {
			job->json = true;
		} else if (c == 'n' && text_number(text_of(optarg), 0, NOW_MAX, &seconds)) {
			job->now = seconds * 1000;
		} else {
			if (c == 'n')
				fprintf(stderr, "banish: \"%s\" is no time in seconds\n",
					optarg);
			return usage(stderr);
		}
	}
	if (argc - optind < 1 || argc - optind > 2)
		return usage(stderr);
	job->filter = argv[optind];
	job->file = argc - optind > 1 ? argv[optind + 1] : NULL;
	return -1;
}

int cmd_match(int argc, char **argv)
{
	struct job *job = calloc(1, sizeof(*job));
	int code;

	if (!job) {
		fputs("banish: out of memory\n", stderr);
		return EXIT_REFUSED;
	}
	job->now = moment_now();
	code = read_options(job, argc, argv);
	if (code < 0)
		code = run(job) ? EXIT_REFUSED : EXIT_DONE;
	match_memory_free(job->memory);
	match_free(job->match);
	free(job->block);
	free(job);
	return code;
}
