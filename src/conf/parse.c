/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Python's ConfigParser, read from its source: indent, comments, and which sign ends a key. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/ini.h"

/* Tables are searched from end to end, so they are kept to what people write by hand. */
#define SECTIONS_MAX 4096
#define KEYS_MAX 1000
#define SHOWN 80

/* One file being read. */
struct reader {
	struct ini *ini;
	struct place place; /* the line at hand */
	struct diag *diag;
	struct ini_section *section; /* being filled */
	size_t indent;		     /* of the line that began the key at hand */
	enum {
		BEFORE, /* any section */
		BROKEN, /* in what was refused: keys are passed over in silence */
		OPEN,	/* in a section, no key yet */
		KEY,	/* continuation lines belong to the section's last key */
		SKIP,	/* continuation lines belong to a key that was refused */
	} state;
	unsigned empties; /* lines without text since the last line of the value */
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static struct text strip(struct text t)
{
	while (t.len && is_blank(t.at[0]))
		t = (struct text){t.at + 1, t.len - 1};
	while (t.len && is_blank(t.at[t.len - 1]))
		t.len--;
	return t;
}

static int refuse(struct reader *r, const char *what, struct text text)
{
	char shown[SHOWN];

	diag_error(r->diag, r->place, "%s \"%s\"", what, text_show(text, shown, sizeof shown));
	return -EINVAL;
}

/* Where a comment begins, or the line's length. */
static size_t comment_start(struct text line)
{
	struct text stripped = strip(line);

	if (stripped.len && (*stripped.at == '#' || *stripped.at == ';'))
		return 0;
	for (size_t i = 1; i < line.len; i++)
		if (line.at[i] == ';' && is_blank(line.at[i - 1]))
			return i;
	return line.len;
}

static int refuse_header(struct reader *r, struct text name, const struct ini_section *first)
{
	char shown[SHOWN];

	r->state = BROKEN;
	if (!first)
		return refuse(r, "too many sections at", name);
	diag_error(r->diag, r->place, "section [%s] is repeated; first at line %u",
		   text_show(name, shown, sizeof shown), first->place.line);
	return -EINVAL;
}

/* [DEFAULT] may come again within a file, as in Python; other sections may not. */
static int read_header(struct reader *r, struct text name)
{
	const struct ini_section *first = ini_find(r->ini, name);

	if (first && !text_equal(name, INI_DEFAULT))
		return refuse_header(r, name, first);
	if (!first && r->ini->count == SECTIONS_MAX)
		return refuse_header(r, name, NULL);
	r->section = ini_section(r->ini, name, r->place);
	r->state = OPEN;
	return r->section ? 0 : -ENOMEM;
}

/* The key in lower case, which the caller frees; NULL: out of memory. */
static char *copy_key(struct text text)
{
	char *key = text_dup(text);

	for (char *c = key; c && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return key;
}

static int start_value(struct reader *r, struct text name, struct text text)
{
	struct value value = {0};
	int err = value_line(&value, r->place);

	if (!err)
		err = value_add(&value, text);
	if (!err)
		err = ini_put(r->section, copy_key(name), &value);
	if (!err)
		r->state = KEY;
	value_clear(&value);
	return err == -E2BIG ? refuse(r, "too long a value:", text) : err;
}

/* "key = value" or "key: value", whichever sign comes first. */
static int read_key(struct reader *r, struct text line)
{
	const struct ini_entry *first;
	struct text name = {line.at, 0}, text;
	char shown[SHOWN];

	r->state = SKIP;
	while (name.len < line.len && line.at[name.len] != '=' && line.at[name.len] != ':')
		name.len++;
	if (name.len == line.len)
		return refuse(r, "expected \"key = value\", not", line);
	text = strip((struct text){line.at + name.len + 1, line.len - name.len - 1});
	name = strip(name);
	if (!name.len)
		return refuse(r, "a key is missing in", line);
	if (r->section->count == KEYS_MAX)
		return refuse(r, "too many keys in a section at", name);
	first = ini_entry(r->section, name);
	if (!first)
		return start_value(r, name, text);
	diag_error(r->diag, r->place, "key \"%s\" is repeated; first at line %u",
		   text_show(name, shown, sizeof shown), value_place(&first->value).line);
	return -EINVAL;
}

/* The empty lines before a line of text are part of the value, those after its end are not. */
static int continue_value(struct reader *r, struct text text)
{
	struct value *value = &r->section->entries[r->section->count - 1].value;
	int err = 0;

	for (; r->empties && !err; r->empties--) {
		struct place place = {r->place.file, r->place.line - r->empties};

		err = value_line(value, place);
	}
	if (!err)
		err = value_line(value, r->place);
	if (!err)
		err = value_add(value, text);
	if (err != -E2BIG)
		return err;
	r->state = SKIP;
	return refuse(r, "too long a value at", text);
}

static int read_line(struct reader *r, struct text line)
{
	size_t comment = comment_start(line), indent = 0;
	struct text text = strip((struct text){line.at, comment});
	const char *end;

	if (!text.len) {
		r->empties += comment == line.len;
		return 0;
	}
	indent = (size_t)(text.at - line.at);
	if (r->state >= KEY && indent > r->indent)
		return r->state == KEY ? continue_value(r, text) : 0;
	r->indent = indent;
	r->empties = 0;
	end = *text.at == '[' ? memrchr(text.at, ']', text.len) : NULL;
	if (end && end > text.at + 1)
		return read_header(r, (struct text){text.at + 1, (size_t)(end - text.at - 1)});
	if (r->state == BROKEN)
		return 0;
	if (r->state != BEFORE)
		return read_key(r, text);
	r->state = BROKEN;
	return refuse(r, "expected a [section] first, not", text);
}

/* The next line of *rest: "\n", "\r\n" and a lone "\r" end it, as when Python reads text. */
static bool take_line(struct text *rest, struct text *line)
{
	size_t len = 0, end;

	if (!rest->len)
		return false;
	while (len < rest->len && rest->at[len] != '\n' && rest->at[len] != '\r')
		len++;
	end = len;
	if (end < rest->len)
		end += rest->at[end] == '\r' && end + 1 < rest->len && rest->at[end + 1] == '\n'
			       ? 2
			       : 1;
	*line = (struct text){rest->at, len};
	*rest = (struct text){rest->at + end, rest->len - end};
	return true;
}

int ini_parse(struct ini *ini, struct text text, const char *file, struct diag *diag)
{
	struct reader r = {.ini = ini, .place = {file, 0}, .diag = diag};
	struct text line;
	int err = 0, broken = 0;

	if (text.len >= 3 && !memcmp(text.at, "\xef\xbb\xbf", 3))
		text = (struct text){text.at + 3, text.len - 3};
	while (err != -ENOMEM && take_line(&text, &line)) {
		r.place.line++;
		if (line.len && memchr(line.at, 0, line.len))
			return refuse(&r, "this is not text:", line);
		err = read_line(&r, line);
		if (err)
			broken = err;
	}
	return broken;
}
