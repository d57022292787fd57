/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/line.h"
#include "base/rules.h"
#include "base/spec.h"
#include "claims.h"
#include "command.h"
#include "conf/conf.h"
#include "control/control.h"
#include "explain.h"
#include "match/match.h"
#include "resolve/resolve.h"
#include "setup.h"

/* banish match: what a filter finds in a file. Reads the very blocks that the daemon would
 * scan. */

/* It and what is worked out of it fit into the second cache of a core. */
#define BLOCK ((size_t)256 * 1024)
#define NOW_MAX INT64_C(253402300799) /* the year 9999 */
#define FILTERS_MAX 64
#define MEASURED 16 /* of so many blocks one is measured for --stats */

struct job {
	bool json, journal, stats, explains;
	int64_t now;
	const char *file, *conf; /* conf: -c, or NULL */
	const char *filters[FILTERS_MAX];
	size_t filter_count;
	uint64_t matches[FILTERS_MAX];
	struct sessions *sessions[FILTERS_MAX];
	struct claims *claims;
	uint64_t strange; /* failures of who had no session */
	clock_t used;	  /* CPU time of the scan alone */
	struct match *match;
	struct match_memory *memory;
	struct explain explain;
	unsigned runs;
	uint64_t before; /* lines in earlier runs */
	uint64_t cut;	 /* lines that were too long */
	char *block;
	size_t have; /* bytes in it */
	char line[LINE_MAX_BYTES + 1];
};

static int usage(FILE *to)
{
	fputs("usage: banish match [-c FILE] [--json | --stats | --explain] [--now EPOCH]\n"
	      "                    [--input file|journal] FILTER[opt=val,...] [FILE|-]\n"
	      "       banish match [OPTIONS] -f FILTER[opt=val,...]... [FILE|-]\n",
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

/* The address, or else the name or id. */
static struct text subject_of(const struct finding *finding, char *address)
{
	if (finding->subject == SUBJECT_ADDRESS)
		return text_of(prefix_print(&finding->prefix, address));
	return finding->name;
}

static void print_json(uint64_t line, const char *filter, const struct finding *finding)
{
	char address[PREFIX_TEXT_MAX];

	printf("{\"line\":%" PRIu64 ",\"host\":", line);
	print_json_string(subject_of(finding, address));
	fputs(",\"time\":", stdout);
	print_time(finding->time, "null");
	fputs(",\"filter\":", stdout);
	print_json_string(text_of(filter));
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

/* `filter` is NULL when there is but one. */
static void print_text(const char *filter, const struct finding *finding)
{
	char address[PREFIX_TEXT_MAX], line[4 * LINE_MAX_BYTES + 1];
	struct text subject = subject_of(finding, address);

	print_time(finding->time, "-");
	printf("\t%s", text_show(subject, line, sizeof(line)));
	if (filter)
		printf("\t%s", filter);
	printf("\t%s\n", text_show(finding->line, line, sizeof(line)));
}

static void print(struct job *job, size_t index, uint64_t number, const struct finding *finding)
{
	const char *filter = job->filters[index];

	job->matches[index]++;
	if (job->stats)
		return;
	if (job->json)
		print_json(number, filter, finding);
	else
		print_text(job->filter_count > 1 ? filter : NULL, finding);
}

static void claimed(void *arg, size_t index, uint32_t number, const struct finding *finding)
{
	print(arg, index, number, finding);
}

/* What the daemon would count, and no more. */
static void found(void *arg, size_t index, const struct finding *finding)
{
	struct job *job = arg;
	uint64_t number = job->before + finding->number;

	if (claims_take(job->claims, index, (uint32_t)number, finding))
		return;
	if (sessions_admit(&job->sessions[index], finding))
		print(job, index, number, finding);
	else
		job->strange += finding->kind == FINDING_FAILURE;
}

/* ---- what is read ---- */

static void explain_run(struct job *job, struct lines lines)
{
	const char *end = lines.text.at + lines.text.len, *newline;

	for (; lines.text.at < end; lines.text.at = newline + 1) {
		newline = memchr(lines.text.at, '\n', (size_t)(end - lines.text.at));
		lines.text.len = (size_t)(newline + 1 - lines.text.at);
		explain_line(&job->explain, &lines, job->filters, job->filter_count);
	}
}

static void scan(struct job *job, const char *at, const char *end)
{
	struct lines lines = {
		.text = {at, (size_t)(end - at)},
		.time = job->journal ? job->now : TIME_NONE,
	};

	if (at == end)
		return;
	if (job->explains) {
		explain_run(job, lines);
		return;
	}
	/* Looking at the clock costs more than many a search. */
	if (job->stats)
		match_measure(job->match, job->runs++ % MEASURED ? NULL : explain_clock);
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
		counts.lines, counts.found - job->strange, counts.ignored, counts.undated,
		counts.limited, job->cut, (double)ticks / 1000);
	if (claims_open(job->claims))
		fprintf(stderr, "unclaimed %" PRIu64 ": no other line says whose they are\n",
			claims_open(job->claims));
	if (counts.alarms || job->strange)
		fprintf(stderr,
			"alarms %" PRIu64 ", doubtful %" PRIu64
			": lines of failures that count for nobody\n",
			counts.alarms, job->strange);
}

static void print_stats(const struct job *job)
{
	struct match_counts counts = match_counts(job->match);
	clock_t used = job->used ? job->used : 1;

	printf("lines %" PRIu64 "\nmatches %" PRIu64 "\nlines/s %.0f\n", counts.lines,
	       counts.found - job->strange,
	       (double)counts.lines * CLOCKS_PER_SEC / (double)used);
	for (size_t i = 0; i < job->filter_count; i++)
		printf("filter %s %" PRIu64 "\n", job->filters[i], job->matches[i]);
	for (size_t i = 0; i < job->filter_count; i++)
		explain_costs(job->match, i, job->filters[i]);
}

/* ---- the command ---- */

static int add_filter(struct job *job, const char *filter)
{
	struct conf_dirs dirs = {
		.filter_dirs = setup_filter_dirs(job->conf ? job->conf : CONF_DEFAULT_FILE)};
	struct diag diag = {.say = diag_stderr};
	struct spec spec = {0};
	struct rules *rules = NULL;
	int err = spec_parse(&spec, text_of(filter), (struct place){0}, &diag);

	if (!err)
		err = conf_read_filter(&rules, &spec, job->journal, &dirs, &diag);
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
	job->claims = claims_new(claimed, job);
	if (!job->match || !job->block || !job->claims) {
		fputs("banish: out of memory\n", stderr);
		return -ENOMEM;
	}
	for (size_t i = 0; i < job->filter_count; i++) {
		err = add_filter(job, job->filters[i]);
		if (err)
			return err;
	}
	job->memory = match_memory_new(job->match);
	job->explain =
		(struct explain){.match = job->match, .memory = job->memory, .now = job->now};
	job->used = clock();
	err = job->memory ? scan_file(job) : -ENOMEM;
	job->used = clock() - job->used;
	if (err)
		return err;
	if (job->stats)
		print_stats(job);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "banish: cannot write: %s\n", strerror(errno));
		return -EIO;
	}
	print_summary(job, moment_ticks() - begin);
	return 0;
}

/* "--NAME text" into *job; false when the text is none that fits. */
static bool read_option(struct job *job, int name, const char *text)
{
	int64_t seconds;

	switch (name) {
	case 'c':
		job->conf = text;
		return true;
	case 'j':
		job->json = true;
		return true;
	case 's':
		job->stats = true;
		return true;
	case 'e':
		job->explains = true;
		return true;
	case 'f':
		if (job->filter_count == FILTERS_MAX)
			break;
		job->filters[job->filter_count++] = text;
		return true;
	case 'n':
		if (!text_number(text_of(text), 0, NOW_MAX, &seconds))
			break;
		job->now = seconds * 1000;
		return true;
	case 'i':
		job->journal = !strcmp(text, "journal");
		if (!job->journal && strcmp(text, "file") != 0)
			break;
		return true;
	default:
		return false;
	}
	fprintf(stderr, "banish: \"%s\" is %s\n", text,
		name == 'n'   ? "no time in seconds"
		: name == 'f' ? "one filter too many"
			      : "neither file nor journal");
	return false;
}

/* -1: go on; else the exit code. */
static int read_options(struct job *job, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"now", required_argument, NULL, 'n'},
		{"input", required_argument, NULL, 'i'},
		{"stats", no_argument, NULL, 's'},
		{"explain", no_argument, NULL, 'e'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:f:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout);
		if (!read_option(job, c, optarg))
			return usage(stderr);
	}
	if (!job->filter_count && optind < argc)
		job->filters[job->filter_count++] = argv[optind++];
	if (!job->filter_count || argc - optind > 1)
		return usage(stderr);
	job->file = optind < argc ? argv[optind] : NULL;
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
	claims_free(job->claims);
	match_memory_free(job->memory);
	match_free(job->match);
	for (size_t i = 0; i < job->filter_count; i++)
		sessions_free(job->sessions[i]);
	free(job->block);
	free(job);
	return code;
}
