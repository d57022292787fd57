/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that logrotate, newsyslog, savelog, multilog and their like give to a rotated log.
 */
#include <stdlib.h>
#include <string.h>

#include "source/stamp.h"

#define TAI64N_DIGITS 24
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

/* "@", 24 digits of TAI64N in hexadecimal, and ".s" (finished) or ".u" (left by a crash). */
static struct stamp stamp_tai(const char *name)
{
	struct stamp stamp = {.kind = STAMP_OTHER};

	if (*name++ != '@' || strspn(name, "0123456789abcdef") != TAI64N_DIGITS ||
	    (strcmp(name + TAI64N_DIGITS, ".s") != 0 &&
	     strcmp(name + TAI64N_DIGITS, ".u") != 0))
		return stamp;
	stamp.kind = STAMP_TAI;
	memcpy(stamp.digits, name, TAI64N_DIGITS);
	return stamp;
}

struct stamp stamp_parse(const char *name, const char *log)
{
	size_t len = strlen(name), whole = strlen(log), stem = (size_t)stamp_stem(log);
	size_t extension = whole - stem;

	if (!strcmp(name, log))
		return (struct stamp){.kind = STAMP_NONE};
	if (*name == '@' && !strcmp(log, STAMP_CURRENT))
		return stamp_tai(name);
	/* "access2.log" is another log than "access.log", and "mail2" than "mail". */
	if (len > whole && !strncmp(name, log, whole) && strchr("-_.:+", name[whole]))
		return strcmp(name + whole, ".old") ? stamp_of(name + whole, len - whole)
						    : (struct stamp){STAMP_COUNT, "1"};
	if (extension && len > whole && !strncmp(name, log, stem) &&
	    strchr("-_.", name[stem]) && !strcmp(name + len - extension, log + stem))
		return stamp_of(name + stem, len - whole);
	return (struct stamp){.kind = STAMP_OTHER};
}

static size_t digits_at(const char *at)
{
	return strspn(at, "0123456789");
}

/* Are the names alike but for their numbers, and which has the smaller ones? */
static bool compare_numbers(const char *a, const char *b, int *order)
{
	*order = 0;
	for (;;) {
		size_t a_len = digits_at(a), b_len = digits_at(b);

		if (!a_len || !b_len) {
			if (*a != *b++)
				return false;
			if (!*a++)
				return true;
			continue;
		}
		if (!*order && a_len != b_len)
			*order = a_len < b_len ? -1 : 1;
		else if (!*order)
			*order = strncmp(a, b, a_len);
		a += a_len;
		b += b_len;
	}
}

struct stamp stamp_series(const char *name, const char *log)
{
	struct stamp stamp = {.kind = STAMP_OTHER};
	size_t digits = 0;
	int order;

	/* A greater number is that of a file to come. */
	if (!compare_numbers(name, log, &order) || order >= 0)
		return stamp;
	stamp.kind = STAMP_SERIES;
	for (; *name; name++)
		if (digits_at(name) && digits + 1 < sizeof(stamp.digits))
			stamp.digits[digits++] = *name;
	return stamp;
}

bool stamp_comparable(const struct stamp *a, const struct stamp *b)
{
	if (a->kind == STAMP_OTHER || b->kind == STAMP_OTHER)
		return false;
	return a->kind == b->kind || (a->kind != STAMP_COUNT && a->kind != STAMP_DATE) ||
	       (b->kind != STAMP_COUNT && b->kind != STAMP_DATE);
}

bool stamp_newer(const struct stamp *a, const struct stamp *b)
{
	size_t a_len = strlen(a->digits), b_len = strlen(b->digits);

	if (a->kind == STAMP_NONE || b->kind == STAMP_NONE)
		return a->kind == STAMP_NONE && b->kind != STAMP_NONE;
	/* The log and what was rotated from it came after the others of its series. */
	if (a->kind != b->kind)
		return b->kind == STAMP_SERIES;
	if (a->kind == STAMP_COUNT)
		return atoi(a->digits) < atoi(b->digits);
	if (a->kind == STAMP_SERIES && a_len != b_len)
		return a_len > b_len;
	return strcmp(a->digits, b->digits) > 0;
}
