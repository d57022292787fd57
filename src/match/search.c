/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "match/search.h"
#include "match/subject.h"

/*
 * With the 32 KiB on the machine stack that JIT code uses by default, lines of 4 KiB already
 * fail in some filters, which would be a way to evade them. A search that needs more than JIT's
 * own stack is repeated by the interpreter, whose memory is the heap.
 */
#define JIT_STACK_MIN ((size_t)32 * 1024)
#define JIT_STACK_MAX ((size_t)1024 * 1024)
#define HEAP_MAX_KIB 8192

/*
 * Subjects up to so many bytes are given to JIT code as it is: quadratic in the worst of
 * fail2ban's filters, which is 1 ms then. An expression that is tried at every character may be
 * one power worse. What is worse than that runs into the limit, after at most 3 ms.
 */
#define PLAIN_BYTES 1024
#define PLAIN_BYTES_WITHIN 256

/* JIT code counts each coming to an item that is repeated, for every character at which it
 * tries anew. */
#define JIT_LIMIT 200000
#define JIT_LIMIT_WITHIN 1000000 /* at all characters together */

/* The interpreter takes about as long to come to an item as to run over so many characters. */
#define ITEM_STEPS 4

struct counter {
	uint64_t steps, most;
	size_t start, at; /* where in the subject the attempt began, and where it was */
};

/* Called before each item of the expression is tried. Characters that were run over, forwards
 * or back, since the last call are the distance from there; the way to where the next attempt
 * begins is next to nothing. */
static int count(pcre2_callout_block *block, void *arg)
{
	struct counter *c = arg;
	size_t at = block->current_position;

	if (block->start_match != c->start)
		c->start = c->at = block->start_match;
	c->steps += ITEM_STEPS + (at > c->at ? at - c->at : c->at - at);
	c->at = at;
	return c->steps > c->most ? PCRE2_ERROR_CALLOUT : 0;
}

int search_init(struct search *s)
{
	*s = (struct search){0};
	s->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	s->context = pcre2_match_context_create(NULL);
	s->data = pcre2_match_data_create(REGEX_GROUPS_MAX + 1, NULL);
	if (!s->stack || !s->context || !s->data) {
		search_clear(s);
		return -ENOMEM;
	}
	pcre2_jit_stack_assign(s->context, NULL, s->stack);
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

static bool is_short(const struct regex *r, struct text subject)
{
	return subject.len <= (r->anchored ? PLAIN_BYTES : PLAIN_BYTES_WITHIN);
}

static int run_plain(struct search *s, struct regex *r, struct text subject, bool ascii,
		     struct counter *counter)
{
	const pcre2_code *code = regex_machine(r, ascii);
	int n;

	if (!code)
		return PCRE2_ERROR_JIT_BADOPTION;
	pcre2_set_match_limit(s->context, JIT_LIMIT);
	n = pcre2_jit_match(code, (PCRE2_SPTR)subject.at, subject.len, 0, 0, s->data,
			    s->context);
	if (n == PCRE2_ERROR_MATCHLIMIT)
		counter->steps = counter->most;
	return n;
}

static int run_marked(struct search *s, struct regex *r, struct text subject,
		      struct counter *counter)
{
	const pcre2_code *code = regex_marked(r);
	uint32_t limit = JIT_LIMIT;
	int n;

	if (!code)
		return PCRE2_ERROR_JIT_BADOPTION;
	if (!r->anchored)
		limit = (uint32_t)(JIT_LIMIT_WITHIN / subject.len);
	pcre2_set_match_limit(s->context, limit);
	pcre2_set_callout(s->context, count, counter);
	n = pcre2_jit_match(code, (PCRE2_SPTR)subject.at, subject.len, 0, 0, s->data,
			    s->context);
	pcre2_set_callout(s->context, NULL, NULL);
	return n == PCRE2_ERROR_MATCHLIMIT ? PCRE2_ERROR_JIT_STACKLIMIT : n;
}

static int run_counted(struct search *s, struct regex *r, struct text subject,
		       struct counter *counter)
{
	int n;

	if (regex_count(r))
		return PCRE2_ERROR_NOMEMORY;
	pcre2_set_match_limit(s->context, UINT32_MAX); /* the steps are the limit */
	pcre2_set_callout(s->context, count, counter);
	n = pcre2_match(r->counted, (PCRE2_SPTR)subject.at, subject.len, 0, PCRE2_NO_UTF_CHECK,
			s->data, s->context);
	pcre2_set_callout(s->context, NULL, NULL);
	return n;
}

int search_run(struct search *s, struct regex *r, struct text subject, uint64_t *steps)
{
	return search_run_known(s, r, subject, utf8_is_ascii(subject), steps);
}

int search_run_known(struct search *s, struct regex *r, struct text subject, bool ascii,
		     uint64_t *steps)
{
	struct counter counter = {.most = SEARCH_STEPS};
	int n;

	if (steps && *steps < counter.most)
		counter.most = *steps;
	if (is_short(r, subject))
		n = run_plain(s, r, subject, ascii, &counter);
	else
		n = run_marked(s, r, subject, &counter);
	if (n == PCRE2_ERROR_JIT_STACKLIMIT || n == PCRE2_ERROR_JIT_BADOPTION)
		n = run_counted(s, r, subject, &counter);
	if (steps)
		*steps -= counter.steps < *steps ? counter.steps : *steps;
	if (n > 0)
		return 1;
	return n == PCRE2_ERROR_NOMATCH ? 0 : -EOVERFLOW;
}

void search_span(const struct search *s, size_t *from, size_t *to)
{
	const PCRE2_SIZE *at = search_spans(s);

	*from = at[0];
	*to = at[1];
}

bool search_group(const struct search *s, struct text subject, unsigned group, struct text *out)
{
	return spans_group(search_spans(s), subject, group, out);
}
