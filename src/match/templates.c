/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/templates.h"

#define LINE_BEGIN "{^LN-BEG}"

/*
 * The formats that are known without being told, with a date that each takes. They are
 * fail2ban's, in its order, in which 01/02 is the first of February; the one without separators
 * is that of its version 1.1, which takes the "-" and the ":" as well.
 */
static const char *const defaults[] = {
	/* 2005-01-23T21:59:59.981746+01:00, 2005/01/23 21:59:59, 2006.12.21 06:43:20 */
	DATE_ISO_PATTERN,
	/* Sun Jan 23 21:59:59.011 2005, Jan 23 21:59:59 */
	DATE_SYSLOG_PATTERN,
	/* Sun Jan 23 2005 21:59:59.011 */
	"(?:%a )?%b %d %ExY %k:%M:%S(?:\\.%f)?",
	/* 23/01/2005 21:59:59, 23-01-05 21:59:59 */
	"%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S",
	/* 31/Oct/2006:09:22:55 -0000, 26-Jul-2007 15:20:52.252 */
	"%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\\.%f)?(?: %z)?",
	/* 05/20/2008:01:57:39 */
	"%m/%d/%ExY:%H:%M:%S",
	/* 01-27-2012 16:22:44.252 */
	"%m-%d-%ExY %k:%M:%S(?:\\.%f)?",
	/* 1373330716.415 */
	"EPOCH",
	/* 21:59:59 */
	"{^LN-BEG}%H:%M:%S",
	/* <09/16/08@05:03:30> */
	"^<%m/%d/%Exy@%H:%M:%S>",
	/* 130322 11:46:11, 130322  1:46:11 */
	"%Exy%Exm%Exd  ?%H:%M:%S",
	/* Jul 27, 2012 11:46:11 PM */
	"%b %d, %ExY %I:%M:%S %p",
	/* Apr-27-13 02:33:06 */
	"^%b-%d-%Exy %k:%M:%S",
	/* 20050123T215959, 20050123 215959, 20220407-12:11:06 */
	"%ExY%Exm%Exd(?:-|T|  ?)%ExH:?%ExM:?%ExS(?:[.,]%f)?(?:\\s*%z)?",
	/* PDT Apr 16 21:05:29 */
	"(?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?",
	/* +00:00 Jan 23 21:59:59.011 2005 */
	"(?:%z )?(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?",
	/* @400000004c91b044077a9e94 */
	"TAI64N",
};

#define DEFAULTS (sizeof(defaults) / sizeof(*defaults))

/* Take `new`, unless it is there. */
static int take(struct templates *t, struct template *new)
{
	struct template *list;

	for (size_t i = 0; i < t->count; i++) {
		if (t->list[i].kind != new->kind ||
		    strcmp(t->list[i].bound.regex, new->bound.regex) != 0)
			continue;
		template_clear(new);
		return 0;
	}
	list = realloc(t->list, (t->count + 1) * sizeof(*list));
	if (!list) {
		template_clear(new);
		return -ENOMEM;
	}
	t->list = list;
	list[t->count++] = *new;
	return 0;
}

static int add(struct templates *t, const char *pattern, char *why, size_t size)
{
	struct template new;
	int err = template_make(&new, pattern, why, size);

	return err ? err : take(t, &new);
}

static bool is_at_start(const char *pattern)
{
	return *pattern == '^' || !strncmp(pattern, LINE_BEGIN, strlen(LINE_BEGIN));
}

/* All that can be with the line's start in front, and then all, or of these only those that are
 * at the line's start anyway. */
static int add_defaults(struct templates *t, bool only_start, char *why, size_t size)
{
	char pattern[128];
	int err = 0;

	for (size_t i = 0; i < DEFAULTS && !err; i++) {
		if (is_at_start(defaults[i]))
			continue;
		snprintf(pattern, sizeof(pattern), LINE_BEGIN "%s", defaults[i]);
		err = add(t, pattern, why, size);
	}
	for (size_t i = 0; i < DEFAULTS && !err; i++)
		if (!only_start || is_at_start(defaults[i]))
			err = add(t, defaults[i], why, size);
	return err;
}

/* ---- {DATE} ---- */

static bool is_mark(const char *pattern, const char *at)
{
	return !strncasecmp(at, "{DATE}", 6) && (at == pattern || at[-1] != '\\');
}

/* The pattern with `date` for each mark. */
static char *substitute(const char *pattern, const char *date)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (const char *at = pattern; *at;) {
		if (is_mark(pattern, at)) {
			fputs(date, out);
			at += 6;
		} else {
			fputc(*at++, out);
		}
	}
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* A default goes in without its own mark for the line's start, but with its "^", behind which
 * nothing can match. EPOCH and TAI64N are such only where nothing is around them. */
static int add_product(struct templates *t, const char *pattern, char *why, size_t size)
{
	int err = 0;

	for (size_t i = 0; i < DEFAULTS && !err; i++) {
		bool marked = *defaults[i] == '{';
		char *text =
			substitute(pattern, defaults[i] + (marked ? strlen(LINE_BEGIN) : 0));

		if (!text)
			return -ENOMEM;
		err = add(t, text, why, size);
		free(text);
	}
	return err;
}

bool templates_known(const char *pattern)
{
	return !strcasecmp(pattern, LINE_BEGIN) || !strcasecmp(pattern, "{DEFAULT}");
}

int templates_add(struct templates *t, const char *pattern, char *why, size_t size)
{
	bool any_case = !strchr(pattern, '%');

	if (!strcasecmp(pattern, LINE_BEGIN))
		return add_defaults(t, true, why, size);
	if (!strcasecmp(pattern, "{DEFAULT}"))
		return add_defaults(t, false, why, size);
	if (any_case ? strcasestr(pattern, "{DATE}") : strstr(pattern, "{DATE}"))
		return add_product(t, pattern, why, size);
	if (!strcasecmp(pattern, "{NONE}"))
		return add(t, "{UNB}^", why, size);
	return add(t, pattern, why, size);
}

void templates_clear(struct templates *t)
{
	for (size_t i = 0; i < t->count; i++)
		template_clear(&t->list[i]);
	free(t->list);
	*t = (struct templates){0};
}
