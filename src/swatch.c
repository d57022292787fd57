/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "swatch_parts.h"

/* One configuration being read; the last of the blocks is the one at hand. */
struct reading {
	struct swatch *swatch;
	struct place place;
	struct diag *diag;
	/* Of the block at hand. */
	struct swatch_regex regex;
};

static void lose(const struct reading *r, struct text what, const char *why)
{
	char shown[200];

	diag_warning(r->diag, r->place, "not carried over: %s: %s",
		     text_show(what, shown, sizeof shown), why);
}

static struct swatch_block *block_of(const struct reading *r)
{
	return r->swatch->count ? &r->swatch->blocks[r->swatch->count - 1] : NULL;
}

static struct text unquote(struct text t)
{
	t = text_trim(t);
	if (t.len > 1 && (*t.at == '"' || *t.at == '\'') && t.at[t.len - 1] == *t.at)
		t = (struct text){t.at + 1, t.len - 2};
	return t;
}

static void read_exec(struct reading *r, struct text line, struct text command)
{
	struct swatch_block *block = block_of(r);
	struct swatch_block meant;
	unsigned field;
	const char *why;

	if (!block || block->ignore) {
		lose(r, line, "it stands behind no watchfor");
		return;
	}
	if (!*block->regex) {
		lose(r, line, "its watchfor is not");
		return;
	}
	meant = *block;
	if (!swatch_exec_read(&meant, unquote(command), &field)) {
		lose(r, line,
		     "nothing is ever executed, and this is none of the commands that a target "
		     "stands for");
		return;
	}
	if (block->bans) {
		lose(r, line, "a block stops an address in one way only");
		return;
	}
	why = swatch_regex_print(&r->regex, meant.fail, sizeof meant.fail, field);
	if (why) {
		lose(r, line, why);
		return;
	}
	meant.bans = true;
	*block = meant;
}

/* /regex/ or /regex/i. */
static bool read_pattern(struct reading *r, struct text value)
{
	size_t end = 1;

	if (value.len < 2 || *value.at != '/')
		return false;
	while (end < value.len && value.at[end] != '/')
		end += value.at[end] == '\\' ? 2 : 1;
	if (end >= value.len)
		return false;
	r->regex.text = (struct text){value.at + 1, end - 1};
	value = text_trim((struct text){value.at + end + 1, value.len - end - 1});
	r->regex.caseless = text_equal(value, "i");
	return r->regex.text.len && (!value.len || r->regex.caseless);
}

static int read_block(struct reading *r, struct text line, struct text value, bool ignore)
{
	struct swatch *s = r->swatch;
	struct swatch_block *grown, *block;
	const char *why = "an expression between slashes is expected";

	grown = reallocarray(s->blocks, s->count + 1, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	s->blocks = grown;
	block = &grown[s->count++];
	*block = (struct swatch_block){.line = r->place.line, .ignore = ignore, .maxretry = 1};
	r->regex.text = (struct text){NULL, 0};
	if (read_pattern(r, value))
		why = swatch_regex_print(&r->regex, block->regex, sizeof block->regex, 0);
	if (why) {
		lose(r, line, why);
		*block->regex = 0;
		r->regex.text = (struct text){NULL, 0};
	}
	return 0;
}

/* threshold track_by=$1,type=both,count=3,seconds=60 */
static void read_threshold(struct reading *r, struct text line, struct text value)
{
	struct swatch_block *block = block_of(r);
	struct text word;
	int64_t count = 1, seconds = 0;
	bool counts = false;

	while (text_word(&value, &word)) {
		const char *is = memchr(word.at, '=', word.len);
		struct text name = {word.at, is ? (size_t)(is - word.at) : word.len}, text;

		text = is ? (struct text){is + 1, word.len - name.len - 1}
			  : (struct text){word.at, 0};
		if (text_equal(name, "type"))
			counts = !text_equal(text, "limit");
		else if (text_equal(name, "count") && !text_number(text, 1, 1000, &count))
			lose(r, line, "count is no number from 1 to 1000");
		else if (text_equal(name, "seconds") &&
			 !text_number(text, 1, INT32_MAX, &seconds))
			lose(r, line, "seconds is no number");
	}
	/* A limit stops repeats of an action alone; a second ban does no harm. */
	if (!block || !counts)
		return;
	block->maxretry = (unsigned)count;
	block->findtime = seconds * 1000;
}

static int read_line(struct reading *r, struct text line)
{
	struct text name = line, value;

	for (name.len = 0; name.len < line.len && !isspace((unsigned char)line.at[name.len]) &&
			   line.at[name.len] != '=';)
		name.len++;
	value = text_trim((struct text){line.at + name.len, line.len - name.len});
	if (value.len && *value.at == '=')
		value = text_trim((struct text){value.at + 1, value.len - 1});
	if (text_equal(name, "watchfor") || text_equal(name, "ignore"))
		return read_block(r, line, value, text_equal(name, "ignore"));
	if (text_equal(name, "exec"))
		read_exec(r, line, value);
	else if (text_equal(name, "threshold"))
		read_threshold(r, line, value);
	else if (text_equal(name, "continue") && block_of(r))
		block_of(r)->goes_on = true;
	else if (!text_equal(name, "echo") && !text_equal(name, "bell") &&
		 !text_equal(name, "throttle"))
		lose(r, line, "there is nothing like it here");
	return 0;
}

int swatch_read(struct swatch *out, struct text text, const char *file, bool awk,
		struct diag *diag)
{
	struct reading r = {
		.swatch = out, .place = {file, 0}, .diag = diag, .regex = {.awk = awk}};
	struct text line;
	int error = 0;

	*out = (struct swatch){0};
	while (!error && text_line(&text, &line)) {
		r.place.line++;
		line = text_trim(line);
		if (line.len && *line.at != '#')
			error = read_line(&r, line);
	}
	if (error)
		swatch_clear(out);
	return error;
}

void swatch_clear(struct swatch *swatch)
{
	free(swatch->blocks);
	*swatch = (struct swatch){0};
}
