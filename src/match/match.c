/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/date.h"
#include "match/filter.h"
#include "match/literal.h"
#include "match/match.h"
#include "match/subject.h"

/*
 * Most lines are of no interest to any filter, and what makes a line interesting are words that
 * an expression cannot match without. So whole blocks are searched for the words of all
 * filters at once, and only a line that has one is looked at: its date found and cut, and
 * the filters run whose words it has. A filter of which no such words are known sees every
 * line.
 */
struct match {
	struct filter **filters;
	size_t count;
	struct literals *literals;
	size_t *always; /* filters that see every line */
	size_t always_count;
	size_t *due; /* filters that see the line at hand */
	size_t due_count;
	uint64_t *sets; /* for each filter: which failregex may match the line at hand */
	struct scratch scratch;
	struct dates *dates;
	struct subject subject;
	struct date_cache date_cache;
	struct match_counts counts;
};

struct match_memory {
	struct session **sessions; /* one a filter */
	size_t count;
};

/* One run of lines, and the line at hand in it. */
struct scan {
	struct match *match;
	struct match_memory *memory;
	const struct lines *lines;
	int64_t now;
	match_found *found;
	void *arg;
	const char *at, *end; /* the line; its newline, or the end of the run */
	size_t number;	      /* of the line, from 1; 0: none yet */
};

struct match *match_new(void)
{
	struct match *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->literals = literals_new();
	if (!m->literals || scratch_init(&m->scratch))
		goto fail;
	return m;
fail:
	match_free(m);
	return NULL;
}

void match_free(struct match *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		filter_free(m->filters[i]);
	dates_free(m->dates);
	free(m->filters);
	free(m->always);
	free(m->due);
	free(m->sets);
	literals_free(m->literals);
	scratch_clear(&m->scratch);
	free(m);
}

static int resize(void *array, size_t count, size_t size)
{
	void *new = reallocarray(*(void **)array, count, size);

	if (!new)
		return -ENOMEM;
	*(void **)array = new;
	return 0;
}

static int make_room(struct match *m)
{
	if (resize(&m->filters, m->count + 1, sizeof(struct filter *)) ||
	    resize(&m->always, m->count + 1, sizeof(*m->always)) ||
	    resize(&m->due, m->count + 1, sizeof(*m->due)) ||
	    resize(&m->sets, m->count + 1, sizeof(*m->sets)))
		return -ENOMEM;
	m->sets[m->count] = 0;
	return 0;
}

int match_add(struct match *m, const struct rules *rules, struct diag *diag)
{
	struct filter *filter;
	int err = make_room(m);

	if (!err)
		err = filter_compile(&filter, rules, diag);
	if (!err && !m->dates)
		err = dates_compile(&m->dates, rules, diag);
	if (err)
		return err;
	m->filters[m->count] = filter;
	err = filter_add_literals(filter, m->literals, m->count * FILTER_OWNERS);
	if (err == -ENOENT)
		m->always[m->always_count++] = m->count;
	else if (err)
		return filter_free(filter), err;
	literals_build(m->literals);
	return (int)m->count++;
}

/* ---- one line ---- */

/* Worked out only when something is found in the line, which is rare enough. */
static int64_t line_time(struct scan *s)
{
	const struct subject *subject = &s->match->subject;

	if (s->lines->time != TIME_NONE || !subject->dated)
		return s->lines->time;
	return dates_time(s->match->dates, &subject->date, &s->match->date_cache, s->now);
}

static void find(struct scan *s, size_t index, uint64_t set, struct finding *finding)
{
	struct match *m = s->match;

	switch (filter_find(m->filters[index], set, &m->scratch, s->memory->sessions[index],
			    m->subject.text, s->now, finding)) {
	case OUTCOME_FOUND:
		finding->time = line_time(s);
		m->counts.found++;
		m->counts.undated += finding->time == TIME_NONE;
		s->found(s->arg, index, finding);
		break;
	case OUTCOME_IGNORED:
		m->counts.ignored++;
		break;
	case OUTCOME_NONE:
		break;
	}
}

static void line_search(struct scan *s)
{
	struct match *m = s->match;
	struct finding finding = {.number = s->number};
	size_t len = (size_t)(s->end - s->at);
	bool follows = s->end < s->lines->text.at + s->lines->text.len;

	finding.line = (struct text){s->at, len > LINE_MAX_BYTES ? LINE_MAX_BYTES : len};
	subject_make(&m->subject, finding.line, follows && len <= LINE_MAX_BYTES,
		     s->lines->time == TIME_NONE ? m->dates : NULL);
	for (size_t i = 0; i < m->always_count; i++)
		find(s, m->always[i], FILTER_ALL, &finding);
	for (size_t i = 0; i < m->due_count; i++)
		find(s, m->due[i], m->sets[m->due[i]], &finding);
}

static void line_done(struct scan *s)
{
	struct match *m = s->match;

	if (s->number && (m->due_count || m->always_count))
		line_search(s);
	for (size_t i = 0; i < m->due_count; i++)
		m->sets[m->due[i]] = 0;
	m->due_count = 0;
}

/* ---- from line to line ---- */

static bool line_next(struct scan *s)
{
	const char *end = s->lines->text.at + s->lines->text.len;

	if (s->number && s->end < end)
		s->at = s->end + 1;
	else if (s->number)
		s->at = end;
	if (s->at == end)
		return false;
	s->end = memchr(s->at, '\n', (size_t)(end - s->at));
	if (!s->end)
		s->end = end;
	s->number++;
	return true;
}

/* Make the line that `at` lies in the one at hand, and do with those before what is due. */
static void line_seek(struct scan *s, const char *at)
{
	if (s->number && at < s->end)
		return;
	line_done(s);
	while (line_next(s) && s->end <= at)
		line_done(s);
}

static void literal_found(void *arg, const char *at, size_t owner)
{
	struct scan *s = arg;
	struct match *m = s->match;

	size_t index = owner / FILTER_OWNERS, bit = owner % FILTER_OWNERS;

	line_seek(s, at);
	if (!m->sets[index])
		m->due[m->due_count++] = index;
	m->sets[index] |= bit < FILTER_BITS ? UINT64_C(1) << bit : FILTER_ALL;
}

void match_scan(struct match *m, struct match_memory *memory, const struct lines *lines,
		int64_t now, match_found *found, void *arg)
{
	struct scan s = {
		.match = m,
		.memory = memory,
		.lines = lines,
		.now = now,
		.found = found,
		.arg = arg,
		.at = lines->text.at,
		.end = lines->text.at,
	};

	literals_scan(m->literals, lines->text, literal_found, &s);
	do
		line_done(&s);
	while (line_next(&s));
	m->counts.lines += s.number;
}

void match_memory_free(struct match_memory *memory)
{
	if (!memory)
		return;
	for (size_t i = 0; i < memory->count; i++)
		session_free(memory->sessions[i]);
	free(memory->sessions);
	free(memory);
}

struct match_memory *match_memory_new(const struct match *m)
{
	struct match_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	memory->sessions = calloc(m->count + 1, sizeof(*memory->sessions));
	if (!memory->sessions)
		goto fail;
	for (; memory->count < m->count; memory->count++) {
		memory->sessions[memory->count] = session_new();
		if (!memory->sessions[memory->count])
			goto fail;
	}
	return memory;
fail:
	match_memory_free(memory);
	return NULL;
}

void match_memory_take(struct match_memory *memory, size_t index, struct match_memory *from,
		       size_t from_index)
{
	struct session *session = memory->sessions[index];

	memory->sessions[index] = from->sessions[from_index];
	from->sessions[from_index] = session;
}

struct match_counts match_counts(const struct match *m)
{
	struct match_counts counts = m->counts;

	counts.limited = m->scratch.limited;
	return counts;
}
