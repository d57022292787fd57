/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/value.h"

static int append(struct value *value, const char *at, size_t len)
{
	size_t need = value->len + len + 1, room = value->text_room ? value->text_room : 64;
	char *grown;

	if (len > VALUE_MAX || value->len + len > VALUE_MAX)
		return -E2BIG;
	while (room < need)
		room *= 2;
	if (room != value->text_room) {
		grown = realloc(value->text, room);
		if (!grown)
			return -ENOMEM;
		value->text = grown;
		value->text_room = room;
	}
	if (len)
		memcpy(value->text + value->len, at, len);
	value->len += len;
	value->text[value->len] = 0;
	return 0;
}

int value_line(struct value *value, struct place place)
{
	size_t room = value->place_room ? 2 * value->place_room : 2;
	struct place *grown;
	int err;

	if (value->lines == value->place_room) {
		grown = realloc(value->places, room * sizeof *grown);
		if (!grown)
			return -ENOMEM;
		value->places = grown;
		value->place_room = room;
	}
	err = append(value, "\n", value->lines ? 1 : 0);
	if (err)
		return err;
	value->places[value->lines++] = place;
	return 0;
}

int value_add(struct value *value, struct text text)
{
	return append(value, text.at, text.len);
}

void value_clear(struct value *value)
{
	free(value->text);
	free(value->places);
	*value = (struct value){0};
}

struct text value_text(const struct value *value)
{
	return (struct text){value->text ? value->text : "", value->len};
}

struct place value_place(const struct value *value)
{
	return value->lines ? value->places[0] : (struct place){0};
}

bool value_next(const struct value *value, struct value_cursor *cursor)
{
	const char *from, *end;

	if (cursor->line == value->lines)
		return false;
	from = value->text + cursor->at;
	end = memchr(from, '\n', value->len - cursor->at);
	cursor->text =
		(struct text){from, end ? (size_t)(end - from) : value->len - cursor->at};
	cursor->place = value->places[cursor->line++];
	cursor->at += cursor->text.len + 1;
	return true;
}

int value_splice(struct value *value, const struct value *more, bool alone)
{
	struct place own = value->places[value->lines - 1];
	struct value_cursor c = {0};
	int err;

	while (value_next(more, &c)) {
		err = c.line == 1 ? 0 : value_line(value, c.place);
		if (!err)
			err = value_add(value, c.text);
		if (err)
			return err;
		if (alone && c.line == 1)
			value->places[value->lines - 1] = c.place;
	}
	if (!alone)
		value->places[value->lines - 1] = own;
	return 0;
}
