/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <name>: fail2ban's substitution of tags, a fixed point over the text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/expand.h"

#define REPEATS_MAX 25	      /* of one name in one value, as in fail2ban: more is a circle */
#define REPLACEMENTS_MAX 1000 /* of any name */
#define LOOKUPS_MAX 100000
#define INIT "Init"
#define SHOWN 80

struct replaced {
	char *name;
	unsigned times;
};

/* One value being read. */
struct tagging {
	const struct scope *scope;
	const char *key;
	struct value *value;
	struct replaced *replaced;
	size_t count;
	unsigned replacements, lookups;
};

/* <name> within the value's text. */
struct tag {
	size_t from, to;
	struct text name;
};

static struct place place_at(const struct value *value, size_t at)
{
	struct place place = value_place(value);
	struct value_cursor c = {0};

	while (c.at <= at && value_next(value, &c))
		place = c.place;
	return place;
}

static int refuse(struct tagging *t, size_t at, const char *what, struct text text)
{
	char shown[SHOWN];

	diag_error(t->scope->diag, place_at(t->value, at), "%s <%s>", what,
		   text_show(text, shown, sizeof shown));
	return -EINVAL;
}

static bool ends_name(char c)
{
	return c == ' ' || c == '<' || c == '>';
}

static bool find_tag(const struct value *value, size_t from, struct tag *tag)
{
	struct text text = value_text(value);

	for (size_t i = from; i < text.len; i++) {
		size_t end = i + 1;

		if (text.at[i] != '<')
			continue;
		while (end < text.len && !ends_name(text.at[end]))
			end++;
		if (end < text.len && text.at[end] == '>' && end > i + 1) {
			*tag = (struct tag){i, end + 1, {text.at + i + 1, end - i - 1}};
			return true;
		}
		i = end - 1;
	}
	return false;
}

/* ---- what a name stands for ---- */

static int get_in(struct value *out, const struct scope *scope, const char *section,
		  const char *key)
{
	struct scope other = {scope->ini, section, NULL, scope->diag};

	if (!ini_find(scope->ini, text_of(section)) && strcmp(section, INI_DEFAULT) != 0)
		return -ENOENT;
	return expand_get(out, &other, key);
}

/* As they were given, and case counts; %(name)s in them is for keys that refer to them so. */
static int get_option(struct value *out, const struct scope *scope, const char *name)
{
	const struct ini_section *options = scope->options;
	int err;

	for (size_t i = options ? options->count : 0; i > 0; i--) {
		if (strcmp(options->entries[i - 1].key, name) != 0)
			continue;
		err = value_line(out, value_place(&options->entries[i - 1].value));
		return err ? err : value_splice(out, &options->entries[i - 1].value, true);
	}
	return -ENOENT;
}

/* [Init] holds defaults for options: they win over the same keys of [Definition]. */
static int get_init(struct value *out, const struct scope *scope, const char *name)
{
	const char *key = strncmp(name, "known/", 6) ? name : name + 6;
	const struct ini_section *init = ini_find(scope->ini, text_of(INIT));
	const struct ini_entry *entry = ini_entry(init, text_of(key));

	return entry && !strcmp(entry->key, key) ? get_in(out, scope, INIT, key) : -ENOENT;
}

static int get_in_section(struct value *out, const struct scope *scope, const char *name)
{
	const char *slash = strchr(name, '/');
	const struct ini_section *known = expand_known(scope);
	char *section;
	int err;

	if (!slash || slash == name || !slash[1])
		return -ENOENT;
	section = strndup(name, (size_t)(slash - name));
	if (!section)
		return -ENOMEM;
	if (!strcasecmp(section, "known")) {
		err = known ? get_in(out, scope, known->name, slash + 1) : -ENOENT;
		if (err == -ENOENT)
			err = get_in(out, scope, scope->section, slash + 1);
	} else if (!strcasecmp(section, "default")) {
		err = get_in(out, scope, INI_DEFAULT, slash + 1);
	} else {
		err = get_in(out, scope, section, slash + 1);
	}
	free(section);
	return err;
}

int expand_init(struct value *out, const struct scope *scope, const char *name)
{
	int err = get_option(out, scope, name);

	return err == -ENOENT ? get_init(out, scope, name) : err;
}

static int get_name(struct value *out, const struct scope *scope, const char *name)
{
	int err = expand_init(out, scope, name);

	if (err == -ENOENT)
		err = get_in_section(out, scope, name);
	if (err == -ENOENT)
		err = expand_get(out, scope, name);
	return err;
}

static int lookup(struct tagging *t, struct value *out, struct tag tag)
{
	char *name;
	int err;

	if (++t->lookups > LOOKUPS_MAX)
		return refuse(t, tag.from, "too many names at", tag.name);
	name = text_dup(tag.name);
	if (!name)
		return -ENOMEM;
	err = get_name(out, t->scope, name);
	if (err)
		value_clear(out);
	free(name);
	return err;
}

/* ---- composed names ---- */

/*
 * The tag stands within another: "<mdre-<mode>>". What the outer is called once the inner is
 * replaced is in *name, which the caller frees; NULL when there is no outer.
 */
static int compose(struct tagging *t, struct tag inner, const struct value *value, char **name)
{
	struct text text = value_text(t->value), middle = value_text(value);
	size_t from = inner.from, to = inner.to;

	*name = NULL;
	while (from && !ends_name(text.at[from - 1]) && text.at[from - 1] != '\n')
		from--;
	while (to < text.len && !ends_name(text.at[to]) && text.at[to] != '\n')
		to++;
	if (!from || text.at[from - 1] != '<' || to == text.len || text.at[to] != '>')
		return 0;
	for (size_t i = 0; i < middle.len; i++)
		if (ends_name(middle.at[i]) || middle.at[i] == '\n')
			return 0;
	/* "(?P<" begins a named group of a regular expression. */
	if (from >= 4 && !memcmp(text.at + from - 4, "(?P<", 4))
		return 0;
	if (asprintf(name, "%.*s%s%.*s", (int)(inner.from - from), text.at + from, middle.at,
		     (int)(to - inner.to), text.at + inner.to) >= 0)
		return 0;
	*name = NULL;
	return -ENOMEM;
}

/* NULL: nothing is near. Lives as long as the scope. */
static int nearest_key(const char **out, const struct scope *scope, const char *name)
{
	const struct ini_section *section = ini_find(scope->ini, text_of(scope->section));
	size_t count = section ? section->count : 0;
	const char **keys = calloc(count + 1, sizeof *keys);

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		keys[i] = section->entries[i].key;
	*out = text_nearest(text_of(name), keys);
	free(keys);
	return 0;
}

/* Is the line nothing but the tag within its outer tag? */
static bool is_line(const struct value *value, struct tag inner)
{
	struct text text = value_text(value);
	size_t from = inner.from, to = inner.to;

	while (from && text.at[from - 1] != '<')
		from--;
	while (to < text.len && text.at[to] != '>')
		to++;
	return (from < 2 || text.at[from - 2] == '\n') &&
	       (to + 1 >= text.len || text.at[to + 1] == '\n');
}

static int blame_composed(struct tagging *t, struct tag inner, const char *name)
{
	struct place place = place_at(t->value, inner.from);
	bool line = is_line(t->value, inner);
	char shown[SHOWN], meant[SHOWN] = "";
	const char *near;
	int err = nearest_key(&near, t->scope, name);

	if (err)
		return err;
	if (near)
		snprintf(meant, sizeof meant, "; did you mean <%s>?", near);
	text_show(text_of(name), shown, sizeof shown);
	if (line)
		diag_error(t->scope->diag, place, "<%s> is not defined%s", shown, meant);
	else
		diag_warning(t->scope->diag, place, "<%s> is not defined%s", shown, meant);
	return line ? -EINVAL : 0;
}

/*
 * A composed name that nothing defines comes of an option's wrong value, such as a misspelt
 * mode. Left alone it becomes a regular expression that never matches; where it is the whole of
 * one, it cannot even name a host, and that is a mistake.
 */
static int check_composed(struct tagging *t, struct tag inner, const struct value *value)
{
	struct value found = {0};
	char *name;
	int err = compose(t, inner, value, &name);

	if (err || !name)
		return err;
	if (*name && *name != '/' && strncmp(name, "F-", 2) != 0)
		err = lookup(t, &found, (struct tag){inner.from, inner.to, text_of(name)});
	if (err == -ENOENT)
		err = blame_composed(t, inner, name);
	value_clear(&found);
	free(name);
	return err;
}

/* ---- replacing ---- */

static int count_replacement(struct tagging *t, struct tag tag)
{
	struct replaced *grown;

	if (text_equal(tag.name, t->key))
		return refuse(t, tag.from, "a value refers to itself by", tag.name);
	if (++t->replacements > REPLACEMENTS_MAX)
		return refuse(t, tag.from, "too many names at", tag.name);
	for (size_t i = 0; i < t->count; i++) {
		if (!text_equal(tag.name, t->replaced[i].name))
			continue;
		if (t->replaced[i].times++ < REPEATS_MAX)
			return 0;
		return refuse(t, tag.from, "names refer to each other without end at",
			      tag.name);
	}
	grown = realloc(t->replaced, (t->count + 1) * sizeof *grown);
	if (!grown)
		return -ENOMEM;
	t->replaced = grown;
	grown[t->count] = (struct replaced){text_dup(tag.name), 1};
	return grown[t->count++].name ? 0 : -ENOMEM;
}

/* One line of the value with `tag` replaced wherever it stands. */
static int replace_in_line(struct value *out, struct text line, struct text tag,
			   const struct value *value)
{
	bool alone = line.len == tag.len;
	const char *at;
	int err = 0;

	while (!err && (at = memmem(line.at, line.len, tag.at, tag.len))) {
		struct text before = {line.at, (size_t)(at - line.at)};

		err = value_add(out, before);
		if (!err)
			err = value_splice(out, value, alone);
		line = (struct text){at + tag.len, line.len - before.len - tag.len};
	}
	return err ? err : value_add(out, line);
}

static int replace(struct tagging *t, struct tag tag, const struct value *value)
{
	struct text whole = {t->value->text + tag.from, tag.to - tag.from};
	struct value_cursor c = {0};
	struct value changed = {0};
	int err = 0;

	while (!err && value_next(t->value, &c)) {
		err = value_line(&changed, c.place);
		if (!err)
			err = replace_in_line(&changed, c.text, whole, value);
	}
	if (err == -E2BIG)
		err = refuse(t, tag.from, "the value grows too long at", tag.name);
	if (err) {
		value_clear(&changed);
		return err;
	}
	value_clear(t->value);
	*t->value = changed;
	return 0;
}

/* Once over the text, from tag to tag; what a tag is replaced by is read as well. */
static int pass(struct tagging *t, bool *changed)
{
	struct value value = {0};
	struct tag tag;
	size_t at = 0;
	int err = 0;

	while (!err && find_tag(t->value, at, &tag)) {
		err = lookup(t, &value, tag);
		at = err == -ENOENT ? tag.to : tag.from;
		if (err == -ENOENT) {
			err = 0;
			continue;
		}
		if (!err)
			err = count_replacement(t, tag);
		if (!err)
			err = check_composed(t, tag, &value);
		if (!err)
			err = replace(t, tag, &value);
		value_clear(&value);
		*changed = true;
	}
	return err;
}

int expand_tags(struct value *value, const struct scope *scope, const char *key)
{
	struct tagging t = {.scope = scope, .key = key, .value = value};
	bool changed;
	int err;

	do {
		changed = false;
		err = pass(&t, &changed);
	} while (!err && changed);
	for (size_t i = 0; i < t.count; i++)
		free(t.replaced[i].name);
	free(t.replaced);
	return err;
}
