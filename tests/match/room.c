/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/match/room.h"

static char error[1024], result[1 << 16];
static size_t used;

static void say(void *arg, bool is_error, struct place place, const char *text)
{
	(void)arg;
	(void)is_error;
	snprintf(error, sizeof(error), "%s:%u: %s", place.file, place.line, text);
}

static size_t fill(struct rule *rules, const char *const *list, size_t max)
{
	size_t n = 0;

	for (; n < max && list[n]; n++)
		rules[n] = (struct rule){(char *)list[n], {"test.conf", (unsigned)n + 1}};
	return n;
}

int room_add(struct match *match, const struct pattern *pattern)
{
	struct diag diag = {.say = say};
	struct rule fail[8], ignore[4], dates[4];
	struct rules rules = {
		.name = "test",
		.prefregex = {(char *)pattern->pref, {"test.conf", 99}},
		.fail = fail,
		.ignore = ignore,
		.dates = dates,
	};

	rules.fails = fill(fail, pattern->fail, 8);
	rules.ignores = fill(ignore, pattern->ignore, 4);
	rules.date_count = fill(dates, pattern->dates, 4);
	*error = 0;
	return match_add(match, &rules, &diag);
}

const char *room_error(void)
{
	return error;
}

struct match *room_match(const struct pattern *pattern)
{
	struct match *match = match_new();

	cr_assert_not_null(match);
	cr_assert_geq(room_add(match, pattern), 0, "%s", room_error());
	return match;
}

static void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void print(const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(result + used, sizeof(result) - used, format, ap);
	va_end(ap);
	if (n > 0 && used + (size_t)n < sizeof(result))
		used += (size_t)n;
}

static void found(void *arg, size_t index, const struct finding *finding)
{
	char host[PREFIX_TEXT_MAX];

	(void)arg;
	print("%zu:%zu %s ", index, finding->number, prefix_print(&finding->prefix, host));
	if (finding->time == TIME_NONE)
		print("-");
	else
		print("%" PRId64, finding->time);
	for (size_t i = 0; i < finding->extras; i++)
		print(" %s=%.*s", finding->extra[i].name, (int)finding->extra[i].value.len,
		      finding->extra[i].value.at);
	print(";");
}

const char *room_scan(struct match *match, struct text text, int64_t time)
{
	struct match_memory *memory = match_memory_new(match);
	struct lines lines = {.text = text, .time = time, .live = false};

	used = 0;
	*result = 0;
	cr_assert_not_null(memory);
	match_scan(match, memory, &lines, NOW, found, NULL);
	match_memory_free(memory);
	return result;
}

const char *room_find(const struct pattern *pattern, const char *lines)
{
	struct match *match = room_match(pattern);
	const char *printed = room_scan(match, text_of(lines), TIME_NONE);

	match_free(match);
	return printed;
}
