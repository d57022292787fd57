/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "match/lint.h"
#include "match/match.h"
#include "match/shape.h"

#define SHOWN 80

/*
 * Free text that starts with a character, as ": " does, which what stands in front of the
 * address cannot have: who wrote that knew that the peer cannot write it.
 */
static bool is_fenced(const struct shape *s)
{
	for (size_t i = 0; i < s->lead_behind.len && s->part.len; i++) {
		char c = s->lead_behind.at[i];

		if (ispunct((unsigned char)c) && !strchr("\\\"'`", c) && *s->part.at == '[' &&
		    !span_takes(s->part, c))
			return true;
	}
	return false;
}

enum lint lint_regex(struct text *part, const char *pref, const char *fail)
{
	struct shape s = shape_of(pref, fail);

	*part = s.part;
	/* Where nothing of a peer's follows up to the end, the address is the last in the line
	 * that fits, and that one is the server's. */
	if (!s.host || (s.ends && s.behind <= BREADTH_TEXT))
		return LINT_GOOD;
	if (!s.begins)
		return LINT_LOOSE;
	if (s.before == BREADTH_NARROW)
		return LINT_GOOD;
	/* Text that ends at a character leaves the first address that fits, unless a peer can
	 * write that character and the rest, which takes free text behind. */
	if (s.before != BREADTH_ANY && s.ends && (s.behind <= BREADTH_WIDE || is_fenced(&s)))
		return LINT_GOOD;
	return LINT_GREEDY;
}

static bool within(struct text part, const char *text)
{
	struct text whole = text_of(text);

	return whole.at && part.at >= whole.at && part.at <= whole.at + whole.len;
}

static void warn(struct diag *diag, struct place place, enum lint lint, struct text part)
{
	char shown[SHOWN];

	if (lint == LINT_LOOSE)
		diag_warning(diag, place,
			     "neither ^ nor $ ties the address to the line: a peer can write "
			     "another's anywhere in what it says");
	else if (part.len)
		diag_warning(diag, place,
			     "%s in front of the address takes what a peer says, and the line "
			     "may go on behind it: a peer can write another's address there",
			     text_show(part, shown, sizeof(shown)));
	else
		diag_warning(diag, place,
			     "no ^ ties the expression to the start of the content: a peer can "
			     "write another's address in what it says");
}

void match_lint(const struct rules *rules, struct diag *diag)
{
	const struct rule *pref = &rules->prefregex;
	bool said = false; /* of what is wrong in the prefregex, once is enough */

	for (size_t i = 0; i < rules->fails; i++) {
		struct text part;
		enum lint lint = lint_regex(&part, pref->regex, rules->fail[i].regex);
		bool in_pref = pref->regex && (lint == LINT_LOOSE || within(part, pref->regex));

		if (lint == LINT_GOOD || (in_pref && said))
			continue;
		said |= in_pref;
		warn(diag, in_pref ? pref->place : rules->fail[i].place, lint, part);
	}
}
