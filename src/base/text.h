/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A slice of somebody else's bytes, and what is read out of text everywhere. */
#ifndef BANISH_BASE_TEXT_H
#define BANISH_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	const char *at; /* not ended by NUL; may hold NUL */
	size_t len;
};

struct text text_of(const char *s);   /* NULL is the empty text */
struct text text_trim(struct text t); /* without blanks, tabs and newlines at both ends */
bool text_equal(struct text t, const char *s);
/* A copy ended by NUL that the caller frees; NULL: out of memory. */
char *text_dup(struct text t);
/* The next word of *rest (blank, tab, newline and comma separate), or false at the end. */
bool text_word(struct text *rest, struct text *word);
/* The next line of *rest without its newline, or false at the end. */
bool text_line(struct text *rest, struct text *line);

/* Decimal, digits only, within min..max. False leaves *out untouched. */
bool text_number(struct text t, int64_t min, int64_t max, int64_t *out);
/* "90s 10m 1h 7d 4w", a bare number of seconds, sums such as "1h30m", and "-1" or "forever".
 * Out: milliseconds, or TIME_FOREVER. Up to 100 years; false beyond. */
bool text_duration(struct text t, int64_t *out);
/* The shortest form that text_duration reads back: "1h", "90s", "forever". 24 bytes do. */
const char *text_print_duration(int64_t ms, char *out);
/* yes/no, true/false, on/off, 1/0. */
bool text_flag(struct text t, bool *out);

/* Of `words` (ended by NULL) the one nearest to `t` by edit distance, or NULL when none is
 * near enough to be what was meant. */
const char *text_nearest(struct text t, const char *const *words);

/* Write `t` to `out` (room for `size`, always ended by NUL) with control characters and
 * invalid UTF-8 as \xNN: for logs, terminals and messages. Returns `out`. */
const char *text_show(struct text t, char *out, size_t size);

#endif
