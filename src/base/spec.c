/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spec.h"

#define SPEC_OPTIONS_MAX 256
#define SHOWN 80 /* as much of a text as a message quotes */

/* What is left to read of one text, and where complaints about it go. */
struct spec_reader {
	struct text rest;
	struct place place;
	struct diag *diag;
};

static void skip_blanks(struct text *t)
{
	while (t->len && isspace((unsigned char)*t->at))
		*t = (struct text){t->at + 1, t->len - 1};
}

/* The front of *t up to a character of `ends`, taken off. */
static struct text take_until(struct text *t, const char *ends)
{
	struct text taken = {t->at, 0};

	while (taken.len < t->len && !strchr(ends, t->at[taken.len]))
		taken.len++;
	*t = (struct text){t->at + taken.len, t->len - taken.len};
	return taken;
}

static bool take_char(struct text *t, char c)
{
	if (!t->len || *t->at != c)
		return false;
	*t = (struct text){t->at + 1, t->len - 1};
	return true;
}

static int refuse(struct spec_reader *r, const char *expected)
{
	char shown[SHOWN];

	if (r->rest.len)
		diag_error(r->diag, r->place, "%s expected, not \"%s\"", expected,
			   text_show(r->rest, shown, sizeof shown));
	else
		diag_error(r->diag, r->place, "%s expected at the end", expected);
	return -EINVAL;
}

static int read_value(struct spec_reader *r, struct text *value)
{
	char quote = 0;

	skip_blanks(&r->rest);
	if (take_char(&r->rest, '"'))
		quote = '"';
	else if (take_char(&r->rest, '\''))
		quote = '\'';
	if (!quote) {
		*value = text_trim(take_until(&r->rest, ",]"));
		return 0;
	}
	*value = text_trim(take_until(&r->rest, quote == '"' ? "\"" : "'"));
	if (!take_char(&r->rest, quote))
		return refuse(r, quote == '"' ? "closing \"" : "closing '");
	skip_blanks(&r->rest);
	return 0;
}

static int add_option(struct spec *spec, struct text name, struct text value)
{
	struct spec_option *grown = realloc(spec->options, (spec->count + 1) * sizeof *grown);

	if (!grown)
		return -ENOMEM;
	spec->options = grown;
	grown += spec->count;
	*grown = (struct spec_option){text_dup(name), text_dup(value)};
	spec->count++;
	return grown->name && grown->value ? 0 : -ENOMEM;
}

static bool is_option_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static int read_option(struct spec *spec, struct spec_reader *r)
{
	struct text name = {r->rest.at, 0}, value;
	int err;

	while (name.len < r->rest.len && is_option_char(name.at[name.len]))
		name.len++;
	if (!name.len)
		return refuse(r, "option name");
	r->rest = (struct text){r->rest.at + name.len, r->rest.len - name.len};
	skip_blanks(&r->rest);
	if (!take_char(&r->rest, '='))
		return refuse(r, "\"=\" after an option's name");
	err = read_value(r, &value);
	if (err)
		return err;
	if (spec->count == SPEC_OPTIONS_MAX) {
		diag_error(r->diag, r->place, "more than %d options", SPEC_OPTIONS_MAX);
		return -EINVAL;
	}
	return add_option(spec, name, value);
}

/* What follows a "[", through its "]". */
static int read_group(struct spec *spec, struct spec_reader *r)
{
	int err;

	for (;;) {
		skip_blanks(&r->rest);
		if (take_char(&r->rest, ']'))
			return 0;
		err = read_option(spec, r);
		if (err)
			return err;
		skip_blanks(&r->rest);
		if (!take_char(&r->rest, ',') && (!r->rest.len || *r->rest.at != ']'))
			return refuse(r, "\",\" or \"]\"");
	}
}

static int read_groups(struct spec *spec, struct spec_reader *r)
{
	int err = 0;

	for (;;) {
		skip_blanks(&r->rest);
		if (err || !r->rest.len)
			return err;
		if (!take_char(&r->rest, '['))
			return refuse(r, "\"[\"");
		err = read_group(spec, r);
	}
}

int spec_parse(struct spec *out, struct text text, struct place place, struct diag *diag)
{
	struct spec_reader r = {text, place, diag};
	struct spec spec = {.place = place};
	struct text name;
	int err = -ENOMEM;

	skip_blanks(&r.rest);
	if (r.rest.len && memchr(r.rest.at, 0, r.rest.len)) {
		diag_error(diag, place, "a NUL byte is in the way");
		return -EINVAL;
	}
	name = text_trim(take_until(&r.rest, "[]"));
	if (!name.len)
		return refuse(&r, "a name");
	spec.name = text_dup(name);
	if (!spec.name)
		goto fail;
	err = read_groups(&spec, &r);
	if (err)
		goto fail;
	*out = spec;
	return 0;
fail:
	spec_clear(&spec);
	return err;
}

void spec_clear(struct spec *spec)
{
	for (size_t i = 0; i < spec->count; i++) {
		free(spec->options[i].name);
		free(spec->options[i].value);
	}
	free(spec->options);
	free(spec->name);
	*spec = (struct spec){0};
}

/* What is around a value, so that it reads as one. */
static const char *quote_of(const char *value)
{
	if (*value && !strpbrk(value, " ,]\t") && *value != '"' && *value != '\'')
		return "";
	return !strchr(value, '"') ? "\"" : !strchr(value, '\'') ? "'" : "";
}

char *spec_text(const struct spec *spec)
{
	size_t size = strlen(spec->name) + 3, used;
	char *text;

	for (size_t i = 0; i < spec->count; i++)
		size += strlen(spec->options[i].name) + strlen(spec->options[i].value) + 4;
	text = malloc(size);
	if (!text)
		return NULL;
	used = (size_t)snprintf(text, size, "%s", spec->name);
	for (size_t i = 0; i < spec->count; i++) {
		const char *value = spec->options[i].value, *quote = quote_of(value);

		used += (size_t)snprintf(text + used, size - used, "%s%s=%s%s%s", i ? "," : "[",
					 spec->options[i].name, quote, value, quote);
	}
	if (spec->count)
		snprintf(text + used, size - used, "]");
	return text;
}

const char *spec_get(const struct spec *spec, const char *name)
{
	for (size_t i = spec->count; i > 0; i--)
		if (!strcmp(spec->options[i - 1].name, name))
			return spec->options[i - 1].value;
	return NULL;
}

static bool is_known(const char *name, const char *const *known)
{
	while (*known)
		if (!strcmp(name, *known++))
			return true;
	return false;
}

static void refuse_option(const struct spec *spec, const char *name, const char *const *known,
			  struct diag *diag)
{
	const char *near = text_nearest(text_of(name), known);
	char in[SHOWN], option[SHOWN];

	text_show(text_of(name), option, sizeof option);
	text_show(text_of(spec->name), in, sizeof in);
	if (near)
		diag_error(diag, spec->place,
			   "unknown option \"%s\" of %s; did you mean \"%s\"?", option, in,
			   near);
	else
		diag_error(diag, spec->place, "unknown option \"%s\" of %s", option, in);
}

int spec_check_options(const struct spec *spec, const char *const *known, struct diag *diag)
{
	int err = 0;

	for (size_t i = 0; i < spec->count; i++) {
		if (is_known(spec->options[i].name, known))
			continue;
		refuse_option(spec, spec->options[i].name, known, diag);
		err = -EINVAL;
	}
	return err;
}
