/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/match/finder.h"

static char refusal[1024], result[1 << 16];
static size_t used;

static void say(void *arg, bool error, struct place place, const char *text)
{
	(void)arg;
	(void)error;
	snprintf(refusal, sizeof(refusal), "%u: %s", place.line, text);
}

static size_t fill(struct rule *out, const char *const *list, size_t most)
{
	size_t n = 0;

	for (; n < most && list[n]; n++)
		out[n] = (struct rule){(char *)list[n], {"x.conf", (unsigned)n + 1}};
	return n;
}

static int compile(struct filter **out, const struct finder_rules *r)
{
	struct rule fail[16], ignore[4];
	struct diag diag = {.say = say};
	struct rules rules = {
		.name = "x",
		.prefregex = {(char *)r->pref, {"x.conf", 99}},
		.fail = fail,
		.fails = fill(fail, r->fail, 16),
		.ignore = ignore,
		.ignores = fill(ignore, r->ignore, 4),
		.maxlines = r->maxlines,
		.names = r->names,
	};

	*refusal = 0;
	return filter_compile(out, &rules, &diag);
}

struct filter *finder_compile(const struct finder_rules *rules)
{
	struct filter *filter;

	cr_assert_eq(compile(&filter, rules), 0, "%s", refusal);
	return filter;
}

const char *finder_refusal(const struct finder_rules *rules)
{
	struct filter *filter = NULL;

	compile(&filter, rules);
	filter_free(filter);
	return refusal;
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

static void print_finding(const struct finding *f)
{
	static const char *const kinds[] = {"", "alarm ", "opened ", "ended ", "tells "};
	char host[PREFIX_TEXT_MAX];

	print("%s", kinds[f->kind]);
	if (f->subject != SUBJECT_ADDRESS)
		print("%s %.*s", f->subject == SUBJECT_NAME ? "name" : "id", (int)f->name.len,
		      f->name.at);
	if (f->subject == SUBJECT_ID && f->prefix.family)
		print(" of ");
	if (f->prefix.family)
		print("%s", prefix_print(&f->prefix, host));
	for (size_t i = 0; i < f->extras; i++)
		print(" %s=%.*s", f->extra[i].name, (int)f->extra[i].value.len,
		      f->extra[i].value.at);
}

static void search_line(struct filter *filter, struct scratch *scratch, struct session *session,
			int64_t now, struct text line)
{
	struct finding finding;

	/* A copy of its own length, for tools that see what is read beyond it. */
	char *subject = malloc(line.len + 1);

	cr_assert_not_null(subject);
	memcpy(subject, line.at, line.len);
	subject[line.len] = '\n';
	switch (filter_find(filter, FILTER_ALL, scratch, session,
			    (struct text){subject, line.len + 1}, now, &finding)) {
	case OUTCOME_FOUND:
		print_finding(&finding);
		break;
	case OUTCOME_IGNORED:
		print("!");
		break;
	case OUTCOME_NONE:
		print("-");
	}
	print(";");
	free(subject);
}

const char *finder_search(struct filter *filter, struct scratch *scratch,
			  struct session *session, int64_t *now, const char *lines)
{
	used = 0;
	*result = 0;
	for (const char *at = lines, *end; at; at = *end ? end + 1 : NULL) {
		end = strchrnul(at, '\n');
		if (*at == '@')
			*now += atoll(at + 1) * 1000;
		else
			search_line(filter, scratch, session, *now,
				    (struct text){at, (size_t)(end - at)});
	}
	return result;
}

const char *finder_run(const struct finder_rules *rules, const char *lines)
{
	static struct scratch scratch;
	struct filter *filter = finder_compile(rules);
	struct session *session = session_new();
	int64_t now = INT64_C(1763600000000);

	cr_assert_not_null(session);
	cr_assert_eq(scratch_init(&scratch), 0);
	finder_search(filter, &scratch, session, &now, lines);
	scratch_clear(&scratch);
	session_free(session);
	filter_free(filter);
	return result;
}

void finder_check(const struct finder_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = finder_run(&rows[i].rules, rows[i].lines);

		cr_expect_str_eq(got, rows[i].found,
				 "row %zu: %s\n%s\nexpected %s\ngot      %s", i,
				 rows[i].rules.fail[0], rows[i].lines, rows[i].found, got);
	}
}
