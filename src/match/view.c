/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "match/search.h"
#include "match/view.h"

/* Of search_run(): what looking for the date of one line may take, in lines before it, too. */
#define DATE_STEPS ((uint64_t)2 * SEARCH_STEPS)

/* Each text with its NUL; without `out` only the length. */
static size_t write_rules(char *out, const struct rules *rules)
{
	const char *zone = rules->logtimezone ? rules->logtimezone : "";
	size_t len = strlen(zone) + 1;

	if (out)
		memcpy(out, zone, len);
	for (size_t i = 0; i < rules->date_count; i++) {
		size_t n = strlen(rules->dates[i].regex) + 1;

		if (out)
			memcpy(out + len, rules->dates[i].regex, n);
		len += n;
	}
	return len;
}

int view_new(struct view **out, const struct rules *rules, struct diag *diag)
{
	struct view *v = calloc(1, sizeof(*v));
	int err = -ENOMEM;

	if (!v)
		return -ENOMEM;
	v->written_len = write_rules(NULL, rules);
	v->written = malloc(v->written_len);
	if (v->written)
		err = dates_compile(&v->dates, rules, diag);
	if (err)
		goto fail;
	write_rules(v->written, rules);
	*out = v;
	return 0;
fail:
	view_free(v);
	return err;
}

void view_free(struct view *v)
{
	if (!v)
		return;
	dates_free(v->dates);
	free(v->written);
	free(v);
}

bool view_is_of(const struct view *v, const struct rules *rules)
{
	const char *at = v->written;

	if (write_rules(NULL, rules) != v->written_len ||
	    strcmp(at, rules->logtimezone ? rules->logtimezone : "") != 0)
		return false;
	for (size_t i = 0; i < rules->date_count; i++) {
		at += strlen(at) + 1;
		if (strcmp(at, rules->dates[i].regex) != 0)
			return false;
	}
	return true;
}

struct text view_make(struct view *v, const struct walk *line, bool dated)
{
	size_t len = (size_t)(line->end - line->at);
	bool whole = len <= LINE_MAX_BYTES;

	if (v->made)
		return v->subject.text;
	v->steps = DATE_STEPS;
	subject_make(&v->subject, (struct text){line->at, whole ? len : LINE_MAX_BYTES},
		     whole && walk_follows(line), dated ? v->dates : NULL, &v->steps);
	v->made = true;
	return v->subject.text;
}

static int64_t time_of(struct view *v, const struct date_found *date, int64_t now)
{
	return date->len ? dates_time(v->dates, date, &v->cache, now) : TIME_NONE;
}

int64_t view_time(struct view *v, int64_t now)
{
	return v->subject.dated ? time_of(v, &v->subject.date, now) : TIME_NONE;
}

bool view_is_empty(const struct view *v)
{
	return v->subject.dated && !v->subject.date.len;
}

/* The last line of *text, which loses it. */
static struct text last_line(struct text *text)
{
	struct text line = *text;
	const char *before;

	line.len -= line.at[line.len - 1] == '\n';
	before = memrchr(line.at, '\n', line.len);
	if (before) {
		line.len -= (size_t)(before + 1 - line.at);
		line.at = before + 1;
	}
	text->len = (size_t)(line.at - text->at);
	if (line.len > LINE_MAX_BYTES)
		line.len = LINE_MAX_BYTES;
	return line;
}

int64_t view_end_time(struct view *v, struct text text, size_t lines, int64_t now)
{
	v->steps = DATE_STEPS;
	return view_last_time(v, text, &lines, now);
}

int64_t view_last_time(struct view *v, struct text text, size_t *lines, int64_t now)
{
	for (; text.len && *lines; --*lines) {
		int64_t time = TIME_NONE;

		subject_make(&v->earlier, last_line(&text), false, v->dates, &v->steps);
		if (v->earlier.dated)
			time = time_of(v, &v->earlier.date, now);
		if (time != TIME_NONE)
			return time;
	}
	return TIME_NONE;
}
