/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "match/certain.h"
#include "match/span.h"
#include "match/token.h"

/* A piece of an expression, with its quantifier. */
struct item {
	enum {
		ITEM_OTHER, /* may match nothing, or is not understood */
		ITEM_CHARACTER,
		ITEM_BAR,
		ITEM_GROUP,
		ITEM_LOOKAHEAD,
	} kind;
	bool optional;
	struct text name; /* of a group, if it has one */
	struct text body; /* what is in it */
};

/* What is between the parentheses. */
static void read_group(struct item *out, struct text in)
{
	size_t skip = 0;

	out->kind = ITEM_GROUP;
	if (in.len >= 3 && !memcmp(in.at, "?P<", 3)) {
		out->name = (struct text){in.at + 3, strcspn(in.at + 3, ">")};
		skip = out->name.len + 4;
	} else if (in.len >= 2 && in.at[0] == '?') {
		skip = 2;
		if (in.at[1] == '=')
			out->kind = ITEM_LOOKAHEAD;
		else if (in.at[1] != ':')
			out->kind = ITEM_OTHER;
	}
	out->body = (struct text){in.at + skip, in.len - skip};
}

/* Take the first item off. */
static void read_item(struct item *out, struct text *in)
{
	const char *end = in->at + in->len, *next;
	struct repeat repeat;
	size_t len = 1;

	*out = (struct item){0};
	if (*in->at == '(') {
		next = token_group(in->at, end);
		read_group(out, (struct text){in->at + 1, (size_t)(next - in->at) - 2});
	} else {
		if (*in->at == '\\' || *in->at == '[')
			span_of(*in, &len, NULL);
		if (*in->at == '|')
			out->kind = ITEM_BAR;
		else if (isalnum((unsigned char)*in->at) || *in->at == ' ')
			out->kind = ITEM_CHARACTER;
		next = in->at + len;
	}
	next = token_repeat(&repeat, next, end);
	out->optional = !repeat.min;
	*in = (struct text){next, (size_t)(end - next)};
}

/* Each alternative takes a character at least. */
static bool takes_text(struct text in)
{
	struct item item;
	bool takes = false;

	while (in.len) {
		read_item(&item, &in);
		if (item.kind == ITEM_BAR && !takes)
			return false;
		if (item.kind == ITEM_BAR)
			takes = false;
		if (!item.optional && (item.kind == ITEM_CHARACTER ||
				       (item.kind == ITEM_GROUP && takes_text(item.body))))
			takes = true;
	}
	return takes;
}

static bool takes_part(struct text in, const char *name, bool filled)
{
	struct item item;
	bool part = false;

	while (in.len) {
		read_item(&item, &in);
		if (item.kind == ITEM_BAR)
			return false;
		if (item.optional || (item.kind != ITEM_GROUP && item.kind != ITEM_LOOKAHEAD))
			continue;
		part |= text_equal(item.name, name) && (!filled || takes_text(item.body));
		part |= takes_part(item.body, name, filled);
	}
	return part;
}

bool certain_group(const char *pattern, const char *name, bool filled)
{
	return takes_part(text_of(pattern), name, filled);
}
