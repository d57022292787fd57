/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/parts.h"

/* ---- the filters ---- */

struct match *match_new(void)
{
	struct match *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	common_learn(&m->use.common);
	m->literals = literals_new();
	if (!m->literals || scratch_init(&m->scratch))
		goto fail;
	return m;
fail:
	match_free(m);
	return NULL;
}

static void jail_clear(struct jail *jail)
{
	filter_free(jail->filter);
	select_clear(&jail->selection);
}

void match_free(struct match *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		jail_clear(&m->jails[i]);
	for (size_t i = 0; i < m->view_count; i++)
		view_free(m->views[i]);
	free(m->jails);
	free(m->views);
	free(m->always);
	free(m->due);
	literals_free(m->literals);
	scratch_clear(&m->scratch);
	free(m);
}

static int resize(void *array, size_t count, size_t size)
{
	void *new = reallocarray(*(void **)array, count, size);

	if (!new)
		return -ENOMEM;
	*(void **)array = new;
	return 0;
}

static int make_room(struct match *m)
{
	if (resize(&m->jails, m->count + 1, sizeof(*m->jails)) ||
	    resize(&m->views, m->view_count + 1, sizeof(struct view *)) ||
	    resize(&m->always, m->count + 1, sizeof(*m->always)) ||
	    resize(&m->due, m->count + 1, sizeof(*m->due)))
		return -ENOMEM;
	return 0;
}

static int add_view(struct match *m, struct jail *jail, const struct rules *rules,
		    struct diag *diag)
{
	struct view *view;
	int err;

	for (size_t i = 0; i < m->view_count; i++) {
		jail->view = m->views[i];
		if (view_is_of(jail->view, rules))
			return 0;
	}
	err = view_new(&view, rules, diag);
	if (err)
		return err;
	for (size_t i = 0; i < m->view_count; i++) {
		jail->view = m->views[i];
		if (!dates_equal(jail->view->dates, view->dates))
			continue;
		view_free(view);
		return 0;
	}
	jail->view = m->views[m->view_count++] = view;
	return 0;
}

/* 0, or -ENOENT when it must see every line. */
static int add_words(struct match *m, struct jail *jail)
{
	const struct dates *dates = jail->view->dates;

	if (!dates_at_start(dates) && dates_cuts_words(dates))
		return -ENOENT;
	m->use.cut = dates_at_start(dates) ? WORDS_CUT_START : WORDS_CUT_WITHIN;
	return filter_add_literals(&jail->selection, jail->filter, m->literals, m->count,
				   &m->use);
}

int match_add(struct match *m, const struct rules *rules, struct diag *diag)
{
	struct jail jail = {0};
	int err = make_room(m);

	if (!err)
		err = filter_compile(&jail.filter, rules, diag);
	if (!err)
		err = add_view(m, &jail, rules, diag);
	if (!err)
		err = add_words(m, &jail);
	if (err == -ENOENT)
		m->always[m->always_count++] = m->count;
	else if (err)
		goto fail;
	if (dates_at_start(jail.view->dates))
		jail.ends = filter_ends(jail.filter);
	m->jails[m->count] = jail;
	m->ready = false;
	return (int)m->count++;
fail:
	jail_clear(&jail);
	return err;
}

int match_ready(struct match *m)
{
	int err = m->ready ? 0 : literals_build(m->literals);

	m->ready = !err;
	return err;
}

struct match_counts match_counts(const struct match *m)
{
	struct match_counts counts = m->counts;

	counts.limited = m->scratch.limited;
	for (size_t i = 0; i < m->view_count; i++)
		counts.limited += dates_limited(m->views[i]->dates);
	return counts;
}

/* ---- from run to run ---- */

void match_remember(struct match_memory *memory, struct text run)
{
	size_t room = sizeof(memory->earlier), keep = memory->earlier_len;

	if (run.len > room) {
		run.at += run.len - room;
		run.len = room;
	}
	if (keep > room - run.len)
		keep = room - run.len;
	memmove(memory->earlier, memory->earlier + memory->earlier_len - keep, keep);
	memcpy(memory->earlier + keep, run.at, run.len);
	memory->earlier_len = keep + run.len;
}

void match_memory_free(struct match_memory *memory)
{
	if (!memory)
		return;
	for (size_t i = 0; i < memory->count; i++)
		session_free(memory->sessions[i]);
	free(memory->sessions);
	free(memory);
}

struct match_memory *match_memory_new(struct match *m)
{
	struct match_memory *memory;

	if (match_ready(m))
		return NULL;
	memory = calloc(1, sizeof(*memory));
	if (!memory)
		return NULL;
	memory->sessions = calloc(m->count + 1, sizeof(struct session *));
	if (!memory->sessions)
		goto fail;
	for (; memory->count < m->count; memory->count++) {
		memory->sessions[memory->count] = session_new();
		if (!memory->sessions[memory->count])
			goto fail;
	}
	return memory;
fail:
	match_memory_free(memory);
	return NULL;
}

void match_memory_take(struct match_memory *memory, size_t index, struct match_memory *from,
		       size_t from_index)
{
	struct session *session = memory->sessions[index];

	memory->sessions[index] = from->sessions[from_index];
	memory->sessions[index]->asked = 0; /* its lines are counted anew */
	from->sessions[from_index] = session;
	if (!memory->earlier_len)
		match_remember(memory, (struct text){from->earlier, from->earlier_len});
}
