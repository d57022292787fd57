/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "match/parts.h"
#include "match/walk.h"

/* What a filter does with a line, told step by step; and what its searches cost. */

struct telling {
	const struct filter *filter;
	match_told *told;
	void *arg;
	match_found *found;
};

/* The newline that ends every subject is none of the line's. */
static struct text without_newline(struct text t)
{
	if (t.len && t.at[t.len - 1] == '\n')
		t.len--;
	return t;
}

/* How far a search got that did not find. */
static void tell_furthest(const struct telling *t, size_t regex, struct match_step *step)
{
	const char *pattern = filter_pattern(t->filter, regex);
	struct text subject = step->text;
	size_t pattern_at, subject_at;

	if (!pattern || filter_furthest(t->filter, regex, subject, &pattern_at, &subject_at) ||
	    pattern_at > strlen(pattern) || subject_at > subject.len)
		return;
	step->read = (struct text){subject.at, subject_at};
	step->rest = without_newline(
		(struct text){subject.at + subject_at, subject.len - subject_at});
	step->stuck = text_of(pattern + pattern_at);
}

static void on_step(void *arg, enum match_stage stage, size_t index, struct text text,
		    int result)
{
	const struct telling *t = arg;
	struct match_step step = {
		.stage = stage, .index = index, .result = result, .text = text};

	if (stage == MATCH_PREFREGEX || stage == MATCH_FAILREGEX) {
		size_t regex = stage == MATCH_PREFREGEX ? FILTER_PREFREGEX : index;

		step.regex = filter_text(t->filter, regex);
		if (!result)
			tell_furthest(t, regex, &step);
	}
	step.text = without_newline(step.text);
	t->told(t->arg, &step);
}

static void on_found(void *arg, size_t index, const struct finding *finding)
{
	const struct telling *t = arg;

	t->found(t->arg, index, finding);
}

/* Where it stands is known in the line as valid UTF-8, which this one may not be. */
static struct text date_text(const struct subject *subject, const struct walk *line)
{
	const struct date_found *date = &subject->date;

	if (!subject->dated || date->at + date->len > (size_t)(line->end - line->at))
		return (struct text){0};
	return (struct text){line->at + date->at, date->len};
}

static void tell_date(struct jail *jail, const struct lines *line, int64_t now,
		      const struct telling *t)
{
	struct match_step step = {.stage = MATCH_DATE, .time = line->time};
	struct walk walk;

	walk_begin(&walk, line->text);
	walk_next(&walk);
	if (line->time == TIME_NONE) {
		view_make(jail->view, &walk, true);
		step.text = date_text(&jail->view->subject, &walk);
		step.time = view_time(jail->view, now);
		step.result = jail->view->subject.dated;
		jail->view->made = false;
	}
	t->told(t->arg, &step);
}

/* Also a line that has none of the words is shown to the filter: it finds nothing, and how far
 * it gets is what is asked for. */
void match_explain(struct match *m, struct match_memory *memory, size_t index,
		   const struct lines *line, int64_t now, match_told *told, match_found *found,
		   void *arg)
{
	struct jail *jail = &m->jails[index];
	struct telling t = {.filter = jail->filter, .told = told, .arg = arg, .found = found};
	struct trace trace = {.step = on_step, .arg = &t};

	tell_date(jail, line, now, &t);
	m->scratch.trace = &trace;
	match_scan_one(m, memory, index, line, now, on_found, &t);
	m->scratch.trace = NULL;
}

void match_measure(struct match *m, int64_t (*clock_ns)(void))
{
	m->scratch.clock = clock_ns;
}

bool match_profile(const struct match *m, size_t index, size_t regex, struct match_profile *out)
{
	const struct filter *filter = m->jails[index].filter;
	size_t count = filter_regexes(filter);
	struct profile profile;

	if (regex > count)
		return false;
	regex = regex == count ? FILTER_PREFREGEX : regex;
	if (!filter_profile(filter, regex, &profile))
		return false;
	*out = (struct match_profile){.regex = filter_text(filter, regex),
				      .searches = profile.searches,
				      .matches = profile.matches,
				      .ns = profile.ns};
	return true;
}
