/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter: a first line of options as they stand behind its name, such as "[mode=hard]", with
 * a "j" before them when it is read as for the journal; then the file.
 *
 * What is refused is refused with a message that has a place; what is accepted came without
 * one, every expression is one line that is not empty, from a file that was read or from the
 * options, and reading it again gives the same.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(claim)                                                                            \
	do {                                                                                   \
		if (!(claim))                                                                  \
			abort();                                                               \
	} while (0)

static const char jail[] = "jail";

static void say(void *arg, bool error, struct place place, const char *text)
{
	(void)arg, (void)error;
	MUST(place.file && *place.file && *text && !strchr(text, '\n'));
}

/* ---- what must hold of a filter that was read ---- */

static void check_place(const struct rules *rules, struct place place)
{
	MUST(place.file && place.line);
	if (place.file == jail)
		return;
	for (size_t i = 0; i < rules->file_count; i++)
		if (place.file == rules->files[i])
			return;
	abort();
}

static void check_list(const struct rules *rules, const struct rule *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		MUST(*list[i].regex && !strchr(list[i].regex, '\n'));
		check_place(rules, list[i].place);
	}
}

static void check_rules(const struct rules *rules)
{
	MUST(rules->fails && rules->maxlines <= RULES_LINES_MAX);
	check_list(rules, rules->fail, rules->fails);
	check_list(rules, rules->ignore, rules->ignores);
	check_list(rules, rules->dates, rules->date_count);
	check_list(rules, rules->journal, rules->journal_count);
	if (rules->prefregex.regex) {
		MUST(*rules->prefregex.regex);
		check_place(rules, rules->prefregex.place);
	}
	MUST(!rules->logtimezone || *rules->logtimezone);
}

static void check_same_list(const struct rule *a, size_t count, const struct rule *b,
			    size_t count_b)
{
	MUST(count == count_b);
	for (size_t i = 0; i < count; i++)
		MUST(!strcmp(a[i].regex, b[i].regex) && a[i].place.line == b[i].place.line);
}

static void check_same(const struct rules *a, const struct rules *b)
{
	check_same_list(a->fail, a->fails, b->fail, b->fails);
	check_same_list(a->ignore, a->ignores, b->ignore, b->ignores);
	check_same_list(a->dates, a->date_count, b->dates, b->date_count);
	check_same_list(a->journal, a->journal_count, b->journal, b->journal_count);
	MUST(!a->prefregex.regex == !b->prefregex.regex);
	MUST(!a->prefregex.regex || !strcmp(a->prefregex.regex, b->prefregex.regex));
	MUST(a->maxlines == b->maxlines && a->names == b->names);
}

/* ---- one input ---- */

static struct rules *read_once(const struct spec *spec, bool journal, unsigned *said)
{
	static const char *const none[] = {NULL};
	struct conf_dirs dirs = {.filter_dirs = none};
	struct diag diag = {.say = say};
	struct rules *rules = NULL;
	int err = conf_read_filter(&rules, spec, journal, &dirs, &diag);

	MUST(!err == !diag.errors && !err == (rules != NULL));
	*said = diag.errors + diag.warnings;
	if (rules)
		check_rules(rules);
	return rules;
}

static void read_twice(const struct spec *spec, bool journal)
{
	unsigned said, again;
	struct rules *first = read_once(spec, journal, &said);
	struct rules *second = read_once(spec, journal, &again);

	MUST(!first == !second && said == again);
	if (first)
		check_same(first, second);
	rules_free(first);
	rules_free(second);
}

/* The file at `path` with the options that `text` begins with. */
static void read_filter(const char *path, struct text text)
{
	bool journal = text.len && *text.at == 'j';
	struct diag diag = {.say = say};
	struct spec spec = {0};
	char *whole;
	int len;

	text = (struct text){text.at + journal, text.len - journal};
	len = asprintf(&whole, "%s%.*s", path, (int)text.len, text.at);
	MUST(len > 0);
	if (spec_parse(&spec, text_of(whole), (struct place){jail, 1}, &diag))
		MUST(diag.errors);
	else if (!strcmp(spec.name, path))
		read_twice(&spec, journal);
	spec_clear(&spec);
	free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t head = end ? (size_t)(end - data) : size;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];

	MUST(fd >= 0);
	if (end)
		MUST(write(fd, end + 1, size - head - 1) == (ssize_t)(size - head - 1));
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	read_filter(path, (struct text){(const char *)data, head});
	close(fd);
	return 0;
}
