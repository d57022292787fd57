/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dates: the patterns of a datepattern up to the first empty line, then log lines. A line that
 * begins with "Z" among the patterns is logtimezone; without any pattern it is the default.
 *
 * What is cut lies within the line, is of whole characters, and stands where dates_at_start and
 * dates_cuts_words say; the same line gives the same again; and the two ways that need no
 * regular expression give what theirs do.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/line.h"
#include "base/moment.h"
#include "match/dates.h"
#include "match/subject.h"

#define NOW INT64_C(1763600000000)
#define PATTERNS_MAX 4
#define PATTERN_MAX 200

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

static struct dates *compile(const char *pattern)
{
	struct rule rule = {.regex = (char *)pattern};
	struct rules rules = {.dates = &rule, .date_count = 1};
	struct diag diag = {0};
	struct dates *dates;

	CLAIM(!dates_compile(&dates, &rules, &diag));
	return dates;
}

static struct dates *read_patterns(struct text *rest)
{
	struct rule list[PATTERNS_MAX];
	struct rules rules = {.name = "fuzz", .dates = list};
	struct diag diag = {0};
	struct dates *dates = NULL;
	struct text line;
	int err;

	while (text_line(rest, &line) && line.len) {
		char *text = text_dup(line);

		if (*text == 'Z' && !rules.logtimezone)
			rules.logtimezone = memmove(text, text + 1, strlen(text));
		else if (line.len <= PATTERN_MAX && rules.date_count < PATTERNS_MAX)
			list[rules.date_count++] = (struct rule){.regex = text};
		else
			free(text);
	}
	err = dates_compile(&dates, &rules, &diag);
	CLAIM(!err == !diag.errors);
	CLAIM(!err == (dates != NULL));
	while (rules.date_count)
		free(list[--rules.date_count].regex);
	free(rules.logtimezone);
	return dates;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool begins_character(struct text line, size_t at)
{
	return at == line.len || ((unsigned char)line.at[at] & 0xc0) != 0x80;
}

static void check_cut(const struct dates *dates, const struct date_found *found,
		      struct text line)
{
	size_t characters = 0, end = found->at + found->len;

	CLAIM(found->at <= line.len && found->len <= line.len - found->at);
	CLAIM(begins_character(line, found->at) && begins_character(line, end));
	if (!found->len)
		return;
	for (size_t i = 0; i < found->at; i++)
		characters += begins_character(line, i);
	if (dates_at_start(dates)) {
		CLAIM(characters <= 2);
		for (size_t i = 0; i < found->at; i++)
			CLAIM(!is_word(line.at[i]));
	}
	if (!dates_cuts_words(dates) && found->at && end < line.len)
		CLAIM(!is_word(line.at[found->at - 1]) || !is_word(line.at[end]));
}

static void check_equal(struct dates *a, struct dates *b, struct date_cache *cache,
			struct text line)
{
	struct date_cache fresh = {0};
	struct date_found x, y;
	bool found = dates_find(a, &x, line, NULL);

	CLAIM(found == dates_find(b, &y, line, NULL));
	if (!found)
		return;
	check_cut(a, &x, line);
	CLAIM(x.at == y.at && x.len == y.len);
	CLAIM(dates_time(a, &x, cache, NOW) == dates_time(b, &y, &fresh, NOW));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char clean[SUBJECT_MAX];
	static struct dates *iso, *iso_again, *syslog, *syslog_again;
	struct text rest = {(const char *)data, size}, line;
	struct dates *dates = read_patterns(&rest);
	struct date_cache cache = {0};

	if (!iso) {
		iso = compile("{^LN-BEG}" DATE_ISO_PATTERN);
		iso_again = compile("{^LN-BEG}%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)"
				    "%H[:]%M:%S(?:[.,]%f)?(?:\\s*%z)?");
		syslog = compile("{^LN-BEG}" DATE_SYSLOG_PATTERN);
		syslog_again = compile("{^LN-BEG}(?:%a )?%b %d %k[:]%M:%S(?:\\.%f)?(?: %ExY)?");
	}
	while (dates && text_line(&rest, &line)) {
		if (line.len > LINE_MAX_BYTES)
			line.len = LINE_MAX_BYTES;
		line = (struct text){clean, utf8_clean(clean, line)};
		check_equal(dates, dates, &cache, line);
		check_equal(iso, iso_again, &cache, line);
		check_equal(syslog, syslog_again, &cache, line);
	}
	dates_free(dates);
	return 0;
}
