/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "match/captures.h"

void slots_init(struct slots *s)
{
	static const char *const names[] = {
		[SLOT_IP4] = "ip4",
		[SLOT_IP6] = "ip6",
		[SLOT_DNS] = "dns",
		[SLOT_CIDR] = "cidr",
		[SLOT_FID] = "fid",
		[SLOT_CONTENT] = "content",
		[SLOT_MLFID] = "mlfid",
		[SLOT_NOFAIL] = "nofail",
		[SLOT_FORGET] = "mlfforget",
		[SLOT_GAINED] = "mlfgained",
		[SLOT_PENDING] = "mlfpending",
		[SLOT_ALARM] = "alarm",
		[SLOT_SESSION] = "session",
		[SLOT_SESSION_OPEN] = "session_open",
		[SLOT_SESSION_END] = "session_end",
		[SLOT_TELLS] = "tells",
		[SLOT_USER] = "user",
	};

	memcpy(s->name, names, sizeof(names));
	s->count = sizeof(names) / sizeof(*names);
}

static unsigned slot_of(struct slots *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->name[i], name))
			return (unsigned)i;
	if (s->count == SLOTS_MAX)
		return SLOTS_MAX;
	s->name[s->count] = name;
	return (unsigned)s->count++;
}

void slots_learn(struct slots *s, struct regex *r)
{
	r->plain = true;
	for (size_t i = 0; i < r->group_count; i++) {
		r->groups[i].slot = slot_of(s, r->groups[i].name);
		r->plain &= r->groups[i].kind == GROUP_PLAIN && r->groups[i].slot < SLOTS_MAX;
	}
}

/* ---- tuples ---- */

static bool put(struct tuples *t, const char *at, size_t len)
{
	if (len > sizeof(t->text) - t->used)
		return false;
	memcpy(t->text + t->used, at, len);
	t->used += len;
	return true;
}

/* A part as Python shows it, so that no two tuples look the same. */
static bool put_part(struct tuples *t, struct text part)
{
	bool apostrophe = part.at && memchr(part.at, '\'', part.len);
	char quote = apostrophe && !memchr(part.at, '"', part.len) ? '"' : '\'';
	bool fits;

	if (!part.at)
		return put(t, "None", 4);
	fits = put(t, &quote, 1);
	for (size_t i = 0; i < part.len && fits; i++) {
		if (part.at[i] == quote || part.at[i] == '\\')
			fits = put(t, "\\", 1);
		fits = fits && put(t, part.at + i, 1);
	}
	return fits && put(t, &quote, 1);
}

/* One search that found. */
struct result {
	const struct regex *regex;
	const PCRE2_SIZE *spans;
	struct text subject;
};

static struct text value_of(const struct result *r, const struct regex_group *g)
{
	struct text value = {NULL, 0};

	spans_group(r->spans, r->subject, g->group, &value);
	return value;
}

/* All parts of the tuple whose first group is `first`, after the plain value. */
static void read_tuple(struct captures *out, const struct result *r, size_t first,
		       struct tuples *t)
{
	const struct regex_group *groups = r->regex->groups;
	unsigned slot = groups[first].slot;
	size_t begin = t->used;
	bool fits = put(t, "(", 1) && put_part(t, out->value[slot]);

	for (size_t i = first; i < r->regex->group_count && fits; i++)
		if (groups[i].slot == slot)
			fits = put(t, ", ", 2) && put_part(t, value_of(r, &groups[i]));
	fits = fits && put(t, ")", 1);
	if (!fits)
		t->used = begin;
	out->value[slot] = (struct text){fits ? t->text + begin : NULL, t->used - begin};
	out->have |= UINT64_C(1) << slot;
}

/* ---- reading ---- */

static void read_group(struct captures *out, const struct result *r, size_t i,
		       struct tuples *tuples, uint64_t *done)
{
	const struct regex_group *g = &r->regex->groups[i];
	uint64_t bit = UINT64_C(1) << g->slot;
	struct text value = value_of(r, g);
	bool fills = g->kind == GROUP_ALT && value.len && !out->value[g->slot].len;

	if (g->kind == GROUP_PLAIN || fills) {
		out->value[g->slot] = value;
		out->have |= bit;
	} else if (g->kind == GROUP_TUPLE && !(*done & bit)) {
		read_tuple(out, r, i, tuples);
		*done |= bit;
	}
}

static void read_plain(struct captures *out, const struct result *r)
{
	const struct regex_group *g = r->regex->groups, *end = g + r->regex->group_count;

	for (; g < end; g++) {
		out->value[g->slot] = value_of(r, g);
		out->have |= UINT64_C(1) << g->slot;
	}
}

static void read_any(struct captures *out, const struct result *r, struct tuples *tuples)
{
	uint64_t done = 0; /* tuples */

	for (size_t i = 0; i < r->regex->group_count; i++)
		if (r->regex->groups[i].slot < SLOTS_MAX)
			read_group(out, r, i, tuples, &done);
}

static void clear(struct captures *c, size_t slots)
{
	memset(c->value, 0, slots * sizeof(*c->value));
	c->have = 0;
}

void captures_read(struct captures *out, size_t slots, const struct regex *regex,
		   const struct search *search, struct text subject, struct tuples *tuples)
{
	const struct result result = {regex, search_spans(search), subject};

	clear(out, slots);
	read_any(out, &result, tuples);
}

void captures_update(struct captures *c, size_t slots, const struct regex *regex,
		     const struct search *search, struct text subject, struct tuples *tuples)
{
	const struct result result = {regex, search_spans(search), subject};
	struct captures over;

	if (regex->plain) {
		read_plain(c, &result);
		return;
	}
	clear(&over, slots);
	read_any(&over, &result, tuples);
	for (uint64_t have = over.have; have; have &= have - 1)
		c->value[__builtin_ctzll(have)] = over.value[__builtin_ctzll(have)];
	c->have |= over.have;
}

bool captures_true(const struct captures *c, enum slot slot)
{
	return c->value[slot].len > 0;
}
