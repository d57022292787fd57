/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "match/dates.h"
#include "match/directive.h"
#include "match/search.h"
#include "match/templates.h"
#include "match/zones.h"

#define VALUES_MAX 24
#define LAST_MAX 32

struct value_group {
	char letter;
	unsigned group;
};

struct compiled {
	struct regex *regex;		       /* NULL: until it is needed */
	struct value_group values[VALUES_MAX]; /* in order of groups */
	size_t value_count;
};

/*
 * Lines of the same hour have nearly the same date in syslog's way. So the last one is kept,
 * with what follows it as far as it was looked at: a line that begins like that has it, too,
 * but for minutes and seconds.
 */
struct last {
	char text[LAST_MAX];
	size_t len;
	size_t clock; /* where in it "mm:ss" is */
	struct date_found found;
};

#define CLOCK_LEN 5 /* mm:ss */

struct dates {
	struct templates templates;
	struct compiled *compiled; /* one a template */
	size_t count;
	struct date_zone zone;
	struct search search;
	struct last last;
	uint64_t limited;
};

/* ---- compiling ---- */

static int by_group(const void *a, const void *b)
{
	const struct value_group *x = a, *y = b;

	return x->group < y->group ? -1 : x->group > y->group;
}

static int compiled_make(struct compiled *s, const char *regex, char *why, size_t size)
{
	int err = regex_compile(&s->regex, regex, REGEX_PLAIN, why, size);

	if (err)
		return err;
	/* Fewer letters are known than there is room for. */
	for (size_t i = 0; i < s->regex->group_count; i++) {
		const struct regex_group *g = &s->regex->groups[i];

		if (directive_known(g->name))
			s->values[s->value_count++] = (struct value_group){*g->name, g->group};
	}
	qsort(s->values, s->value_count, sizeof(*s->values), by_group);
	return 0;
}

/* Add what a pattern stands for, and compile that, unless it is known to be good: most are
 * never needed. */
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
		if (!templates_known(pattern))
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

int dates_compile(struct dates **out, const struct rules *rules, struct diag *diag)
{
	struct dates *d = calloc(1, sizeof(*d));
	int err, wrong;

	if (!d)
		return -ENOMEM;
	err = search_init(&d->search);
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
		regex_free(d->compiled[i].regex);
	free(d->compiled);
	templates_clear(&d->templates);
	search_clear(&d->search);
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

static bool is_compiled(struct compiled *s, const struct template *t)
{
	char why[128];

	return s->regex || !compiled_make(s, t->bound.regex, why, sizeof(why));
}

static bool is_found(struct dates *d, struct regex *regex, struct text line, uint64_t *steps)
{
	int found = -ECANCELED;

	if (!steps || *steps)
		found = search_run(&d->search, regex, line, steps);
	d->limited += found < 0;
	return found > 0;
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
		if (search_group(&d->search, line, t->value, &text))
			template_stamp(out, t->kind, text);
		return;
	}
	for (size_t i = 0; i < s->value_count; i++)
		if (search_group(&d->search, line, s->values[i].group, &text))
			values[count++] = (struct directive_value){s->values[i].letter, text};
	directives_read(out, values, count);
}

/* Try one template; *from is where it matches, which may be before what is cut. */
static bool try(struct dates *d, size_t index, struct date_found *out, size_t *from,
		struct text line, uint64_t *steps)
{
	const struct template *t = &d->templates.list[index];
	struct compiled *s = &d->compiled[index];
	enum date_answer answer = t->way ? date_find(out, t->way, line) : DATE_UNSURE;
	struct text cut;
	size_t to;

	*from = 0;
	if (answer != DATE_UNSURE)
		return answer == DATE_PRESENT;
	if (!is_compiled(s, t) || !is_found(d, s->regex, line, steps))
		return false;
	search_span(&d->search, from, &to);
	*out = (struct date_found){.date.kind = DATE_BAD};
	if (!search_group(&d->search, line, 1, &cut) || !cut.len)
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

static bool is_letter(char c)
{
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'z';
}

/* "mm:ss", without leap seconds. */
static bool is_clock(const char *at)
{
	return at[0] >= '0' && at[0] <= '5' && at[1] >= '0' && at[1] <= '9' && at[2] == ':' &&
	       at[3] >= '0' && at[3] <= '5' && at[4] >= '0' && at[4] <= '9';
}

/* A line that begins with a letter has no date in the other way, and a letter behind the blank
 * says that no year follows. */
static void remember(struct dates *d, size_t index, const struct date_found *found,
		     struct text line)
{
	size_t len = found->at + found->len + 2;

	for (size_t i = 0; i < index; i++)
		if (!d->templates.list[i].way)
			return;
	if (d->templates.list[index].way != DATE_SYSLOG || len > LAST_MAX || line.len < len ||
	    !is_letter(*line.at) || line.at[len - 2] != ' ' || !is_letter(line.at[len - 1]))
		return;
	if (!is_clock(line.at + len - 2 - CLOCK_LEN) || line.at[len - 3 - CLOCK_LEN] != ':')
		return;
	memcpy(d->last.text, line.at, len);
	d->last.len = len;
	d->last.clock = len - 2 - CLOCK_LEN;
	d->last.found = *found;
}

static bool is_as_last(const struct last *last, struct text line)
{
	size_t behind = last->clock + CLOCK_LEN;

	return last->len && line.len >= last->len &&
	       !memcmp(line.at, last->text, last->clock) && is_clock(line.at + last->clock) &&
	       !memcmp(line.at + behind, last->text + behind, last->len - behind);
}

static void read_as_last(struct date_found *out, const struct last *last, struct text line)
{
	const char *at = line.at + last->clock;

	*out = last->found;
	out->date.minute = (at[0] - '0') * 10 + at[1] - '0';
	out->date.second = (at[3] - '0') * 10 + at[4] - '0';
}

bool dates_find(struct dates *d, struct date_found *out, struct text line, uint64_t *steps)
{
	size_t best = SIZE_MAX, near = first_character(line), from;
	struct date_found found;

	if (is_as_last(&d->last, line)) {
		read_as_last(out, &d->last, line);
		return true;
	}
	for (size_t i = 0; i < d->count; i++) {
		if (!try(d, i, &found, &from, line, steps))
			continue;
		if (i + 1 == d->count || d->templates.list[i].bound.anchored || from <= near) {
			*out = found;
			remember(d, i, out, line);
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
