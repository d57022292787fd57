/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "match/directive.h"
#include "match/zones.h"

/* ---- what they match ---- */

#define MONTHS "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
#define WEEKDAYS "mon|tue|wed|thu|fri|sat|sun"

/*
 * The order of alternatives decides what is cut, as a regular expression takes the first that
 * fits: it is fail2ban's. Names are English, as in the locale C; patterns with names ignore
 * case. %ExY is any year from 2000 on that is not far ahead. fail2ban looks at the clock for
 * that, and its 2000..2029 grows with the years; there is no clock here.
 */
static const struct directive {
	const char *name, *regex;
} directives[] = {
	{"ExY", "(?P<Y>20[0-3]\\d)"},
	{"Exy", "(?P<y>\\d\\d)"},
	{"Exm", "(?P<m>0[1-9]|1[0-2])"},
	{"Exd", "(?P<d>[12]\\d|0[1-9]|3[01])"},
	{"ExH", "(?P<H>[01]\\d|2[0-3])"},
	{"Exk", " ?(?P<H>[01]?\\d|2[0-3])"},
	{"Exl", " ?(?P<I>1[0-2]|\\d)"},
	{"ExM", "(?P<M>[0-5]\\d)"},
	{"ExS", "(?P<S>[0-5]\\d|6[01])"},
	{"ExZ", "(?P<Z>[A-Z](?:[A-Z]{2,4})?)"},
	{"Exz",
	 "(?P<z>(?:[A-Z](?:[A-Z]{2,4})?)?[+-][01]\\d(?::?\\d\\d)?|[A-Z](?:[A-Z]{2,4})?)"},
	{"Y", "(?P<Y>\\d{4})"},
	{"G", "(?P<G>\\d{4})"},
	{"y", "(?P<y>\\d\\d)"},
	{"m", "(?P<m>0?[1-9]|1[0-2])"},
	{"b", "(?P<b>" MONTHS ")"},
	{"B",
	 "(?P<B>september|february|november|december|january|october|august|march|april|june|"
	 "july|may)"},
	{"d", "(?P<d>[12]\\d|[0 ]?[1-9]|3[01])"},
	{"j", "(?P<j>36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9])"},
	{"a", "(?P<a>" WEEKDAYS ")"},
	{"A", "(?P<A>wednesday|thursday|saturday|tuesday|monday|friday|sunday)"},
	{"w", "(?P<w>[0-6])"},
	{"u", "(?P<u>[1-7])"},
	{"U", "(?P<U>5[0-3]|[0-4]\\d|\\d)"},
	{"W", "(?P<W>5[0-3]|[0-4]\\d|\\d)"},
	{"V", "(?P<V>5[0-3]|0[1-9]|[1-4]\\d|\\d)"},
	{"H", "(?P<H>[01]?\\d|2[0-3])"},
	{"k", " ?(?P<H>[0-2]?\\d)"},
	{"I", "(?P<I>1[0-2]|0[1-9]|[1-9])"},
	{"l", " ?(?P<I>1?\\d)"},
	{"p", "(?P<p>am|pm)"},
	{"M", "(?P<M>[0-5]?\\d)"},
	{"S", "(?P<S>[0-5]?\\d|6[01])"},
	{"f", "(?P<f>[0-9]{1,6})"},
	{"z", "(?P<z>Z|UTC|GMT|[+-][01]\\d(?::?\\d\\d)?)"},
	{"Z", "(?P<Z>Z|[A-Z]{3,5})"},
	{"c", "(?P<a>" WEEKDAYS ")\\s+(?P<b>" MONTHS ")\\s+"
	      "(?P<d>3[01]|[12]\\d|0[1-9]|[1-9]| [1-9])\\s+"
	      "(?P<H>2[0-3]|[01]\\d|\\d):(?P<M>[0-5]\\d|\\d):(?P<S>6[01]|[0-5]\\d|\\d)\\s+"
	      "(?P<Y>\\d{4})"},
	{"x", "(?P<m>1[0-2]|0[1-9]|[1-9])/(?P<d>3[01]|[12]\\d|0[1-9]|[1-9]| [1-9])/"
	      "(?P<y>\\d\\d)"},
	{"X", "(?P<H>2[0-3]|[01]\\d|\\d):(?P<M>[0-5]\\d|\\d):(?P<S>6[01]|[0-5]\\d|\\d)"},
	{"%", "%"},
};

static const struct directive *directive(const char *name)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(*directives); i++)
		if (!strncmp(name, directives[i].name, strlen(directives[i].name)))
			return &directives[i];
	return NULL;
}

bool directives_expand(FILE *out, const char *pattern, char *why, size_t size)
{
	while (*pattern) {
		const struct directive *d;

		if (*pattern != '%') {
			fputc(*pattern++, out);
			continue;
		}
		d = directive(++pattern);
		if (!d) {
			char shown[32];

			text_show((struct text){pattern, *pattern != 0}, shown, sizeof(shown));
			snprintf(why, size, "there is no directive %%%s", shown);
			return false;
		}
		fputs(d->regex, out);
		pattern += strlen(d->name);
	}
	return true;
}

/* ---- what they mean ---- */

bool directive_known(const char *name)
{
	return *name && !name[1] && strchr("YymbBdjaAwUWHIpMSfzZ", *name);
}

/* As many digits as any value has; blanks around them are as in " 7". */
static bool number(struct text t, int *out)
{
	int64_t n;

	t = text_trim(t);
	if (t.len > 9 || !text_number(t, 0, INT64_C(999999999), &n))
		return false;
	*out = (int)n;
	return true;
}

/* The first of `names`, of three letters each or with all of theirs, is 1. */
static bool name(struct text t, const char *const *names, bool whole, int *out)
{
	for (int i = 0; names[i]; i++) {
		size_t len = whole ? strlen(names[i]) : 3;

		if (t.len != len || strncasecmp(t.at, names[i], len) != 0)
			continue;
		*out = i + 1;
		return true;
	}
	return false;
}

static bool month(struct text t, bool whole, int *out)
{
	static const char *const names[] = {
		"january", "february",	"march",   "april",    "may",	   "june", "july",
		"august",  "september", "october", "november", "december", NULL,
	};

	return name(t, names, whole, out);
}

static bool weekday(struct text t, bool whole, int *out)
{
	static const char *const names[] = {
		"monday", "tuesday",  "wednesday", "thursday",
		"friday", "saturday", "sunday",	   NULL,
	};

	return name(t, names, whole, out);
}

/* 0 is Sunday. */
static bool weekday_number(struct text t, int *out)
{
	if (!number(t, out) || *out > 7)
		return false;
	if (!*out)
		*out = 7;
	return true;
}

/* Two digits are of this century. */
static bool short_year(struct text t, int *out)
{
	if (!number(t, out))
		return false;
	*out += *out <= 2000 ? 2000 : 0;
	return true;
}

static bool week(struct text t, struct date *d, bool sunday)
{
	if (!number(t, &d->week) || d->week > 99)
		return false;
	d->week++;
	d->sunday = sunday;
	return true;
}

/* Only ms are kept. A group of the pattern's own may hold anything, which is no mistake. */
static bool fraction(struct text t, int *ms)
{
	*ms = 0;
	for (size_t i = 0; i < 3; i++) {
		bool digit = i < t.len && t.at[i] >= '0' && t.at[i] <= '9';

		*ms = *ms * 10 + (digit ? t.at[i] - '0' : 0);
	}
	return true;
}

/* Whether the noon of 12 hours is past is for %p to say; without, it is not. */
static bool hour(struct text t, const struct directive_value *values, size_t count, int *out)
{
	bool am = true, pm = false;

	if (!number(t, out))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (values[i].letter != 'p' || !values[i].text.len)
			continue;
		pm = values[i].text.len == 2 && !strncasecmp(values[i].text.at, "pm", 2);
		am = values[i].text.len == 2 && !strncasecmp(values[i].text.at, "am", 2);
	}
	if (am && *out == 12)
		*out = 0;
	else if (pm && *out != 12)
		*out += 12;
	return true;
}

/* False: the value is none that there is. What must not be 0 says so by being 0 when it is not
 * written. */
static bool value_read(struct date *d, const struct directive_value *v)
{
	switch (v->letter) {
	case 'Y':
		return number(v->text, &d->year) && d->year;
	case 'y':
		return short_year(v->text, &d->year);
	case 'm':
		return number(v->text, &d->month) && d->month;
	case 'b':
	case 'B':
		return month(v->text, v->letter == 'B', &d->month);
	case 'd':
		return number(v->text, &d->day) && d->day;
	case 'j':
		return number(v->text, &d->yearday) && d->yearday;
	case 'a':
	case 'A':
		return weekday(v->text, v->letter == 'A', &d->weekday);
	case 'w':
		return weekday_number(v->text, &d->weekday);
	case 'U':
	case 'W':
		return week(v->text, d, v->letter == 'U');
	case 'H':
		return number(v->text, &d->hour);
	case 'M':
		return number(v->text, &d->minute);
	case 'S':
		return number(v->text, &d->second);
	case 'f':
		return fraction(v->text, &d->ms);
	case 'z':
	case 'Z':
		return d->zoned = zone_parse(&d->offset, v->text);
	default:
		return true;
	}
}

void directives_read(struct date *out, const struct directive_value *values, size_t count)
{
	struct date d = {.kind = DATE_CALENDAR};
	bool good = true;

	for (size_t i = 0; i < count && good; i++)
		good = values[i].letter == 'I' ? hour(values[i].text, values, count, &d.hour)
					       : value_read(&d, &values[i]);
	if (!good)
		d.kind = DATE_BAD;
	*out = d;
}
