/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one filter finds in each line, for differential.py. usage: each file|journal
 * alone|together EPOCH FILTER[opt=val,...]. Every line of standard input is a run, with a
 * memory of its own, or with one for all of them. Prints "NUMBER TIME SUBJECT" a finding, TIME
 * in milliseconds, or "-".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rules.h"
#include "base/spec.h"
#include "conf/conf.h"
#include "match/match.h"

static void found(void *arg, size_t index, const struct finding *finding)
{
	const unsigned long *number = arg;
	char address[PREFIX_TEXT_MAX];
	struct text subject = finding->name;

	(void)index;
	if (finding->subject == SUBJECT_ADDRESS)
		subject = text_of(prefix_print(&finding->prefix, address));
	printf("%lu ", *number);
	if (finding->time == TIME_NONE)
		printf("-");
	else
		printf("%" PRId64, finding->time);
	printf(" %.*s\n", (int)subject.len, subject.at);
}

static int add_filter(struct match *match, const char *text, bool journal)
{
	static const char *const none[] = {NULL};
	struct conf_dirs dirs = {.filter_dirs = none};
	struct diag diag = {.say = diag_stderr};
	struct spec spec = {0};
	struct rules *rules = NULL;
	int err = spec_parse(&spec, text_of(text), (struct place){0}, &diag);

	if (!err)
		err = conf_read_filter(&rules, &spec, journal, &dirs, &diag);
	if (!err)
		err = match_add(match, rules, &diag);
	rules_free(rules);
	spec_clear(&spec);
	return err;
}

static void scan(struct match *match, const struct lines *line, int64_t now, bool alone)
{
	static struct match_memory *memory;
	static unsigned long number;

	if (alone || !memory) {
		match_memory_free(memory);
		memory = match_memory_new(match);
	}
	if (!memory)
		exit(2);
	number++;
	match_scan(match, memory, line, now, found, &number);
}

int main(int argc, char **argv)
{
	struct match *match = match_new();
	struct lines line = {.time = TIME_NONE};
	char *text = NULL;
	size_t room = 0;
	ssize_t len;
	int64_t now;
	bool alone;

	if (argc != 5 || !match || add_filter(match, argv[4], *argv[1] == 'j') < 0)
		return 2;
	now = strtoll(argv[3], NULL, 10) * 1000;
	alone = !strcmp(argv[2], "alone");
	if (*argv[1] == 'j')
		line.time = now;
	while ((len = getline(&text, &room, stdin)) > 0) {
		line.text = (struct text){text, (size_t)len};
		scan(match, &line, now, alone);
	}
	free(text);
	match_free(match);
	return 0;
}
