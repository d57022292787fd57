/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/certain.h"
#include "match/expressions.h"

/* ---- compiling ---- */

/* Compile one expression into *out and count it in *count. */
static int add_regex(struct filter *f, struct regex **out, size_t *count, unsigned flags,
		     const struct rule *rule, struct diag *diag)
{
	char why[256] = "";
	int err = regex_compile(out, rule->regex, flags | (f->names ? REGEX_NAMES : 0), why,
				sizeof(why));

	if (err == -EINVAL)
		diag_error(diag, rule->place, "%s", why);
	if (err)
		return err;
	slots_learn(&f->slots, *out);
	++*count;
	return 0;
}

/* Does a plain group say who it was, or in which connection? */
static bool has_subject(const struct regex *r)
{
	for (size_t i = 0; r && i < r->group_count; i++) {
		const struct regex_group *g = &r->groups[i];

		if (g->kind == GROUP_PLAIN && g->slot != SLOT_CIDR &&
		    (g->slot <= SLOT_FID || g->slot == SLOT_MLFID))
			return true;
	}
	return false;
}

static int add_fail(struct filter *f, const struct rule *rule, struct diag *diag)
{
	int err = add_regex(f, &f->fail[f->fails], &f->fails, f->lines > 1 ? REGEX_LINES : 0,
			    rule, diag);

	if (err || has_subject(f->pref) || has_subject(f->fail[f->fails - 1]))
		return err;
	diag_error(diag, rule->place,
		   "nothing in failregex says who it was: no <HOST>, <ADDR> or <F-ID>");
	return -EINVAL;
}

/* Every mistake is reported: of the errors the gravest is returned, no memory before no sense.
 */
static int graver(int a, int b)
{
	return a == -ENOMEM || !b ? a : b;
}

static int compile(struct filter *f, const struct rules *rules, struct diag *diag)
{
	size_t prefs = 0;
	int err = 0;

	if (rules->prefregex.regex)
		err = add_regex(f, &f->pref, &prefs, f->lines > 1 ? 0 : REGEX_LINE,
				&rules->prefregex, diag);
	for (size_t i = 0; i < rules->fails && err != -ENOMEM; i++)
		err = graver(add_fail(f, &rules->fail[i], diag), err);
	for (size_t i = 0; i < rules->ignores && err != -ENOMEM; i++)
		err = graver(add_regex(f, &f->ignore[f->ignores], &f->ignores, 0,
				       &rules->ignore[i], diag),
			     err);
	return err;
}

static struct place whole(const struct rules *rules)
{
	return (struct place){rules->file_count ? rules->files[0] : rules->name, 0};
}

int filter_compile(struct filter **out, const struct rules *rules, struct diag *diag)
{
	struct filter *f;
	int err = -ENOMEM;

	if (!rules->fails) {
		diag_error(diag, whole(rules), "the filter has no failregex");
		return -EINVAL;
	}
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->lines = rules->maxlines < RULES_LINES_MAX ? rules->maxlines : RULES_LINES_MAX;
	f->names = rules->names;
	slots_init(&f->slots);
	f->fail = calloc(rules->fails, sizeof(struct regex *));
	f->ignore = calloc(rules->ignores + 1, sizeof(struct regex *));
	f->profiles = calloc(rules->fails + 1, sizeof(*f->profiles));
	if (f->fail && f->ignore && f->profiles)
		err = compile(f, rules, diag);
	if (err)
		goto fail;
	*out = f;
	return 0;
fail:
	filter_free(f);
	return err;
}

static void list_free(struct regex **list, size_t count)
{
	for (size_t i = 0; list && i < count; i++)
		regex_free(list[i]);
	free(list);
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	regex_free(f->pref);
	list_free(f->fail, f->fails);
	list_free(f->ignore, f->ignores);
	free(f->profiles);
	free(f);
}

/* ---- which lines ---- */

static bool says_who(const struct regex *r)
{
	for (size_t i = 0; r && i < r->group_count; i++)
		if (r->groups[i].slot <= SLOT_FID)
			return true;
	return false;
}

static bool has_group(const struct regex *r, enum slot slot, bool plain)
{
	for (size_t i = 0; r && i < r->group_count; i++)
		if (r->groups[i].slot == slot && (plain || r->groups[i].kind != GROUP_PLAIN))
			return true;
	return false;
}

/* A plain group of the name, and no other, has text whatever the expression matches. */
static bool is_set(const struct regex *r, enum slot slot, const char *name)
{
	return has_group(r, slot, true) && !has_group(r, slot, false) &&
	       certain_group(r->pattern, name, true);
}

/* Whatever it matches with prefregex has the id of a connection. */
static bool is_identified(const struct regex *pref, const struct regex *r)
{
	const struct regex *by = has_group(r, SLOT_MLFID, true) ? r : pref;

	return by && certain_group(by->pattern, "mlfid", false) &&
	       !has_group(pref, SLOT_MLFID, false) && !has_group(r, SLOT_MLFID, false);
}

/*
 * It says that a connection is over, and nothing against anybody, whatever it matches. Who it
 * names then matters in the connection alone.
 */
static bool only_ends(const struct regex *pref, const struct regex *r)
{
	if (has_group(pref, SLOT_PENDING, true) || has_group(r, SLOT_PENDING, true))
		return false;
	return is_set(r, SLOT_FORGET, "mlfforget") &&
	       (is_set(r, SLOT_NOFAIL, "nofail") || is_set(r, SLOT_GAINED, "mlfgained")) &&
	       (is_identified(pref, r) || !(says_who(pref) || says_who(r)));
}

uint64_t filter_ends(const struct filter *f)
{
	uint64_t set = 0;

	if (f->lines > 1 || f->ignores)
		return 0;
	for (size_t i = 0; i < f->fails && i < FILTER_BITS - 1; i++)
		if (only_ends(f->pref, f->fail[i]))
			set |= filter_bit(i);
	return set;
}

int filter_add_literals(struct selection *out, const struct filter *f,
			struct literals *literals, size_t owner, const struct words_use *use)
{
	*out = (struct selection){0};
	/* Lines are matched together, and words may be in any of them. */
	if (f->lines > 1)
		return -ENOENT;
	return select_words(out, literals, owner, use, f->pref, f->fail, f->fails);
}

/* ---- its expressions ---- */

static struct regex *regex_at(const struct filter *f, size_t index)
{
	if (index == FILTER_PREFREGEX)
		return f->pref;
	return index < f->fails ? f->fail[index] : NULL;
}

struct filter_counts filter_counts(const struct filter *f)
{
	return f->counts;
}

size_t filter_regexes(const struct filter *f)
{
	return f->fails;
}

const char *filter_text(const struct filter *f, size_t index)
{
	const struct regex *r = regex_at(f, index);

	return r ? r->text : NULL;
}

const char *filter_pattern(const struct filter *f, size_t index)
{
	const struct regex *r = regex_at(f, index);

	return r ? r->pattern : NULL;
}

int filter_furthest(const struct filter *f, size_t index, struct text subject,
		    size_t *pattern_at, size_t *subject_at)
{
	const struct regex *r = regex_at(f, index);

	return r ? regex_furthest(r, subject, pattern_at, subject_at) : -ENOENT;
}

bool filter_profile(const struct filter *f, size_t index, struct profile *out)
{
	if (!regex_at(f, index))
		return false;
	*out = f->profiles[index == FILTER_PREFREGEX ? f->fails : index];
	return true;
}
