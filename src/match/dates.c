/* SPDX-License-Identifier: GPL-2.0-or-later */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pcre2.h>

#include "base/moment.h"
#include "match/dates.h"
#include "match/directive.h"
#include "match/python.h"
#include "match/templates.h"
#include "match/zones.h"

/* Dates are short: a search that needs much was made to. */
#define JIT_STACK_MIN ((size_t)32 * 1024)
#define JIT_STACK_MAX ((size_t)512 * 1024)
#define STEPS_MAX 100000
#define HEAP_MAX_KIB 4096
#define GROUPS_MAX 63
#define VALUES_MAX 24

struct value_group {
	char letter;
	uint8_t group;
};

struct compiled {
	pcre2_code *code;
	bool jit_asked; /* machine code is made when it is first needed: most never are */
	struct value_group values[VALUES_MAX]; /* in order of groups */
	size_t value_count;
};

struct dates {
	struct templates templates;
	struct compiled *compiled; /* one a template */
	size_t count;
	struct date_zone zone;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	pcre2_match_data *data;
	uint64_t limited;
};

/* ---- compiling ---- */

static int compile(struct compiled *s, const char *pattern, char *why, size_t size)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_SIZE at;
	int err;

	if (!context)
		return -ENOMEM;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	s->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
				PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &err, &at,
				context);
	pcre2_compile_context_free(context);
	if (!s->code) {
		PCRE2_UCHAR words[128];
		size_t from = at > 20 ? at - 20 : 0;

		pcre2_get_error_message(err, words, sizeof(words));
		snprintf(why, size, "%s after \"%.*s\"", (const char *)words, (int)(at - from),
			 pattern + from);
		return -EINVAL;
	}
	return 0;
}

static int by_group(const void *a, const void *b)
{
	return ((const struct value_group *)a)->group - ((const struct value_group *)b)->group;
}

/* Which groups have values. PCRE2's table of names: entries of equal size, two bytes of number
 * and then the name. */
static int learn_groups(struct compiled *s, char *why, size_t size)
{
	uint32_t count, entry, groups;
	PCRE2_SPTR table;

	pcre2_pattern_info(s->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	pcre2_pattern_info(s->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(s->code, PCRE2_INFO_NAMEENTRYSIZE, &entry);
	pcre2_pattern_info(s->code, PCRE2_INFO_NAMETABLE, &table);
	if (groups > GROUPS_MAX) {
		snprintf(why, size, "more than %d groups", GROUPS_MAX);
		return -EINVAL;
	}
	/* Fewer letters are known than there is room for. */
	for (uint32_t i = 0; i < count; i++, table += entry)
		if (directive_known((const char *)table + 2))
			s->values[s->value_count++] =
				(struct value_group){(char)table[2], table[1]};
	qsort(s->values, s->value_count, sizeof(*s->values), by_group);
	return 0;
}

static int compiled_make(struct compiled *s, const char *regex, char *why, size_t size)
{
	char *pattern;
	int err = python_translate(&pattern, regex, why, size);

	if (err)
		return err;
	err = compile(s, pattern, why, size);
	free(pattern);
	return err ? err : learn_groups(s, why, size);
}

/* Add what a pattern stands for, and compile that. */
static int add(struct dates *d, const char *pattern, char *why, size_t size)
{
	int err = templates_add(&d->templates, pattern, why, size);
	struct compiled *compiled;

	if (err)
		return err;
	compiled = realloc(d->compiled, (d->templates.count + 1) * sizeof(*compiled));
	if (!compiled)
		return -ENOMEM;
	d->compiled = compiled;
	for (; d->count < d->templates.count && !err; d->count++) {
		compiled[d->count] = (struct compiled){0};
		err = compiled_make(&compiled[d->count],
				    d->templates.list[d->count].bound.regex, why, size);
	}
	return err;
}

static struct place whole(const struct rules *rules)
{
	return (struct place){rules->file_count ? rules->files[0] : rules->name, 0};
}

static int read_zone(struct dates *d, const struct rules *rules, struct diag *diag)
{
	if (!rules->logtimezone)
		return 0;
	d->zone.fixed = zone_parse(&d->zone.offset, text_of(rules->logtimezone));
	if (d->zone.fixed)
		return 0;
	diag_error(diag, whole(rules),
		   "logtimezone is \"%s\", and not a zone such as UTC, CET or UTC+0100",
		   rules->logtimezone);
	return -EINVAL;
}

static int read_patterns(struct dates *d, const struct rules *rules, struct diag *diag)
{
	char why[256] = "";
	int err = 0;

	if (!rules->date_count)
		return add(d, "{DEFAULT}", why, sizeof(why));
	for (size_t i = 0; i < rules->date_count && err != -ENOMEM; i++) {
		const struct rule *rule = &rules->dates[i];
		int wrong = add(d, rule->regex, why, sizeof(why));

		if (wrong == -EINVAL)
			diag_error(diag, rule->place, "datepattern \"%s\": %s", rule->regex,
				   why);
		err = wrong ? wrong : err;
	}
	return err;
}

static int prepare(struct dates *d)
{
	d->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	d->context = pcre2_match_context_create(NULL);
	d->data = pcre2_match_data_create(GROUPS_MAX + 1, NULL);
	if (!d->stack || !d->context || !d->data)
		return -ENOMEM;
	pcre2_jit_stack_assign(d->context, NULL, d->stack);
	pcre2_set_match_limit(d->context, STEPS_MAX);
	pcre2_set_heap_limit(d->context, HEAP_MAX_KIB);
	return 0;
}

int dates_compile(struct dates **out, const struct rules *rules, struct diag *diag)
{
	struct dates *d = calloc(1, sizeof(*d));
	int err, wrong;

	if (!d)
		return -ENOMEM;
	err = prepare(d);
	if (err)
		goto fail;
	err = read_zone(d, rules, diag);
	wrong = read_patterns(d, rules, diag);
	if (wrong)
		err = wrong;
	if (err)
		goto fail;
	*out = d;
	return 0;
fail:
	dates_free(d);
	return err;
}

void dates_free(struct dates *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->count; i++)
		pcre2_code_free(d->compiled[i].code);
	free(d->compiled);
	templates_clear(&d->templates);
	pcre2_match_data_free(d->data);
	pcre2_match_context_free(d->context);
	pcre2_jit_stack_free(d->stack);
	free(d);
}

/* ---- what is known of them ---- */

bool dates_equal(const struct dates *a, const struct dates *b)
{
	if (a->templates.count != b->templates.count || a->zone.fixed != b->zone.fixed ||
	    a->zone.offset != b->zone.offset)
		return false;
	for (size_t i = 0; i < a->templates.count; i++)
		if (a->templates.list[i].kind != b->templates.list[i].kind ||
		    strcmp(a->templates.list[i].bound.regex,
			   b->templates.list[i].bound.regex) != 0)
			return false;
	return true;
}

bool dates_at_start(const struct dates *d)
{
	for (size_t i = 0; i < d->templates.count; i++)
		if (!d->templates.list[i].bound.edge.at_start)
			return false;
	return true;
}

bool dates_cuts_words(const struct dates *d)
{
	for (size_t i = 0; i < d->templates.count; i++)
		if (d->templates.list[i].bound.edge.cuts_words)
			return true;
	return false;
}

uint64_t dates_limited(const struct dates *d)
{
	return d->limited;
}

/* ---- searching ---- */

static bool search_run(struct dates *d, struct compiled *s, struct text line)
{
	PCRE2_SPTR at = (PCRE2_SPTR)line.at;
	int n;

	/* Where memory may not be made executable the interpreter does it. */
	if (!s->jit_asked)
		pcre2_jit_compile(s->code, PCRE2_JIT_COMPLETE);
	s->jit_asked = true;
	n = pcre2_match(s->code, at, line.len, 0, PCRE2_NO_UTF_CHECK, d->data, d->context);
	if (n == PCRE2_ERROR_JIT_STACKLIMIT)
		n = pcre2_match(s->code, at, line.len, 0, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
				d->data, d->context);
	d->limited += n < 0 && n != PCRE2_ERROR_NOMATCH;
	return n > 0;
}

static bool group(const struct dates *d, struct text line, unsigned number, struct text *out)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(d->data) + 2 * (size_t)number;

	if (at[0] == PCRE2_UNSET || at[0] > at[1] || at[1] > line.len)
		return false;
	*out = (struct text){line.at + at[0], at[1] - at[0]};
	return true;
}

/* What the last search that found says. */
static void read_values(const struct dates *d, struct date *out, const struct template *t,
			const struct compiled *s, struct text line)
{
	struct directive_value values[VALUES_MAX];
	struct text text;
	size_t count = 0;

	if (t->kind != TEMPLATE_FIELDS) {
		*out = (struct date){.kind = DATE_BAD};
		if (group(d, line, t->value, &text))
			template_stamp(out, t->kind, text);
		return;
	}
	for (size_t i = 0; i < s->value_count; i++)
		if (group(d, line, s->values[i].group, &text))
			values[count++] = (struct directive_value){s->values[i].letter, text};
	directives_read(out, values, count);
}

/* Try one template; *from is where it matches, which may be before what is cut. */
static bool try(struct dates *d, size_t index, struct date_found *out, size_t *from,
		struct text line)
{
	const struct template *t = &d->templates.list[index];
	struct compiled *s = &d->compiled[index];
	enum date_answer answer = t->way ? date_find(out, t->way, line) : DATE_UNSURE;
	struct text cut;

	*from = 0;
	if (answer != DATE_UNSURE)
		return answer == DATE_PRESENT;
	if (!search_run(d, s, line))
		return false;
	*from = pcre2_get_ovector_pointer(d->data)[0];
	*out = (struct date_found){.date.kind = DATE_BAD};
	if (!group(d, line, 1, &cut) || !cut.len)
		return true;
	out->at = (size_t)(cut.at - line.at);
	out->len = cut.len;
	read_values(d, &out->date, t, s, line);
	return true;
}

static size_t first_character(struct text line)
{
	size_t len = 1;

	while (len < line.len && ((unsigned char)line.at[len] & 0xc0) == 0x80)
		len++;
	return len;
}

bool dates_find(struct dates *d, struct date_found *out, struct text line)
{
	size_t best = SIZE_MAX, near = first_character(line), from;
	struct date_found found;

	for (size_t i = 0; i < d->count; i++) {
		if (!try(d, i, &found, &from, line))
			continue;
		if (i + 1 == d->count || d->templates.list[i].bound.anchored || from <= near) {
			*out = found;
			return true;
		}
		if (from < best) {
			*out = found;
			best = from;
		}
	}
	return best != SIZE_MAX;
}

int64_t dates_time(const struct dates *d, const struct date_found *found,
		   struct date_cache *cache, int64_t now)
{
	return found->len ? date_time(&found->date, d->zone, cache, now) : TIME_NONE;
}
