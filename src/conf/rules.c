/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of a filter that mean something here, and what they say. */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "conf/filter.h"

#define SHOWN 80

/* What options and [Init] say wins over [Definition]. */
static int get(struct value *out, const struct filter *f, const char *key)
{
	int err = expand_init(out, &f->scope, key);

	if (err == -ENOENT)
		err = expand_get(out, &f->scope, key);
	return err ? err : expand_tags(out, &f->scope, key);
}

static int refuse(const struct filter *f, const struct value *value, const char *what)
{
	char shown[SHOWN];

	diag_error(f->load.diag, value_place(value), "%s, not \"%s\"", what,
		   text_show(value_text(value), shown, sizeof shown));
	return -EINVAL;
}

/* ---- lists ---- */

static int add_rule(struct rule **rules, size_t *count, struct text regex, struct place place)
{
	struct rule *grown = realloc(*rules, (*count + 1) * sizeof *grown);

	if (!grown)
		return -ENOMEM;
	*rules = grown;
	grown[*count] = (struct rule){text_dup(regex), place};
	return grown[(*count)++].regex ? 0 : -ENOMEM;
}

/* One regular expression a line. */
static int read_list(struct rule **rules, size_t *count, const struct filter *f,
		     const char *key)
{
	struct value value = {0};
	struct value_cursor c = {0};
	int err = get(&value, f, key);

	while (!err && value_next(&value, &c))
		if (c.text.len)
			err = add_rule(rules, count, c.text, c.place);
	value_clear(&value);
	return err == -ENOENT ? 0 : err;
}

/* The same for what is no regular expression: blanks around it mean nothing. */
static int read_words(struct rule **rules, size_t *count, const struct filter *f,
		      const char *key)
{
	struct value value = {0};
	struct value_cursor c = {0};
	int err = get(&value, f, key);

	while (!err && value_next(&value, &c)) {
		struct text line = text_trim(c.text);

		if (line.len)
			err = add_rule(rules, count, line, c.place);
	}
	value_clear(&value);
	return err == -ENOENT ? 0 : err;
}

/* ---- single values ---- */

static int read_prefix(struct rule *rule, const struct filter *f)
{
	struct value value = {0};
	int err = get(&value, f, "prefregex");

	if (!err && value.len) {
		rule->regex = text_dup(value_text(&value));
		rule->place = value_place(&value);
		err = rule->regex ? 0 : -ENOMEM;
	}
	value_clear(&value);
	return err == -ENOENT ? 0 : err;
}

static int read_maxlines(unsigned *out, const struct filter *f)
{
	struct value value = {0};
	int64_t lines = 0;
	int err = get(&value, f, "maxlines");

	if (!err && value.len && !text_number(value_text(&value), 1, RULES_LINES_MAX, &lines))
		err = refuse(f, &value, "maxlines must be a number from 1 to 100");
	if (!err)
		*out = (unsigned)lines;
	value_clear(&value);
	return err == -ENOENT ? 0 : err;
}

/* What fail2ban calls yes, warn and raw differ in what is done with a name, not in the regular
 * expressions. */
static int read_names(bool *out, const struct filter *f)
{
	static const char *const words[] = {"no", "yes", "warn", "raw", NULL};
	struct value value = {0};
	size_t i = 0;
	int err = get(&value, f, "usedns");

	*out = true;
	if (!err && value.len) {
		while (words[i] && strcasecmp(value.text, words[i]) != 0)
			i++;
		*out = i > 0;
		if (!words[i])
			err = refuse(f, &value, "usedns must be yes, no, warn or raw");
	}
	value_clear(&value);
	return err == -ENOENT ? 0 : err;
}

static int read_timezone(char **out, const struct filter *f)
{
	struct value value = {0};
	int err = get(&value, f, "logtimezone");

	if (!err && value.len) {
		*out = text_dup(value_text(&value));
		err = *out ? 0 : -ENOMEM;
	}
	value_clear(&value);
	return err == -ENOENT ? 0 : err;
}

/* ---- the whole ---- */

static int refuse_filter(const struct filter *f, const char *what)
{
	struct place place = {f->load.files[0], 0};

	diag_error(f->load.diag, place, "%s", what);
	return -EINVAL;
}

static int read_regexes(struct rules *rules, const struct filter *f)
{
	int err = read_prefix(&rules->prefregex, f);

	if (!err)
		err = read_list(&rules->fail, &rules->fails, f, "failregex");
	if (!err)
		err = read_list(&rules->ignore, &rules->ignores, f, "ignoreregex");
	if (!err && !rules->fails)
		err = refuse_filter(f, "the filter has no failregex");
	return err;
}

int filter_rules(struct rules *rules, const struct filter *filter)
{
	int err;

	if (!ini_find(&filter->ini, text_of(FILTER_SECTION)))
		return refuse_filter(filter, "there is no [Definition], so this is no filter");
	err = read_regexes(rules, filter);
	if (!err)
		err = read_words(&rules->dates, &rules->date_count, filter, "datepattern");
	if (!err)
		err = read_words(&rules->journal, &rules->journal_count, filter,
				 "journalmatch");
	if (!err)
		err = read_maxlines(&rules->maxlines, filter);
	if (!err)
		err = read_names(&rules->names, filter);
	return err ? err : read_timezone(&rules->logtimezone, filter);
}
