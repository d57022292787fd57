/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "match/parts.h"
#include "match/walk.h"

/*
 * Most lines are of no interest to any filter, and what makes a line interesting are words that
 * an expression cannot match without. So whole runs are searched for the words of all filters
 * at once, and only a line that has one is looked at: its date found and cut, and the filters
 * run whose words it has. A filter of which no such words are known sees every line.
 */

/* Undated lines get the date of a line before them: so far back it is looked for. */
#define EARLIER_LINES 100
#define EARLIER_MS 60000

/* One run of lines, and the line at hand in it. */
struct scan {
	struct match *match;
	struct match_memory *memory;
	const struct lines *lines;
	int64_t now;
	match_found *found;
	void *arg;
	struct walk line;
};

/* ---- when a line was written ---- */

/* The date of the last line before this one that has one. Those up to the last line that was
 * asked for its date were looked through then. */
static int64_t earlier_time(struct scan *s, struct view *view, const struct session *session,
			    uint64_t line)
{
	struct text run = s->lines->text;
	struct text before = {s->memory->earlier, s->memory->earlier_len};
	uint64_t since = line - session->asked - 1;
	size_t lines = since < EARLIER_LINES ? since : EARLIER_LINES;
	int64_t time;

	run.len = (size_t)(s->line.at - run.at);
	time = view_last_time(view, run, &lines, s->now);
	if (time == TIME_NONE)
		time = view_last_time(view, before, &lines, s->now);
	return time == TIME_NONE ? session->last_date : time;
}

/* Worked out only when something is found in the line, which is rare enough. */
static int64_t line_time(struct scan *s, size_t index)
{
	struct view *view = s->match->jails[index].view;
	struct session *session = s->memory->sessions[index];
	uint64_t line = s->memory->lines + walk_number(&s->line);
	int64_t time = s->lines->time;

	if (time == TIME_NONE)
		time = view_time(view, s->now);
	if (time == TIME_NONE)
		session->last_date = earlier_time(s, view, session, line);
	else
		session->last_date = time;
	session->asked = line;
	if (time != TIME_NONE)
		return time;
	if (session->last_date != TIME_NONE && session->last_date > s->now - EARLIER_MS)
		return session->last_date;
	return view_is_empty(view) ? s->now : TIME_NONE;
}

/* ---- one line ---- */

static struct text line_text(const struct scan *s)
{
	size_t len = (size_t)(s->line.end - s->line.at);

	return (struct text){s->line.at, len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES};
}

/* The line could only end a connection, and is of none. */
static bool is_over_nothing(const struct scan *s, size_t index, uint64_t set, struct text line)
{
	return !(set & ~s->match->jails[index].ends) && !s->match->scratch.trace &&
	       !session_may_know(s->memory->sessions[index], line);
}

static void find(struct scan *s, size_t index, uint64_t set)
{
	struct match *m = s->match;
	struct jail *jail = &m->jails[index];
	struct text line = line_text(s), subject;
	struct finding finding;

	if (is_over_nothing(s, index, set, line))
		return;
	if (!m->scratch.trace)
		set = select_check(&jail->selection, set, line);
	if (!set)
		return;
	subject = view_make(jail->view, &s->line, s->lines->time == TIME_NONE);
	switch (filter_find(jail->filter, set, &m->scratch, s->memory->sessions[index], subject,
			    s->now, &finding)) {
	case OUTCOME_FOUND:
		finding.line = line;
		finding.number = walk_number(&s->line);
		finding.time = line_time(s, index);
		m->counts.found += finding.kind == FINDING_FAILURE;
		m->counts.alarms += finding.kind == FINDING_ALARM;
		m->counts.undated += finding.time == TIME_NONE;
		s->found(s->arg, index, &finding);
		break;
	case OUTCOME_IGNORED:
		m->counts.ignored++;
		break;
	case OUTCOME_NONE:
		break;
	}
}

/* With the line at hand; there may be none yet. */
static void line_done(struct scan *s)
{
	struct match *m = s->match;

	if (!s->line.begun || !(m->due_count + m->always_count))
		return;
	for (size_t i = 0; i < m->always_count; i++)
		find(s, m->always[i], FILTER_ALL);
	for (size_t i = 0; i < m->due_count; i++) {
		find(s, m->due[i], m->jails[m->due[i]].set);
		m->jails[m->due[i]].set = 0;
	}
	m->due_count = 0;
	for (size_t i = 0; i < m->view_count; i++)
		m->views[i]->made = false;
}

/* ---- from line to line ---- */

/* Make the line that `at` lies in the one at hand, and do with those before what is due. */
static void line_seek(struct scan *s, const char *at)
{
	if (s->line.begun && at < s->line.end)
		return;
	line_done(s);
	if (!s->match->always_count)
		walk_to(&s->line, at);
	else
		while (walk_next(&s->line) && s->line.end <= at)
			line_done(s);
}

/* In order of jails. */
static void add_due(struct match *m, size_t index)
{
	size_t i = m->due_count++;

	for (; i && m->due[i - 1] > index; i--)
		m->due[i] = m->due[i - 1];
	m->due[i] = index;
}

static void literal_found(void *arg, const char *at, size_t index, uint64_t set)
{
	struct scan *s = arg;
	struct match *m = s->match;

	line_seek(s, at);
	if (!m->jails[index].set)
		add_due(m, index);
	m->jails[index].set |= set;
}

static void scan_all(struct scan *s)
{
	struct match *m = s->match;

	literals_scan(m->literals, s->lines->text, literal_found, s);
	line_done(s);
	while (m->always_count && walk_next(&s->line))
		line_done(s);
}

static void scan_one(struct scan *s, size_t index)
{
	while (walk_next(&s->line)) {
		find(s, index, FILTER_ALL);
		s->match->jails[index].view->made = false;
	}
}

void match_scan_one(struct match *m, struct match_memory *memory, size_t index,
		    const struct lines *lines, int64_t now, match_found *found, void *arg)
{
	struct scan s = {.match = m,
			 .memory = memory,
			 .lines = lines,
			 .now = now,
			 .found = found,
			 .arg = arg};
	uint64_t count;

	walk_begin(&s.line, lines->text);
	if (index == EVERY_JAIL)
		scan_all(&s);
	else
		scan_one(&s, index);
	count = walk_count(&s.line);
	m->counts.lines += count;
	memory->lines += count;
	if (lines->time == TIME_NONE)
		match_remember(memory, lines->text);
}

void match_scan(struct match *m, struct match_memory *memory, const struct lines *lines,
		int64_t now, match_found *found, void *arg)
{
	match_scan_one(m, memory, EVERY_JAIL, lines, now, found, arg);
}
