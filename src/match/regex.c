/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/python.h"
#include "match/regex.h"
#include "match/tags.h"

/* When it explains: some tens of milliseconds. */
#define FURTHEST_CALLS 2000000

/* Nearly every prefregex ends like this, and most of its time would go into finding out that
 * any character but a newline stands up to the end of a line. */
#define TAIL "(?P<content>.+)$"
#define TAIL_OPEN "(?P<content>.)"

/* ---- compiling ---- */

static pcre2_code *code_compile(const char *pattern, uint32_t options, int *err, PCRE2_SIZE *at)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;

	*err = PCRE2_ERROR_NOMEMORY;
	if (!context)
		return NULL;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, err, at,
			     context);
	pcre2_compile_context_free(context);
	return code;
}

/* (?s) and the like change what a character is. */
static bool has_flags(const char *pattern)
{
	const char *at = pattern;

	while ((at = strstr(at, "(?"))) {
		at += 2;
		if (islower((unsigned char)*at) || *at == '-')
			return true;
	}
	return false;
}

static int choose_searched(struct regex *r)
{
	size_t len = strlen(r->pattern), tail = strlen(TAIL);
	const char *at = r->pattern + len - tail;

	r->open = r->flags & REGEX_LINE && len > tail && !strcmp(at, TAIL) && at[-1] != '\\' &&
		  !has_flags(r->pattern);
	r->searched = strdup(r->pattern);
	if (!r->searched)
		return -ENOMEM;
	if (r->open)
		memcpy(r->searched + len - tail, TAIL_OPEN, sizeof(TAIL_OPEN));
	return 0;
}

static int compile(struct regex *r, char *why, size_t size)
{
	PCRE2_UCHAR words[128];
	PCRE2_SIZE at = 0;
	uint32_t all;
	size_t from;
	int err;

	if (choose_searched(r))
		return -ENOMEM;
	r->any.code = code_compile(r->searched, r->options, &err, &at);
	if (!r->any.code && err == PCRE2_ERROR_NOMEMORY)
		return -ENOMEM;
	if (!r->any.code) {
		from = at > 20 ? at - 20 : 0;
		pcre2_get_error_message(err, words, sizeof(words));
		snprintf(why, size, "%s after \"%.*s\"", (const char *)words, (int)(at - from),
			 r->searched + from);
		return -EINVAL;
	}
	pcre2_pattern_info(r->any.code, PCRE2_INFO_ALLOPTIONS, &all);
	r->anchored = all & PCRE2_ANCHORED;
	return 0;
}

int regex_count(struct regex *r)
{
	PCRE2_SIZE at;
	int err;

	if (!r->counted)
		r->counted =
			code_compile(r->pattern, r->options | PCRE2_AUTO_CALLOUT, &err, &at);
	return r->counted ? 0 : -ENOMEM;
}

/* ---- groups ---- */

static enum group_kind kind_of(const char *name)
{
	if (!strncmp(name, "alt_", 4) && name[4])
		return GROUP_ALT;
	return !strncmp(name, "tuple_", 6) ? GROUP_TUPLE : GROUP_PLAIN;
}

/* "alt_user" and "alt_user_2" are "user", "tuple_id" is "fid". */
static char *plain_name(const char *name, enum group_kind kind)
{
	struct text t = text_of(name);
	size_t prefix = kind == GROUP_ALT ? 4 : 6, digits = 0;
	char *plain;

	if (kind == GROUP_PLAIN)
		return text_dup(t);
	t.at += prefix;
	t.len -= prefix;
	while (digits < t.len && isdigit((unsigned char)t.at[t.len - 1 - digits]))
		digits++;
	if (digits && digits < t.len && t.at[t.len - 1 - digits] == '_')
		t.len -= digits + 1;
	if ((t.len == 2 && !strncasecmp(t.at, "id", 2)) ||
	    (t.len == 4 && !strncasecmp(t.at, "port", 4)))
		return asprintf(&plain, "f%s", t.len == 2 ? "id" : "port") < 0 ? NULL : plain;
	plain = text_dup(t);
	for (char *p = plain; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return plain;
}

/* The lines that <SKIPLINES> skips. False: another group, or one too many. */
static bool add_skip(struct regex *r, const char *name, unsigned number)
{
	unsigned n;
	char rest;

	if (sscanf(name, "skiplines%u%c", &n, &rest) != 1 || n >= REGEX_SKIPS_MAX)
		return false;
	r->skip[n] = number;
	if (r->skips <= n)
		r->skips = n + 1;
	return true;
}

static int add_group(struct regex *r, const char *name, unsigned number)
{
	struct regex_group *g = &r->groups[r->group_count];

	if (add_skip(r, name, number))
		return 0;
	g->kind = kind_of(name);
	g->group = number;
	g->name = plain_name(name, g->kind);
	if (!g->name)
		return -ENOMEM;
	r->group_count++;
	return 0;
}

/* PCRE2's table of names: entries of equal size, two bytes of number and then the name, in the
 * order of the alphabet. */
static int add_groups(struct regex *r, enum group_kind kind)
{
	uint32_t count, entry;
	PCRE2_SPTR table;
	int err = 0;

	pcre2_pattern_info(r->any.code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(r->any.code, PCRE2_INFO_NAMEENTRYSIZE, &entry);
	pcre2_pattern_info(r->any.code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t i = 0; i < count && !err; i++, table += entry)
		if (kind_of((const char *)table + 2) == kind)
			err = add_group(r, (const char *)table + 2,
					(unsigned)table[0] << 8 | table[1]);
	return err;
}

static int learn_groups(struct regex *r, char *why, size_t size)
{
	uint32_t names, groups;
	int err;

	pcre2_pattern_info(r->any.code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (groups > REGEX_GROUPS_MAX) {
		snprintf(why, size, "more than %d groups", REGEX_GROUPS_MAX);
		return -EINVAL;
	}
	pcre2_pattern_info(r->any.code, PCRE2_INFO_NAMECOUNT, &names);
	r->groups = calloc(names + 1, sizeof(*r->groups));
	if (!r->groups)
		return -ENOMEM;
	err = add_groups(r, GROUP_PLAIN);
	if (!err)
		err = add_groups(r, GROUP_ALT);
	return err ? err : add_groups(r, GROUP_TUPLE);
}

static int translate(const struct regex *r, char **out, struct python_way *way, char *why,
		     size_t size)
{
	char *python = NULL;
	int err = 0;

	if (!r->text[strspn(r->text, " \t\n\r\f\v")]) {
		snprintf(why, size, "the expression is empty");
		return -EINVAL;
	}
	if (!(r->flags & REGEX_PLAIN))
		err = tags_expand(&python, r->text, r->flags & REGEX_NAMES);
	if (!err)
		err = python_translate(out, way, python ? python : r->text, why, size);
	free(python);
	return err;
}

int regex_compile(struct regex **out, const char *text, unsigned flags, char *why, size_t size)
{
	struct regex *r = calloc(1, sizeof(*r));
	struct python_way way = {0};
	int err = -ENOMEM;

	if (!r)
		return -ENOMEM;
	r->flags = flags;
	r->options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
	/* Python's ^ matches behind a newline at the very end, too. */
	if (flags & REGEX_LINES)
		r->options |= PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX;
	r->text = strdup(text);
	if (r->text)
		err = translate(r, &r->pattern, &way, why, size);
	r->atomic = way.atomic;
	if (!err)
		err = compile(r, why, size);
	if (!err)
		err = learn_groups(r, why, size);
	if (err)
		goto fail;
	*out = r;
	return 0;
fail:
	regex_free(r);
	return err;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->group_count; i++)
		free(r->groups[i].name);
	free(r->groups);
	free(r->text);
	free(r->pattern);
	free(r->searched);
	pcre2_code_free(r->any.code);
	pcre2_code_free(r->ascii.code);
	pcre2_code_free(r->marked.code);
	pcre2_code_free(r->counted);
	free(r);
}

/* ---- machine code ---- */

/*
 * NULL: where memory may not be made executable there is no JIT, and the interpreter does it.
 * And with atomic groups JIT code of PCRE2 10.42 finds other texts than the interpreter, and
 * leaves groups set in branches that failed.
 */
static const pcre2_code *machine_get(const struct regex *r, struct machine *m)
{
	if (!m->asked)
		m->made = m->code && !r->atomic &&
			  !pcre2_jit_compile(m->code, PCRE2_JIT_COMPLETE);
	m->asked = true;
	return m->made ? m->code : NULL;
}

/* NULL: it means something else without Unicode, or there is no memory. */
static pcre2_code *compile_ascii(const struct regex *r)
{
	pcre2_code *code = NULL;
	char *pattern = NULL;
	PCRE2_SIZE at;
	int err;

	if (!python_ascii(&pattern, r->searched))
		code = code_compile(pattern, r->options & ~(PCRE2_UTF | PCRE2_UCP), &err, &at);
	free(pattern);
	return code;
}

const pcre2_code *regex_machine_make(struct regex *r, bool ascii)
{
	if (ascii && !r->ascii_tried)
		r->ascii.code = compile_ascii(r);
	r->ascii_tried |= ascii;
	return machine_get(r, ascii && r->ascii.code ? &r->ascii : &r->any);
}

static pcre2_code *compile_marked(const struct regex *r)
{
	struct python_way way = {.marks = true};
	char *pattern = NULL, why[128];
	pcre2_code *code = NULL;
	PCRE2_SIZE at;
	int err;

	if (!translate(r, &pattern, &way, why, sizeof(why)))
		code = code_compile(pattern, r->options, &err, &at);
	free(pattern);
	return code;
}

const pcre2_code *regex_marked(struct regex *r)
{
	if (!r->marked.asked)
		r->marked.code = compile_marked(r);
	return machine_get(r, &r->marked);
}

/* ---- explaining ---- */

struct furthest {
	size_t pattern, subject, calls;
};

static int look(pcre2_callout_block *block, void *arg)
{
	struct furthest *f = arg;

	if (block->current_position > f->subject || !f->calls) {
		f->subject = block->current_position;
		f->pattern = block->pattern_position;
	}
	return ++f->calls > FURTHEST_CALLS ? PCRE2_ERROR_CALLOUT : 0;
}

/* Not `counted`: that is not even tried where PCRE2 sees that it cannot match. */
int regex_furthest(const struct regex *r, struct text subject, size_t *pattern_at,
		   size_t *subject_at)
{
	PCRE2_SIZE at;
	int n = PCRE2_ERROR_NOMEMORY;
	pcre2_code *code = code_compile(
		r->pattern, r->options | PCRE2_AUTO_CALLOUT | PCRE2_NO_START_OPTIMIZE, &n, &at);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	struct furthest f = {0};

	n = PCRE2_ERROR_NOMEMORY;
	if (code && context && data) {
		pcre2_set_callout(context, look, &f);
		n = pcre2_match(code, (PCRE2_SPTR)subject.at, subject.len, 0,
				PCRE2_NO_UTF_CHECK, data, context);
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	pcre2_code_free(code);
	if (n == PCRE2_ERROR_NOMEMORY)
		return -ENOMEM;
	*pattern_at = f.pattern;
	*subject_at = f.subject;
	return n >= 0 || n == PCRE2_ERROR_NOMATCH ? 0 : -EOVERFLOW;
}
