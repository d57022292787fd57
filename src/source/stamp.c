/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that logrotate, newsyslog, savelog and their like give to a rotated log. */
#include <stdlib.h>
#include <string.h>

#include "source/stamp.h"

#define COUNT_DIGITS 3 /* ".365" counts; ".2024" is a date */

int stamp_stem(const char *log)
{
	const char *dot = strrchr(log, '.');

	return dot && dot > log ? (int)(dot - log) : (int)strlen(log);
}

/* "1", "20240131", "2024-01-31", "20240131-1706700000", with what separates it from the name.
 */
static struct stamp stamp_of(const char *text, size_t len)
{
	struct stamp stamp = {.kind = STAMP_OTHER};
	size_t digits = 0, groups = 0;

	for (size_t i = 0; i < len; i++) {
		if (!strchr("0123456789-_.:TZ+", text[i]))
			return (struct stamp){.kind = STAMP_OTHER};
		if (text[i] < '0' || text[i] > '9')
			continue;
		groups += !i || text[i - 1] < '0' || text[i - 1] > '9';
		if (digits + 1 < sizeof(stamp.digits))
			stamp.digits[digits++] = text[i];
	}
	if (digits)
		stamp.kind = groups == 1 && digits <= COUNT_DIGITS ? STAMP_COUNT : STAMP_DATE;
	return stamp;
}

struct stamp stamp_parse(const char *name, const char *log)
{
	size_t len = strlen(name), whole = strlen(log), stem = (size_t)stamp_stem(log);
	size_t extension = whole - stem;

	if (!strcmp(name, log))
		return (struct stamp){.kind = STAMP_NONE};
	if (len > whole && !strncmp(name, log, whole))
		return strcmp(name + whole, ".old") ? stamp_of(name + whole, len - whole)
						    : (struct stamp){STAMP_COUNT, "1"};
	if (extension && len > whole && !strncmp(name, log, stem) &&
	    !strcmp(name + len - extension, log + stem))
		return stamp_of(name + stem, len - whole);
	return (struct stamp){.kind = STAMP_OTHER};
}

static const char *past_digits(const char *at)
{
	return at + strspn(at, "0123456789");
}

struct stamp stamp_series(const char *name, const char *log)
{
	struct stamp stamp = {.kind = STAMP_SERIES};
	size_t digits = 0;

	while (*name && *log) {
		const char *end = past_digits(name);

		if (end == name ? *name != *log : past_digits(log) == log)
			return (struct stamp){.kind = STAMP_OTHER};
		if (end == name) {
			name++, log++;
			continue;
		}
		for (; name < end; name++)
			if (digits + 1 < sizeof(stamp.digits))
				stamp.digits[digits++] = *name;
		log = past_digits(log);
	}
	if (*name || *log || !digits)
		stamp.kind = STAMP_OTHER;
	return stamp;
}

bool stamp_comparable(const struct stamp *a, const struct stamp *b)
{
	if (a->kind == STAMP_OTHER || b->kind == STAMP_OTHER)
		return false;
	return a->kind == b->kind || a->kind == STAMP_NONE || b->kind == STAMP_NONE;
}

bool stamp_newer(const struct stamp *a, const struct stamp *b)
{
	if (a->kind == STAMP_NONE || b->kind == STAMP_NONE)
		return a->kind == STAMP_NONE && b->kind != STAMP_NONE;
	if (a->kind == STAMP_COUNT)
		return atoi(a->digits) < atoi(b->digits);
	if (a->kind == STAMP_SERIES && strlen(a->digits) != strlen(b->digits))
		return strlen(a->digits) > strlen(b->digits);
	return strcmp(a->digits, b->digits) > 0;
}
