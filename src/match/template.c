/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/directive.h"
#include "match/template.h"

#define EPOCH "\\d{10,11}\\b(?:\\.\\d{3,6})?"
#define LONG_EPOCH "\\d{10,11}(?:\\d{3}(?:\\.\\d{1,6}|\\d{3})?)?"

/* Without directives patterns are in any case. */
static const char *find(const char *pattern, const char *word)
{
	return strchr(pattern, '%') ? strstr(pattern, word) : strcasestr(pattern, word);
}

static bool is_key(const char *pattern, const char *prefix, const char *word)
{
	size_t len = strlen(prefix);

	return !strncasecmp(pattern, prefix, len) && !strcasecmp(pattern + len, word);
}

/* `word` alone (1), or at the start of the line (2). */
static int keyword(const char *pattern, const char *word)
{
	if (is_key(pattern, "", word))
		return 1;
	return is_key(pattern, "{^LN-BEG}", word) || is_key(pattern, "^", word) ? 2 : 0;
}

/* The length of "{EPOCH}" or "{LEPOCH}" at `at`, or 0. */
static size_t epoch_mark(const char *pattern, const char *at)
{
	static const char *const marks[] = {"{EPOCH}", "{LEPOCH}"};

	if (at > pattern && at[-1] == '\\')
		return 0;
	for (size_t i = 0; i < 2; i++)
		if (!strncasecmp(at, marks[i], strlen(marks[i])))
			return strlen(marks[i]);
	return 0;
}

/* The pattern with a group for each mark, all of it in one group; NULL: there is none, or no
 * memory with *err set. */
static char *with_epoch(int *err, const char *pattern, const char *regex)
{
	bool found = false;
	char *text = NULL;
	size_t size, len;
	FILE *out = open_memstream(&text, &size);

	*err = out ? 0 : -ENOMEM;
	if (!out)
		return NULL;
	fputc('(', out);
	for (const char *at = pattern; *at; at += len) {
		len = epoch_mark(pattern, at);
		found |= len;
		if (len)
			fprintf(out, "(%s)", regex);
		else
			fwrite(at, 1, len = 1, out);
	}
	fputc(')', out);
	*err = fclose(out) ? -ENOMEM : 0;
	if (!*err && found)
		return text;
	free(text);
	return NULL;
}

/* A pattern with a mark in it. 0, with t->bound.regex NULL when it is none, or -ENOMEM. */
static int epoch_inside(struct template *t, const char *pattern)
{
	bool is_long = find(pattern, "LEPOCH");
	char *regex;
	int err;

	if (!find(pattern, "EPOCH"))
		return 0;
	regex = with_epoch(&err, pattern, is_long ? LONG_EPOCH : EPOCH);
	if (!regex)
		return err;
	t->kind = is_long ? TEMPLATE_LONG_EPOCH : TEMPLATE_EPOCH;
	t->value = 2;
	err = bound_make(&t->bound, regex, EDGE_WORD, true);
	free(regex);
	return err;
}

/* Alone it is at the start of the line, after a bracket there, or in a line of auditd. */
static int epoch(struct template *t, const char *regex, bool start)
{
	static const char before[] = "(?:^|(?<=^\\[)|(?<=\\baudit\\())";
	char *text;
	int err;

	if (asprintf(&text, "(%s%s)", start ? "" : before, regex) < 0)
		return -ENOMEM;
	err = bound_make(&t->bound, text, start ? EDGE_START : EDGE_ANY, true);
	free(text);
	return err;
}

static bool takes_prefix(const char **at, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*at, prefix, len) != 0)
		return false;
	*at += len;
	return true;
}

static int fields(struct template *t, const char *pattern, char *why, size_t size)
{
	enum edge_bound begin = EDGE_WORD;
	bool end = true, alpha = false, ok;
	char *regex = NULL;
	size_t len;
	FILE *out;
	int err;

	if (takes_prefix(&pattern, "{UNB}")) {
		begin = EDGE_ANY;
		end = false;
	} else if (takes_prefix(&pattern, "{^LN-BEG}")) {
		begin = EDGE_START;
	}
	/* Names are written in any case. */
	for (const char *at = strchr(pattern, '%'); at; at = strchr(at + 1, '%'))
		alpha |= at[1] && strchr("aAbBpc", at[1]) && (at == pattern || at[-1] != '%');
	out = open_memstream(&regex, &len);
	if (!out)
		return -ENOMEM;
	if (alpha)
		fputs("(?iu)", out);
	ok = directives_expand(out, pattern, why, size);
	if (fclose(out))
		err = -ENOMEM;
	else
		err = ok ? bound_make(&t->bound, regex, begin, end) : -EINVAL;
	free(regex);
	return err;
}

static int make(struct template *t, const char *pattern, char *why, size_t size)
{
	int key, err = epoch_inside(t, pattern);

	if (err || t->bound.regex)
		return err;
	key = keyword(pattern, "EPOCH");
	if (key) {
		t->kind = TEMPLATE_EPOCH;
		return epoch(t, EPOCH, key == 2);
	}
	key = keyword(pattern, "LEPOCH");
	if (key) {
		t->kind = TEMPLATE_LONG_EPOCH;
		return epoch(t, LONG_EPOCH, key == 2);
	}
	key = keyword(pattern, "TAI64N");
	if (key) {
		t->kind = TEMPLATE_TAI;
		return bound_make(&t->bound, "@[0-9a-f]{24}", key == 2 ? EDGE_START : EDGE_ANY,
				  true);
	}
	return fields(t, pattern, why, size);
}

int template_make(struct template *out, const char *pattern, char *why, size_t size)
{
	struct template t = {.kind = TEMPLATE_FIELDS, .value = 1};
	int err = make(&t, pattern, why, size);

	if (err)
		return err;
	if (!strcmp(pattern, "{^LN-BEG}" DATE_ISO_PATTERN))
		t.way = DATE_ISO;
	else if (!strcmp(pattern, "{^LN-BEG}" DATE_SYSLOG_PATTERN))
		t.way = DATE_SYSLOG;
	*out = t;
	return 0;
}

void template_clear(struct template *t)
{
	free(t->bound.regex);
	*t = (struct template){0};
}

/* ---- what is read ---- */

/* ms of "1373330716.415", or of a long one, which has 13 or 16 digits or more: of ms and µs. */
static bool epoch_stamp(int64_t *out, bool is_long, struct text t)
{
	const char *dot = memchr(t.at, '.', t.len);
	size_t whole = dot ? (size_t)(dot - t.at) : t.len;
	int64_t n, fraction = 0;

	if (!text_number((struct text){t.at, whole}, 0, INT64_MAX, &n))
		return false;
	for (size_t i = whole + 1; i < t.len; i++)
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	for (size_t i = whole + 1; i < whole + 4; i++)
		fraction = fraction * 10 + (i < t.len ? t.at[i] - '0' : 0);
	if (is_long && t.len >= 16 && !dot)
		*out = n / 1000;
	else if (is_long && t.len >= 13)
		*out = n;
	else if (n < INT64_MAX / 1000)
		*out = n * 1000 + fraction;
	else
		return false;
	return true;
}

static bool hex(struct text t, int64_t *out)
{
	int64_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (!isxdigit((unsigned char)t.at[i]))
			return false;
		n = n << 4 | (isdigit((unsigned char)t.at[i]) ? t.at[i] - '0'
							      : (t.at[i] | 0x20) - 'a' + 10);
	}
	*out = n;
	return true;
}

/* "@", 16 digits of seconds, of which the first says 2^62, and eight of ns. */
static bool tai_stamp(int64_t *out, struct text t)
{
	int64_t seconds, ns;

	if (t.len != 25 || !hex((struct text){t.at + 2, 15}, &seconds) ||
	    !hex((struct text){t.at + 17, 8}, &ns) || seconds > INT64_MAX / 2000)
		return false;
	*out = seconds * 1000 + (ns < 1000000000 ? ns / 1000000 : 0);
	return true;
}

void template_stamp(struct date *out, enum template_kind kind, struct text value)
{
	bool tai = kind == TEMPLATE_TAI, good;
	int64_t stamp = 0;

	good = tai ? tai_stamp(&stamp, value)
		   : epoch_stamp(&stamp, kind == TEMPLATE_LONG_EPOCH, value);
	*out = (struct date){
		.kind = !good ? DATE_BAD
			: tai ? DATE_TAI
			      : DATE_STAMP,
		.stamp = stamp,
	};
}
