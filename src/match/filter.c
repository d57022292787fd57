/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "match/filter.h"
#include "match/require.h"

struct filter {
	struct regex *pref; /* NULL: none */
	struct regex **fail;
	size_t fails;
	struct regex **ignore;
	size_t ignores;
};

/* ---- compiling ---- */

/* Compile one expression into *out and count it in *count. */
static int add_regex(struct regex **out, size_t *count, const struct rule *rule,
		     struct diag *diag)
{
	char why[256] = "";
	int err = regex_compile(out, rule->regex, why, sizeof(why));

	if (!err)
		++*count;
	if (err == -EINVAL)
		diag_error(diag, rule->place, "%s", why);
	return err;
}

static bool has_host(const struct regex *r)
{
	return r && (r->ip4 || r->ip6);
}

static int add_fail(struct filter *f, const struct rule *rule, struct diag *diag)
{
	int err = add_regex(&f->fail[f->fails], &f->fails, rule, diag);

	if (err || has_host(f->pref) || has_host(f->fail[f->fails - 1]))
		return err;
	diag_error(diag, rule->place,
		   "nothing in failregex says who it was: no <HOST> or <ADDR>");
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
		err = add_regex(&f->pref, &prefs, &rules->prefregex, diag);
	for (size_t i = 0; i < rules->fails && err != -ENOMEM; i++)
		err = graver(add_fail(f, &rules->fail[i], diag), err);
	for (size_t i = 0; i < rules->ignores && err != -ENOMEM; i++)
		err = graver(
			add_regex(&f->ignore[f->ignores], &f->ignores, &rules->ignore[i], diag),
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
	f->fail = calloc(rules->fails, sizeof(struct regex *));
	f->ignore = calloc(rules->ignores + 1, sizeof(struct regex *));
	if (f->fail && f->ignore)
		err = compile(f, rules, diag);
	if (err)
		goto fail;
	*out = f;
	return 0;
fail:
	filter_free(f);
	return err;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	regex_free(f->pref);
	for (size_t i = 0; i < f->fails; i++)
		regex_free(f->fail[i]);
	for (size_t i = 0; i < f->ignores; i++)
		regex_free(f->ignore[i]);
	free(f->fail);
	free(f->ignore);
	free(f);
}

/* ---- which lines ---- */

static unsigned bit_of(size_t fail)
{
	return fail < FILTER_BITS ? (unsigned)fail : FILTER_BITS - 1;
}

static int add_words(const struct words *words, struct literals *literals, size_t owner)
{
	for (unsigned i = 0; i < words->count; i++) {
		int err = literals_add(
			literals, (struct text){words->word[i].at, words->word[i].len}, owner);
		if (err)
			return err;
	}
	return 0;
}

/* The least useful of what the failregex need; 0: one of them needs nothing. */
static unsigned fail_score(const struct filter *f)
{
	unsigned worst = UINT32_MAX;
	struct words words;

	for (size_t i = 0; i < f->fails; i++) {
		require_of(&words, f->fail[i]->pattern);
		if (words_score(&words) < worst)
			worst = words_score(&words);
	}
	return worst;
}

/*
 * A line matches when prefregex and one failregex do, so words of either must be in it. Those
 * of the failregex also tell which of them to try, but may be much more common.
 */
int filter_add_literals(const struct filter *f, struct literals *literals, size_t first)
{
	unsigned fail = fail_score(f), pref = 0;
	struct words words;
	int err = 0;

	if (f->pref) {
		require_of(&words, f->pref->pattern);
		pref = words_score(&words);
	}
	if (!fail && !pref)
		return -ENOENT;
	if (pref > fail)
		return add_words(&words, literals, first + FILTER_BITS);
	for (size_t i = 0; i < f->fails && !err; i++) {
		require_of(&words, f->fail[i]->pattern);
		err = add_words(&words, literals, first + bit_of(i));
	}
	return err;
}

/* ---- searching ---- */

int scratch_init(struct scratch *s)
{
	if (search_init(&s->pref) || search_init(&s->fail) || search_init(&s->ignore)) {
		scratch_clear(s);
		return -ENOMEM;
	}
	return 0;
}

void scratch_clear(struct scratch *s)
{
	search_clear(&s->pref);
	search_clear(&s->fail);
	search_clear(&s->ignore);
}

static bool run(struct scratch *s, struct search *search, const struct regex *r,
		struct text subject)
{
	int found = search_run(search, r, subject);

	s->limited += found < 0;
	return found > 0;
}

static bool is_ignored(const struct filter *f, struct scratch *s, struct text subject)
{
	for (size_t i = 0; i < f->ignores; i++)
		if (run(s, &s->ignore, f->ignore[i], subject))
			return true;
	return false;
}

/* What <F-CONTENT> matched, if anything, takes the place of the line; it needs a newline. */
static struct text content(const struct filter *f, struct scratch *s, struct text subject)
{
	struct text t;

	if (!search_group(&s->pref, subject, f->pref->content, &t) || !t.len)
		return subject;
	if (t.at + t.len < subject.at + subject.len && t.at[t.len] == '\n')
		return (struct text){t.at, t.len + 1};
	if (t.len >= sizeof(s->content))
		t.len = sizeof(s->content) - 1;
	memcpy(s->content, t.at, t.len);
	s->content[t.len] = '\n';
	return (struct text){s->content, t.len + 1};
}

/* A search that found, and in what. */
struct found {
	const struct search *search;
	const struct regex *regex; /* NULL: there was no such search */
	struct text subject;
};

static bool group(const struct found *in, unsigned number, struct text *out)
{
	return search_group(in->search, in->subject, number, out);
}

/* IPv4 before IPv6, and what failregex matched before what prefregex did. */
static bool read_host(const struct found *in, size_t count, struct prefix *out)
{
	struct text t;

	for (size_t i = 0; i < count; i++)
		if (in[i].regex && group(&in[i], in[i].regex->ip4, &t))
			return prefix_parse(out, t.at, t.len);
	for (size_t i = 0; i < count; i++)
		if (in[i].regex && group(&in[i], in[i].regex->ip6, &t))
			return prefix_parse(out, t.at, t.len);
	return false;
}

static struct finding_extra *extra_find(struct finding *out, const char *name)
{
	for (size_t i = 0; i < out->extras; i++)
		if (!strcmp(out->extra[i].name, name))
			return &out->extra[i];
	return NULL;
}

/* Of a name that both expressions have the first search's value stays. An alternate fills in
 * for a value that its own expression lacks or has empty. */
static void read_extras(const struct found *in, struct finding *out)
{
	size_t before = out->extras;

	for (size_t i = 0; in->regex && i < in->regex->group_count; i++) {
		const struct regex_group *g = &in->regex->groups[i];
		struct finding_extra *have = extra_find(out, g->name);
		struct text value;

		if (!group(in, g->group, &value) || (g->alternate && !value.len))
			continue;
		if (!have && out->extras < FINDING_EXTRAS)
			out->extra[out->extras++] = (struct finding_extra){g->name, value};
		else if (have && have >= out->extra + before && g->alternate &&
			 !have->value.len)
			have->value = value;
	}
}

static enum outcome read_finding(const struct found *in, struct finding *out)
{
	/* Where no address stands, or none that exists ("192.0.2.09"), nothing is found. */
	if (!read_host(in, 2, &out->prefix))
		return OUTCOME_NONE;
	out->subject = SUBJECT_ADDRESS;
	out->extras = 0;
	read_extras(&in[0], out);
	read_extras(&in[1], out);
	return OUTCOME_FOUND;
}

enum outcome filter_find(const struct filter *f, uint64_t set, struct scratch *s,
			 struct session *session, struct text subject, int64_t now,
			 struct finding *out)
{
	struct text rest = subject;

	(void)session;
	(void)now;
	if (f->pref && !run(s, &s->pref, f->pref, subject))
		return OUTCOME_NONE;
	if (f->pref)
		rest = content(f, s, subject);
	for (size_t i = 0; i < f->fails; i++) {
		const struct found in[] = {{&s->fail, f->fail[i], rest},
					   {&s->pref, f->pref, subject}};

		if (!(set >> bit_of(i) & 1) || !run(s, &s->fail, f->fail[i], rest))
			continue;
		/* As in fail2ban: few ignoreregex see the whole line as well as the content. */
		if (is_ignored(f, s, rest) ||
		    (f->pref && f->ignores + 2 < f->fails && is_ignored(f, s, subject)))
			return OUTCOME_IGNORED;
		return read_finding(in, out);
	}
	return OUTCOME_NONE;
}
