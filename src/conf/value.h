/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A value of a configuration file: text of one or more lines, each with the place it was
 * written at, so that a broken regular expression is reported where its line stands, however
 * many references and includes it came through.
 */
#ifndef BANISH_CONF_VALUE_H
#define BANISH_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/text.h"

#define VALUE_MAX (4U << 20) /* bytes; also what references may grow a value to */

struct value {
	char *text; /* ended by NUL and free of it, once there is a line */
	size_t len;
	struct place *places; /* one a line */
	size_t lines;
	size_t text_room, place_room;
};

/* Begin a line, the first or the next. 0, -E2BIG or -ENOMEM, as value_add. */
int value_line(struct value *value, struct place place);
/* More text on the last line; it holds no newline. */
int value_add(struct value *value, struct text text);
void value_clear(struct value *value); /* frees what it holds; the value is empty again */

/* The whole text; "" when there is no line. */
struct text value_text(const struct value *value);
struct place value_place(const struct value *value); /* of the first line */

/* Walks the lines of a value; start with {0}. */
struct value_cursor {
	size_t at, line; /* of what comes next */
	struct text text;
	struct place place;
};
bool value_next(const struct value *value, struct value_cursor *cursor);

/*
 * Append `more` to the last line of `value`. Its inner lines keep their places. `alone` says
 * that nothing else stands on the line: then the line is `more`'s own and takes its place, too.
 */
int value_splice(struct value *value, const struct value *more, bool alone);

#endif
