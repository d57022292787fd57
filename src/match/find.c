/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "match/expressions.h"
#include "match/recent.h"
#include "match/who.h"

/* Of search_run(): what one filter may spend on one line. */
#define LINE_STEPS ((uint64_t)5 * SEARCH_STEPS)

int scratch_init(struct scratch *s)
{
	s->limited = 0;
	s->trace = NULL;
	s->clock = NULL;
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

/* One filter at one line. */
struct look {
	struct filter *f;
	struct scratch *s;
	struct session *session;
	int64_t now;
	uint64_t steps;	   /* left */
	struct text whole; /* the line, or all recent ones */
	struct text rest;  /* what failregex see of it */
	bool narrowed;	   /* not all of it */
	bool ascii;
	struct recent *recent; /* NULL: line by line */
	struct captures captures;
};

static void trace(const struct look *l, enum match_stage stage, size_t index,
		  struct text subject, int result)
{
	const struct trace *t = l->s->trace;

	if (t)
		t->step(t->arg, stage, index, subject, result);
}

/* ---- searching ---- */

static int timed(struct look *l, struct search *search, struct regex *r, struct text subject,
		 struct profile *profile)
{
	int64_t begin;
	int found;

	if (!l->s->clock || !profile)
		return search_run_known(search, r, subject, l->ascii, &l->steps);
	begin = l->s->clock();
	found = search_run_known(search, r, subject, l->ascii, &l->steps);
	profile->ns += l->s->clock() - begin;
	profile->searches++;
	profile->matches += found > 0;
	return found;
}

static int run(struct look *l, struct search *search, struct regex *r, struct text subject,
	       struct profile *profile)
{
	int found;

	if (!l->steps) {
		l->f->counts.skipped++;
		return -ECANCELED;
	}
	found = timed(l, search, r, subject, profile);
	l->f->counts.limited += found < 0;
	l->s->limited += found < 0;
	return found;
}

static bool run_pref(struct look *l)
{
	struct filter *f = l->f;
	int found = run(l, &l->s->pref, f->pref, l->whole, &f->profiles[f->fails]);

	trace(l, MATCH_PREFREGEX, 0, l->whole, found);
	return found > 0;
}

static bool run_fail(struct look *l, size_t i)
{
	struct filter *f = l->f;
	int found = run(l, &l->s->fail, f->fail[i], l->rest, &f->profiles[i]);

	trace(l, MATCH_FAILREGEX, i, l->rest, found);
	return found > 0;
}

static bool is_ignored(struct look *l, struct text subject)
{
	for (size_t i = 0; i < l->f->ignores; i++) {
		int found = run(l, &l->s->ignore, l->f->ignore[i], subject, NULL);

		trace(l, MATCH_IGNOREREGEX, i, subject, found);
		if (found > 0)
			return true;
	}
	return false;
}

/* What <F-CONTENT> matched, if anything, takes the place of the line; it needs a newline. */
static void read_content(struct look *l, struct text t)
{
	struct scratch *s = l->s;
	const char *end = l->whole.at + l->whole.len;

	if (t.at >= l->whole.at && t.at + t.len < end && t.at[t.len] == '\n') {
		t.len++;
	} else {
		if (t.len >= sizeof(s->content))
			t.len = sizeof(s->content) - 1;
		memcpy(s->content, t.at, t.len);
		s->content[t.len] = '\n';
		t = (struct text){s->content, t.len + 1};
	}
	l->rest = t;
	l->narrowed = true;
	trace(l, MATCH_CONTENT, 0, t, 1);
}

/* ---- connections ---- */

/*
 * Add to what the line says what earlier ones of its connection said, as fail2ban does; an
 * address in the line leaves none of another family. Returns the connection unless it is
 * forgotten, and whether this is no failure.
 */
static struct connection *merge(struct look *l, struct connections *all, bool *nofail)
{
	struct captures *c = &l->captures;
	const struct text id = c->value[SLOT_MLFID], user = c->value[SLOT_USER];
	const struct text ip4 = c->value[SLOT_IP4], ip6 = c->value[SLOT_IP6];
	bool gained = captures_true(c, SLOT_GAINED), forget = captures_true(c, SLOT_FORGET);
	bool pending = captures_true(c, SLOT_PENDING);
	struct connection *known = all ? connections_find(all, id, l->now) : NULL;

	trace(l, MATCH_SESSION, known ? MATCH_SESSION_KNOWN : MATCH_SESSION_NEW, id, 1);
	if (known && !c->value[SLOT_PENDING].at)
		pending = known->pending && !gained;
	if (known) {
		l->s->connection = *known;
		connection_load(&l->s->connection, &l->f->slots, c);
	}
	if (!known && all && !forget)
		known = connections_add(all, l->now);
	if (known && user.len)
		connections_add_user(all, known, user);
	if (ip4.at || ip6.at) {
		c->value[SLOT_IP4] = ip4;
		c->value[SLOT_IP6] = ip6;
	}
	*nofail = (gained || captures_true(c, SLOT_NOFAIL)) && !pending &&
		  !(known && known->several_users);
	if (known && forget) {
		connections_del(all, known);
		trace(l, MATCH_SESSION, MATCH_SESSION_FORGOTTEN, id, 1);
		return NULL;
	}
	if (known) {
		connections_set_pending(all, known, false);
		connection_save(known, &l->f->slots, c);
	}
	return known;
}

/* True: a failure, and who it was may be told. */
static bool in_connection(struct look *l)
{
	struct session *session = l->session;
	const struct captures *c = &l->captures;
	struct text id = c->value[SLOT_MLFID];
	struct connection *known;
	bool nofail, somebody;

	if (!session->connections)
		session->connections = connections_new();
	known = merge(l, session->connections, &nofail);
	if (nofail) {
		trace(l, MATCH_SESSION, MATCH_SESSION_NOFAIL, id, 1);
		return false;
	}
	somebody = c->value[SLOT_IP4].at || c->value[SLOT_IP6].at || c->value[SLOT_DNS].at ||
		   c->value[SLOT_FID].at;
	if (!somebody) {
		trace(l, MATCH_SESSION, MATCH_SESSION_PENDING, id, 1);
		if (known)
			connections_set_pending(session->connections, known, true);
	}
	return somebody;
}

/* ---- a match ---- */

/* As in fail2ban, few ignoreregex see the whole line as well as the content. */
static bool is_early(const struct filter *f)
{
	return f->ignores && f->ignores + 2 < f->fails;
}

static void read_part(struct look *l, const struct regex *r, struct recent_part *part)
{
	size_t from, to, at = 0;
	struct text skipped;

	search_span(&l->s->fail, &from, &to);
	recent_match(l->recent, part, l->rest, from, to);
	for (size_t i = 0; i < r->skips; i++)
		if (search_group(&l->s->fail, l->rest, r->skip[i], &skipped))
			recent_skip(l->recent, part, skipped, &at);
}

/* Of several lines ignoreregex see those that matched, which are not matched again. */
static bool is_match_ignored(struct look *l, const struct regex *r)
{
	struct recent_part part;

	if (!l->recent)
		return is_ignored(l, l->rest) ||
		       (l->f->pref && is_early(l->f) && is_ignored(l, l->whole));
	read_part(l, r, &part);
	recent_drop(l->recent, &part);
	return is_ignored(l, recent_part_text(l->recent, &part));
}

static void read_captures(struct look *l, const struct regex *r)
{
	const struct regex *pref = l->f->pref;
	struct scratch *s = l->s;
	size_t slots = l->f->slots.count;

	if (!pref) {
		captures_read(&l->captures, slots, r, &s->fail, l->rest, &s->tuples);
		return;
	}
	captures_read(&l->captures, slots, pref, &s->pref, l->whole, &s->tuples);
	captures_update(&l->captures, slots, r, &s->fail, l->rest, &s->tuples);
}

static void read_extras(const struct look *l, struct finding *out)
{
	out->extras = 0;
	for (size_t i = SLOT_USER; i < l->f->slots.count && out->extras < FINDING_EXTRAS; i++)
		if (l->captures.value[i].at)
			out->extra[out->extras++] = (struct finding_extra){
				l->f->slots.name[i], l->captures.value[i]};
}

/* The tags that make a finding something else than a failure; in one line there is one. */
static void read_kind(const struct captures *c, struct finding *out)
{
	static const struct {
		enum slot slot;
		enum finding_kind kind;
	} kinds[] = {
		{SLOT_ALARM, FINDING_ALARM},
		{SLOT_SESSION_OPEN, FINDING_OPENED},
		{SLOT_SESSION_END, FINDING_ENDED},
		{SLOT_TELLS, FINDING_TELLS},
	};

	out->kind = FINDING_FAILURE;
	out->about = (struct text){NULL, 0};
	out->checked = captures_true(c, SLOT_SESSION);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!captures_true(c, kinds[i].slot))
			continue;
		out->kind = kinds[i].kind;
		out->about = c->value[kinds[i].slot];
	}
}

static enum outcome matched(struct look *l, const struct regex *r, struct finding *out)
{
	struct text said;
	bool found;

	if (is_match_ignored(l, r))
		return OUTCOME_IGNORED;
	read_captures(l, r);
	if (l->captures.value[SLOT_MLFID].at && !in_connection(l))
		return OUTCOME_NONE;
	found = who_read(out, &said, &l->captures, l->f->names);
	if (said.at)
		trace(l, MATCH_HOST, 0, said, found);
	if (!found)
		return OUTCOME_NONE;
	read_kind(&l->captures, out);
	read_extras(l, out);
	return OUTCOME_FOUND;
}

/* The lines to search in. False: out of memory, and then it is the line alone. */
static bool remember(struct look *l)
{
	struct session *s = l->session;

	if (s->recent && recent_max(s->recent) != l->f->lines) {
		recent_free(s->recent);
		s->recent = NULL;
	}
	if (!s->recent)
		s->recent = recent_new(l->f->lines);
	if (!s->recent)
		return false;
	recent_add(s->recent, l->whole);
	l->recent = s->recent;
	l->whole = recent_text(s->recent);
	l->ascii = l->ascii && utf8_is_ascii(l->whole);
	return true;
}

/* What <F-CONTENT>, of the group, matched. */
static bool find_content(const struct look *l, const struct regex_group *group,
			 struct text *out)
{
	if (group->slot != SLOT_CONTENT || group->kind == GROUP_TUPLE ||
	    !search_group(&l->s->pref, l->whole, group->group, out) || !out->len)
		return false;
	if (l->f->pref->open && group->kind == GROUP_PLAIN)
		out->len = (size_t)(l->whole.at + l->whole.len - 1 - out->at);
	return true;
}

/* What failregex search in. False: prefregex did not match. */
static bool narrow(struct look *l)
{
	const struct regex *pref = l->f->pref;
	struct text t;

	l->rest = l->whole;
	l->narrowed = false;
	if (!pref)
		return true;
	if (!run_pref(l))
		return false;
	for (size_t i = 0; i < pref->group_count && !l->narrowed; i++)
		if (find_content(l, &pref->groups[i], &t))
			read_content(l, t);
	return true;
}

/* The first of the set from `i` on. */
static size_t next_fail(uint64_t set, size_t i)
{
	uint64_t rest = set >> (i < FILTER_BITS ? i : FILTER_BITS - 1);

	if (!rest)
		return SIZE_MAX;
	return i < FILTER_BITS ? i + (size_t)__builtin_ctzll(rest) : i;
}

enum outcome filter_find(struct filter *f, uint64_t set, struct scratch *s,
			 struct session *session, struct text subject, int64_t now,
			 struct finding *out)
{
	struct look l;

	l.f = f;
	l.s = s;
	l.session = session;
	l.now = now;
	l.steps = LINE_STEPS;
	l.whole = subject;
	l.recent = NULL;
	s->tuples.used = 0;
	l.ascii = utf8_is_ascii(subject);
	if (f->lines > 1 && remember(&l) && is_early(f) && is_ignored(&l, l.whole))
		return OUTCOME_IGNORED;
	if (!narrow(&l))
		return OUTCOME_NONE;
	for (size_t i = next_fail(set, 0); i < f->fails; i = next_fail(set, i + 1))
		if (run_fail(&l, i))
			return matched(&l, f->fail[i], out);
	/* fail2ban keeps no more of lines that only prefregex matches. */
	if (l.recent && l.narrowed)
		recent_replace(l.recent, l.rest);
	return OUTCOME_NONE;
}
