/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "conf/field.h"

#define SHOWN 80

bool field_value(struct value *out, const struct scope *scope, const char *key, int *err)
{
	int got = expand_get(out, scope, key);

	*err = got == -ENOMEM ? got : 0;
	return !got;
}

static void refuse(const struct scope *scope, const char *key, const struct value *value,
		   const char *expected)
{
	char shown[SHOWN];

	diag_error(scope->diag, value_place(value), "%s must be %s, not \"%s\"", key, expected,
		   text_show(value_text(value), shown, sizeof shown));
}

int field_number(int64_t *out, const struct scope *scope, const char *key, int64_t min,
		 int64_t max)
{
	struct value value = {0};
	char expected[SHOWN];
	int err;

	snprintf(expected, sizeof expected, "a number from %" PRId64 " to %" PRId64, min, max);
	if (!field_value(&value, scope, key, &err))
		return err;
	if (!text_number(value_text(&value), min, max, out))
		refuse(scope, key, &value, expected);
	value_clear(&value);
	return 0;
}

int field_duration(int64_t *out, const struct scope *scope, const char *key, bool forever)
{
	struct value value = {0};
	int64_t read;
	int err;

	if (!field_value(&value, scope, key, &err))
		return err;
	if (text_duration(value_text(&value), &read) && read > 0 &&
	    (forever || read != TIME_FOREVER))
		*out = read;
	else
		refuse(scope, key, &value,
		       forever ? "a time such as 90s, 10m, 1h, 7d, 4w or forever"
			       : "a time such as 90s, 10m, 1h, 7d or 4w");
	value_clear(&value);
	return 0;
}

int field_flag(bool *out, const struct scope *scope, const char *key)
{
	struct value value = {0};
	int err;

	if (!field_value(&value, scope, key, &err))
		return err;
	if (!text_flag(value_text(&value), out))
		refuse(scope, key, &value, "yes or no");
	value_clear(&value);
	return 0;
}

static void refuse_choice(const struct scope *scope, const char *key, const struct value *value,
			  const char *const *words)
{
	const char *near = text_nearest(value_text(value), words);
	char expected[SHOWN] = "", shown[SHOWN];
	size_t used = 0;

	for (size_t i = 0; words[i] && used < sizeof expected; i++)
		used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s",
					 !i		? ""
					 : words[i + 1] ? ", "
							: " or ",
					 words[i]);
	if (!near) {
		refuse(scope, key, value, expected);
		return;
	}
	diag_error(scope->diag, value_place(value),
		   "%s must be %s, not \"%s\"; did you mean \"%s\"?", key, expected,
		   text_show(value_text(value), shown, sizeof shown), near);
}

int field_choice(unsigned *out, const struct scope *scope, const char *key,
		 const char *const *words)
{
	struct value value = {0};
	unsigned i = 0;
	int err;

	if (!field_value(&value, scope, key, &err))
		return err;
	while (words[i] && !text_equal(value_text(&value), words[i]))
		i++;
	if (words[i])
		*out = i;
	else
		refuse_choice(scope, key, &value, words);
	value_clear(&value);
	return 0;
}

static int take_string(char **out, const struct value *value)
{
	char *copy = text_dup(value_text(value));

	if (!copy)
		return -ENOMEM;
	free(*out);
	*out = copy;
	return 0;
}

int field_path(char **out, const struct scope *scope, const char *key, size_t max)
{
	struct value value = {0};
	char expected[SHOWN];
	int err;

	snprintf(expected, sizeof expected, "an absolute path of at most %zu bytes", max);
	if (!field_value(&value, scope, key, &err))
		return err;
	if (value.lines == 1 && *value.text == '/' && value.len <= max)
		err = take_string(out, &value);
	else
		refuse(scope, key, &value, expected);
	value_clear(&value);
	return err;
}

int field_word(char **out, const struct scope *scope, const char *key)
{
	struct value value = {0};
	struct text rest, word;
	int err;

	if (!field_value(&value, scope, key, &err))
		return err;
	rest = value_text(&value);
	if (text_word(&rest, &word) && word.len == value.len)
		err = take_string(out, &value);
	else
		refuse(scope, key, &value, "one word");
	value_clear(&value);
	return err;
}
