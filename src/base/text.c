/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/moment.h"
#include "base/text.h"

#define DURATION_MAX (INT64_C(100) * 366 * 86400 * 1000)
#define WORD_MAX 32 /* longest word that text_nearest compares */

struct text text_of(const char *s)
{
	return (struct text){s, s ? strlen(s) : 0};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct text text_trim(struct text t)
{
	while (t.len && is_blank(t.at[0])) {
		t.at++;
		t.len--;
	}
	while (t.len && is_blank(t.at[t.len - 1]))
		t.len--;
	return t;
}

bool text_equal(struct text t, const char *s)
{
	return strlen(s) == t.len && (!t.len || !memcmp(t.at, s, t.len));
}

char *text_dup(struct text t)
{
	char *copy = malloc(t.len + 1);

	if (!copy)
		return NULL;
	if (t.len)
		memcpy(copy, t.at, t.len);
	copy[t.len] = 0;
	return copy;
}

bool text_word(struct text *rest, struct text *word)
{
	size_t i = 0, start;

	while (i < rest->len && (is_blank(rest->at[i]) || rest->at[i] == ','))
		i++;
	start = i;
	while (i < rest->len && !is_blank(rest->at[i]) && rest->at[i] != ',')
		i++;
	if (i == start)
		return false;
	*word = (struct text){rest->at + start, i - start};
	*rest = (struct text){rest->at + i, rest->len - i};
	return true;
}

bool text_line(struct text *rest, struct text *line)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->at, '\n', rest->len);
	*line = (struct text){rest->at, end ? (size_t)(end - rest->at) : rest->len};
	*rest = end ? (struct text){end + 1, rest->len - line->len - 1}
		    : (struct text){rest->at + rest->len, 0};
	return true;
}

bool text_number(struct text t, int64_t min, int64_t max, int64_t *out)
{
	int64_t value = 0;

	if (!t.len)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, t.at[i] - '0', &value))
			return false;
	}
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

/* ms in the unit at t, or 0 when there is none; `used` is how many bytes name it. */
static int64_t duration_unit(struct text t, size_t *used)
{
	static const struct {
		char letter;
		int64_t ms;
	} units[] = {{'s', 1000},     {'m', 60000},	{'h', 3600000},
		     {'d', 86400000}, {'w', 604800000}, {0, 0}};

	if (t.len >= 2 && !memcmp(t.at, "ms", 2)) {
		*used = 2;
		return 1;
	}
	for (size_t i = 0; t.len && units[i].letter; i++) {
		if (t.at[0] == units[i].letter) {
			*used = 1;
			return units[i].ms;
		}
	}
	return 0;
}

/* One "12h" off the front of *t, added to *sum. */
static bool duration_part(struct text *t, int64_t *sum)
{
	size_t digits = 0, used = 0;
	int64_t value, unit;

	while (digits < t->len && isdigit((unsigned char)t->at[digits]))
		digits++;
	if (!text_number((struct text){t->at, digits}, 0, DURATION_MAX, &value))
		return false;
	*t = (struct text){t->at + digits, t->len - digits};
	unit = duration_unit(*t, &used);
	if (!unit || __builtin_mul_overflow(value, unit, &value) ||
	    __builtin_add_overflow(*sum, value, sum) || *sum > DURATION_MAX)
		return false;
	*t = (struct text){t->at + used, t->len - used};
	while (t->len && *t->at == ' ')
		*t = (struct text){t->at + 1, t->len - 1};
	return true;
}

bool text_duration(struct text t, int64_t *out)
{
	int64_t value, sum = 0;

	t = text_trim(t);
	if (text_equal(t, "-1") || text_equal(t, "forever")) {
		*out = TIME_FOREVER;
		return true;
	}
	if (text_number(t, 0, DURATION_MAX / 1000, &value)) {
		*out = value * 1000;
		return true;
	}
	if (!t.len)
		return false;
	while (t.len)
		if (!duration_part(&t, &sum))
			return false;
	*out = sum;
	return true;
}

const char *text_print_duration(int64_t ms, char *out)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {
		{"w", 604800000}, {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};

	if (ms == TIME_FOREVER) {
		snprintf(out, 24, "forever");
		return out;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (ms >= units[i].ms && ms % units[i].ms == 0) {
			snprintf(out, 24, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
			return out;
		}
	}
	snprintf(out, 24, ms ? "%" PRId64 "ms" : "0s", ms);
	return out;
}

bool text_flag(struct text t, bool *out)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < 4; i++) {
		if (t.len == strlen(yes[i]) && !strncasecmp(t.at, yes[i], t.len)) {
			*out = true;
			return true;
		}
		if (t.len == strlen(no[i]) && !strncasecmp(t.at, no[i], t.len)) {
			*out = false;
			return true;
		}
	}
	return false;
}

/* How many letters must be put in, taken out, changed or swapped with their neighbour. */
static unsigned edit_distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];

	for (unsigned i = 0; i <= n; i++)
		d[i][0] = i;
	for (unsigned j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[n][m];
}

const char *text_nearest(struct text t, const char *const *words)
{
	const char *nearest = NULL;
	unsigned best = t.len < 4 ? 2 : (unsigned)t.len / 2 + 1;

	if (t.len > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		size_t len = strlen(*words);
		unsigned distance;

		if (len > WORD_MAX)
			continue;
		distance = edit_distance(t.at, t.len, *words, len);
		if (distance < best) {
			best = distance;
			nearest = *words;
		}
	}
	return nearest;
}

/* Bytes of the valid UTF-8 sequence at `at`, 0 when there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	size_t need = at[0] < 0x80   ? 1
		      : at[0] < 0xc2 ? 0
		      : at[0] < 0xe0 ? 2
		      : at[0] < 0xf0 ? 3
		      : at[0] < 0xf5 ? 4
				     : 0;

	if (!need || need > left)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return need;
}

const char *text_show(struct text t, char *out, size_t size)
{
	size_t used = 0, i = 0;

	while (i < t.len) {
		const unsigned char *at = (const unsigned char *)t.at + i;
		size_t len = utf8_length(at, t.len - i);
		/* C1 controls (U+0080 to U+009F) move a terminal's cursor, too. */
		bool plain = len && at[0] >= ' ' && at[0] != 0x7f &&
			     !(at[0] == 0xc2 && at[1] < 0xa0);

		if (used + (plain ? len : 4) + 1 > size)
			break;
		if (plain) {
			memcpy(out + used, at, len);
			used += len;
			i += len;
		} else {
			used += (size_t)snprintf(out + used, 5, "\\x%02x", at[0]);
			i++;
		}
	}
	out[used] = 0;
	return out;
}
