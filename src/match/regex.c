/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/python.h"
#include "match/regex.h"
#include "match/tags.h"

/*
 * Text that strangers write is searched, so every search is bounded. With the 32 KiB on the
 * machine stack that JIT code uses by default, lines of 4 KiB already fail in some filters,
 * which would be a way to evade them. A search that needs more than JIT's own stack is repeated
 * by the interpreter, whose memory is the heap.
 */
#define JIT_STACK_MIN ((size_t)32 * 1024)
#define JIT_STACK_MAX ((size_t)1024 * 1024)
#define STEPS_MAX 400000 /* tens of milliseconds */
#define HEAP_MAX_KIB 20480
#define GROUPS_MAX 255

static const char *const reserved[] = {
	"fid", "dns", "cidr", "mlfid", "nofail", "mlfforget", "mlfgained", "mlfpending", NULL,
};

/* ---- compiling ---- */

static int compile(struct regex *r, char *why, size_t size)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_SIZE at;
	int err;

	if (!context)
		return -ENOMEM;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	r->code = pcre2_compile((PCRE2_SPTR)r->pattern, PCRE2_ZERO_TERMINATED,
				PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &err, &at,
				context);
	pcre2_compile_context_free(context);
	if (!r->code) {
		PCRE2_UCHAR words[128];
		size_t from = at > 20 ? at - 20 : 0;

		pcre2_get_error_message(err, words, sizeof(words));
		snprintf(why, size, "%s after \"%.*s\"", (const char *)words, (int)(at - from),
			 r->pattern + from);
		return -EINVAL;
	}
	/* Where memory may not be made executable there is no JIT, and the interpreter does it.
	 */
	pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	return 0;
}

static bool is_reserved(const char *name)
{
	for (const char *const *r = reserved; *r; r++)
		if (!strcmp(name, *r))
			return true;
	return !strncmp(name, "tuple_", 6);
}

/* "alt_user" and "alt_user_2" are "user". */
static char *plain_name(const char *name, bool alternate)
{
	struct text t = text_of(name);
	size_t digits = 0;

	if (alternate) {
		t.at += 4;
		t.len -= 4;
		while (digits < t.len && isdigit((unsigned char)t.at[t.len - 1 - digits]))
			digits++;
		if (digits && digits + 1 < t.len && t.at[t.len - 1 - digits] == '_')
			t.len -= digits + 1;
	}
	return text_dup(t);
}

static int add_group(struct regex *r, const char *name, unsigned number)
{
	bool alternate = !strncmp(name, "alt_", 4) && name[4];
	struct regex_group *g = &r->groups[r->group_count];

	if (!strcmp(name, "ip4"))
		return r->ip4 = number, 0;
	if (!strcmp(name, "ip6"))
		return r->ip6 = number, 0;
	if (!strcmp(name, "content"))
		return r->content = number, 0;
	g->name = plain_name(name, alternate);
	if (!g->name)
		return -ENOMEM;
	g->group = number;
	g->alternate = alternate;
	r->group_count++;
	return 0;
}

/* PCRE2's table of names: entries of equal size, two bytes of number and then the name. */
static int add_groups(struct regex *r, bool alternates, char *why, size_t size)
{
	uint32_t count, entry;
	PCRE2_SPTR table;

	pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &entry);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t i = 0; i < count; i++, table += entry) {
		const char *name = (const char *)table + 2;
		int err = 0;

		if (is_reserved(name)) {
			bool lines = !strncmp(name, "mlf", 3) || !strcmp(name, "nofail");

			snprintf(why, size, "the group \"%s\" is not supported: %s", name,
				 lines ? "multi-line matching"
				       : "subjects other than an address");
			return -EINVAL;
		}
		if (!strncmp(name, "alt_", 4) == alternates)
			err = add_group(r, name, (unsigned)table[0] << 8 | table[1]);
		if (err)
			return err;
	}
	return 0;
}

static int learn_groups(struct regex *r, char *why, size_t size)
{
	uint32_t names, groups;
	int err;

	pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (groups > GROUPS_MAX) {
		snprintf(why, size, "more than %d groups", GROUPS_MAX);
		return -EINVAL;
	}
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &names);
	r->groups = calloc(names + 1, sizeof(*r->groups));
	if (!r->groups)
		return -ENOMEM;
	err = add_groups(r, false, why, size);
	return err ? err : add_groups(r, true, why, size);
}

int regex_compile(struct regex **out, const char *text, char *why, size_t size)
{
	struct regex *r = calloc(1, sizeof(*r));
	char *python = NULL;
	int err;

	if (!r)
		return -ENOMEM;
	err = tags_expand(&python, text, why, size);
	if (!err)
		err = python_translate(&r->pattern, python, why, size);
	free(python);
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
	free(r->pattern);
	pcre2_code_free(r->code);
	free(r);
}

/* ---- searching ---- */

int search_init(struct search *s)
{
	s->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	s->context = pcre2_match_context_create(NULL);
	s->data = pcre2_match_data_create(GROUPS_MAX + 1, NULL);
	if (!s->stack || !s->context || !s->data) {
		search_clear(s);
		return -ENOMEM;
	}
	pcre2_jit_stack_assign(s->context, NULL, s->stack);
	pcre2_set_match_limit(s->context, STEPS_MAX);
	pcre2_set_heap_limit(s->context, HEAP_MAX_KIB);
	return 0;
}

void search_clear(struct search *s)
{
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->stack);
	*s = (struct search){0};
}

int search_run(struct search *s, const struct regex *r, struct text subject)
{
	PCRE2_SPTR at = (PCRE2_SPTR)subject.at;
	int n = pcre2_match(r->code, at, subject.len, 0, PCRE2_NO_UTF_CHECK, s->data,
			    s->context);

	if (n == PCRE2_ERROR_JIT_STACKLIMIT)
		n = pcre2_match(r->code, at, subject.len, 0, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
				s->data, s->context);
	if (n > 0)
		return 1;
	return n == PCRE2_ERROR_NOMATCH ? 0 : -EOVERFLOW;
}

bool search_group(const struct search *s, struct text subject, unsigned group, struct text *out)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->data) + 2 * (size_t)group;

	if (!group || at[0] == PCRE2_UNSET || at[0] > at[1] || at[1] > subject.len)
		return false;
	*out = (struct text){subject.at + at[0], at[1] - at[0]};
	return true;
}
