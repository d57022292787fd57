/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "explain.h"

#define SHOWN 120	/* bytes of a text */
#define EXPRESSIONS 512 /* of one filter whose costs are shown */

/* ---- why ---- */

static void print_shown(const char *before, struct text t, const char *after)
{
	char shown[4 * SHOWN + 1];
	bool cut = t.len > SHOWN;

	if (cut)
		t.len = SHOWN;
	printf("%s%s%s%s", before, text_show(t, shown, sizeof shown), cut ? "..." : "", after);
}

static void print_cut(const struct match_step *step, const char *when)
{
	print_shown("  date         \"", step->text, "\" is cut out: ");
	puts(step->time == TIME_NONE ? "there is no such time" : when);
}

static void print_date(const struct match_step *step)
{
	time_t seconds = (time_t)(step->time / 1000);
	char when[64] = "none";
	struct tm tm;

	if (step->time != TIME_NONE && localtime_r(&seconds, &tm))
		strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S %z", &tm);
	if (!step->result && step->time == TIME_NONE)
		puts("  date         none is found");
	else if (!step->result)
		printf("  date         %s, of the source\n", when);
	else if (!step->text.len)
		puts("  date         the line has none, by its datepattern");
	else
		print_cut(step, when);
}

static void print_search(const struct match_step *step, const char *what)
{
	char name[40];

	if (step->stage == MATCH_PREFREGEX)
		snprintf(name, sizeof name, "%s", what);
	else
		snprintf(name, sizeof name, "%s %zu", what, step->index + 1);
	if (step->result > 0) {
		printf("  %-12s matches", name);
		print_shown(": ", text_of(step->regex), "\n");
	} else if (step->result == -ECANCELED) {
		printf("  %-12s not tried: the line has cost too much already\n", name);
	} else if (step->result < 0) {
		printf("  %-12s given up: too much work\n", name);
	} else {
		printf("  %-12s no", name);
		if (!step->stuck.at) {
			putchar('\n');
			return;
		}
		print_shown(": reads \"", step->read, "\"");
		print_shown(" and not \"", step->rest, "\"");
		print_shown(" with ", step->stuck.len ? step->stuck : text_of("its end"), "\n");
	}
}

static void print_session(const struct match_step *step)
{
	static const char *const words[] = {
		[MATCH_SESSION_NEW] = "is new",
		[MATCH_SESSION_KNOWN] = "is known: what its earlier lines said counts here",
		[MATCH_SESSION_FORGOTTEN] = "is forgotten",
		[MATCH_SESSION_NOFAIL] = "has no failure, for now",
		[MATCH_SESSION_PENDING] = "has a failure, but not yet of whom",
	};

	print_shown("  connection   \"", step->text, "\" ");
	puts(words[step->index]);
}

static void on_step(void *arg, const struct match_step *step)
{
	(void)arg;
	switch (step->stage) {
	case MATCH_DATE:
		print_date(step);
		break;
	case MATCH_PREFREGEX:
		print_search(step, "prefregex");
		break;
	case MATCH_CONTENT:
		print_shown("  content      \"", step->text, "\"\n");
		break;
	case MATCH_FAILREGEX:
		print_search(step, "failregex");
		break;
	case MATCH_IGNOREREGEX:
		print_search(step, "ignoreregex");
		break;
	case MATCH_SESSION:
		print_session(step);
		break;
	case MATCH_HOST:
		if (!step->result)
			print_shown("  host         \"", step->text, "\" is nobody\n");
		break;
	}
}

static void on_found(void *arg, size_t index, const struct finding *finding)
{
	static const char *const kinds[] = {
		[FINDING_FAILURE] = "found ",
		[FINDING_ALARM] = "alarm ",
		[FINDING_OPENED] = "opened",
		[FINDING_ENDED] = "ended ",
	};
	struct explain *explain = arg;
	char address[PREFIX_TEXT_MAX];

	(void)index;
	explain->found++;
	printf("  %s       ", kinds[finding->kind]);
	if (finding->subject == SUBJECT_ADDRESS)
		fputs(prefix_print(&finding->prefix, address), stdout);
	else
		print_shown("\"", finding->name,
			    finding->subject == SUBJECT_NAME ? "\", a host name" : "\", an id");
	if (finding->checked)
		fputs(", if it has a session", stdout);
	for (size_t i = 0; i < finding->extras; i++) {
		printf(", %s", finding->extra[i].name);
		print_shown(" \"", finding->extra[i].value, "\"");
	}
	putchar('\n');
}

void explain_line(struct explain *explain, const struct lines *line, const char *const *filters,
		  size_t count)
{
	struct text shown = line->text;

	shown.len -= shown.len && shown.at[shown.len - 1] == '\n';
	printf("line %" PRIu64 ":", ++explain->line);
	print_shown(" ", shown, "\n");
	for (size_t i = 0; i < count; i++) {
		if (count > 1)
			printf(" filter %s\n", filters[i]);
		explain->found = 0;
		match_explain(explain->match, explain->memory, i, line, explain->now, on_step,
			      on_found, explain);
		if (!explain->found)
			puts("  found        nothing");
	}
}

/* ---- costs ---- */

int64_t explain_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int by_time(const void *a, const void *b)
{
	const struct match_profile *x = a, *y = b;

	return x->ns < y->ns ? 1 : x->ns > y->ns ? -1 : 0;
}

void explain_costs(const struct match *match, size_t index, const char *filter)
{
	struct match_profile *list = calloc(EXPRESSIONS, sizeof *list);
	size_t count = 0;
	int64_t all = 0;

	if (!list)
		return;
	for (size_t i = 0; count < EXPRESSIONS && match_profile(match, index, i, &list[count]);
	     i++) {
		all += list[count].ns;
		count += list[count].searches > 0;
	}
	qsort(list, count, sizeof *list, by_time);
	for (size_t i = 0; i < count; i++) {
		printf("regex %s %.1f%% %" PRIu64 " ns/search %" PRIu64 "/%" PRIu64, filter,
		       all ? 100.0 * (double)list[i].ns / (double)all : 0.0,
		       (uint64_t)list[i].ns / list[i].searches, list[i].matches,
		       list[i].searches);
		print_shown(" ", text_of(list[i].regex), "\n");
	}
	free(list);
}
