/* SPDX-License-Identifier: GPL-2.0-or-later */
/* %(name)s: Python's BasicInterpolation, with fail2ban's section references. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/expand.h"

#define DEPTH_MAX 10	     /* Python's MAX_INTERPOLATION_DEPTH */
#define REFERENCES_MAX 10000 /* in one value: empty ones would never meet VALUE_MAX */
#define SHOWN 80

/* One value being read. */
struct expansion {
	const struct scope *scope;
	struct value *out;
	unsigned references;
	unsigned depth;
};

static int emit(struct expansion *x, const struct value *value);

static int refuse(struct expansion *x, struct place place, const char *what, struct text text)
{
	char shown[SHOWN];

	diag_error(x->scope->diag, place, "%s \"%s\"", what,
		   text_show(text, shown, sizeof shown));
	return -EINVAL;
}

/* ---- looking names up ---- */

/* Of options the last of a name counts. */
static const struct ini_entry *find_option(const struct ini_section *options, struct text key)
{
	for (size_t i = options ? options->count : 0; i > 0; i--)
		if (strlen(options->entries[i - 1].key) == key.len &&
		    !strncasecmp(options->entries[i - 1].key, key.at, key.len))
			return &options->entries[i - 1];
	return NULL;
}

static const struct ini_entry *find_default(const struct ini *ini, struct text key)
{
	return ini_entry(ini_find(ini, text_of(INI_DEFAULT)), key);
}

static const struct ini_entry *find_key(const struct scope *scope, struct text key)
{
	const struct ini_entry *entry = find_option(scope->options, key);

	if (!entry)
		entry = ini_entry(ini_find(scope->ini, text_of(scope->section)), key);
	return entry ? entry : find_default(scope->ini, key);
}

/* "section/name", "known/name", "default/name"; [DEFAULT] stands in for what the first two
 * lack. */
static const struct ini_entry *find_in_section(const struct scope *scope, struct text name)
{
	const char *slash = memchr(name.at, '/', name.len);
	const struct ini_section *section = NULL;
	const struct ini_entry *entry;
	struct text in, key;

	if (!slash)
		return NULL;
	in = (struct text){name.at, (size_t)(slash - name.at)};
	key = (struct text){slash + 1, name.len - in.len - 1};
	if (in.len == 5 && !strncasecmp(in.at, "known", 5)) {
		section = expand_known(scope);
	} else if (in.len != 7 || strncasecmp(in.at, "default", 7) != 0) {
		section = ini_find(scope->ini, in);
		if (!section)
			return NULL;
	}
	entry = ini_entry(section, key);
	return entry ? entry : find_default(scope->ini, key);
}

const struct ini_section *expand_known(const struct scope *scope)
{
	const struct ini *ini = scope->ini;

	for (size_t i = 0; i < ini->count; i++)
		if (ini->sections[i].known &&
		    !strcmp(ini->sections[i].name + strlen(INI_KNOWN), scope->section))
			return &ini->sections[i];
	return NULL;
}

/* ---- replacing ---- */

/* Of %(name)s at the front of *rest the name, taken off; false when it is not that. */
static bool take_reference(struct text *rest, struct text *name)
{
	const char *end = memchr(rest->at, ')', rest->len);
	size_t used;

	if (!end || end == rest->at + 2)
		return false;
	used = (size_t)(end - rest->at) + 2;
	if (used > rest->len || end[1] != 's')
		return false;
	*name = (struct text){rest->at + 2, used - 4};
	*rest = (struct text){rest->at + used, rest->len - used};
	return true;
}

static int refuse_name(struct expansion *x, struct place place, struct text name)
{
	char shown[SHOWN];

	diag_error(x->scope->diag, place, "%%(%s)s is not defined",
		   text_show(name, shown, sizeof shown));
	return -EINVAL;
}

/* The value of `name` onto the end of what is read. `alone`: it is all of its line. */
static int emit_name(struct expansion *x, struct text name, struct place place, bool alone)
{
	const struct ini_entry *entry;
	int err;

	if (text_equal(name, "__name__"))
		return value_add(x->out, text_of(x->scope->section));
	entry = find_key(x->scope, name);
	if (!entry)
		entry = find_in_section(x->scope, name);
	if (!entry)
		return refuse_name(x, place, name);
	if (x->depth == DEPTH_MAX)
		return refuse(x, place, "references within references without end at", name);
	if (++x->references > REFERENCES_MAX)
		return refuse(x, place, "too many references at", name);
	if (alone)
		x->out->places[x->out->lines - 1] = value_place(&entry->value);
	x->depth++;
	err = emit(x, &entry->value);
	x->depth--;
	if (!err && !alone)
		x->out->places[x->out->lines - 1] = place;
	return err;
}

/* What begins with "%". */
static int emit_percent(struct expansion *x, struct text *rest, struct place place)
{
	bool first = !x->out->len || x->out->text[x->out->len - 1] == '\n';
	struct text name;

	if (rest->len > 1 && rest->at[1] == '%') {
		*rest = (struct text){rest->at + 2, rest->len - 2};
		return value_add(x->out, text_of("%"));
	}
	if (rest->len < 2 || rest->at[1] != '(')
		return refuse(x, place, "% must be followed by % or (name)s, not", *rest);
	if (!take_reference(rest, &name))
		return refuse(x, place, "a reference is written %(name)s, not", *rest);
	return emit_name(x, name, place, first && !rest->len);
}

static int emit_line(struct expansion *x, struct text rest, struct place place)
{
	int err = 0;

	while (rest.len && !err) {
		const char *percent = memchr(rest.at, '%', rest.len);
		size_t plain = percent ? (size_t)(percent - rest.at) : rest.len;

		err = value_add(x->out, (struct text){rest.at, plain});
		rest = (struct text){rest.at + plain, rest.len - plain};
		if (!err && percent)
			err = emit_percent(x, &rest, place);
	}
	return err;
}

static int emit(struct expansion *x, const struct value *value)
{
	struct value_cursor c = {0};
	int err = 0;

	while (!err && value_next(value, &c)) {
		if (c.line > 1)
			err = value_line(x->out, c.place);
		if (!err)
			err = emit_line(x, c.text, c.place);
	}
	return err;
}

bool expand_has(const struct scope *scope, const char *key)
{
	return find_key(scope, text_of(key)) != NULL;
}

int expand_get(struct value *out, const struct scope *scope, const char *key)
{
	const struct ini_entry *entry = find_key(scope, text_of(key));
	struct value value = {0};
	struct expansion x = {.scope = scope, .out = &value};
	int err;

	if (!entry)
		return -ENOENT;
	err = value_line(&value, value_place(&entry->value));
	if (!err)
		err = emit(&x, &entry->value);
	if (err == -E2BIG)
		err = refuse(&x, value_place(&entry->value), "too long is the value of",
			     text_of(key));
	if (err)
		value_clear(&value);
	else
		*out = value;
	return err;
}
