/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "match/span.h"
#include "match/token.h"

/* {n}, {n,}, {,m}, {n,m}; anything else in braces is text. Behind it, or NULL. */
static const char *read_braces(struct repeat *out, const char *at, const char *end)
{
	const char *p = at + 1;
	struct repeat repeat;
	char *next;

	if (p == end || (!isdigit((unsigned char)*p) && *p != ','))
		return NULL;
	repeat.min = (unsigned)strtoul(p, &next, 10);
	repeat.max = repeat.min;
	if (*next == ',') {
		p = next + 1;
		repeat.max = (unsigned)strtoul(p, &next, 10);
		if (next == p)
			repeat.max = UINT_MAX;
	}
	if (next >= end || *next != '}')
		return NULL;
	*out = repeat;
	return next + 1;
}

const char *token_repeat(struct repeat *out, const char *at, const char *end)
{
	char c = at < end ? *at : 0;

	*out = (struct repeat){1, 1};
	if (c == '{') {
		const char *behind = read_braces(out, at, end);

		if (!behind)
			return at;
		at = behind;
	} else if (c == '*' || c == '+' || c == '?') {
		out->min = c == '+';
		out->max = c == '?' ? 1 : UINT_MAX;
		at++;
	} else {
		return at;
	}
	return at + (at < end && (*at == '?' || *at == '+'));
}

const char *token_group(const char *at, const char *end)
{
	struct text rest = {at, (size_t)(end - at)};
	unsigned open = 0;

	while (rest.len > 0) {
		size_t len = 1;

		if (*rest.at == '\\' || *rest.at == '[')
			span_of(rest, &len, NULL);
		open += *rest.at == '(';
		if (*rest.at == ')' && --open == 0)
			return rest.at + 1;
		rest.at += len;
		rest.len -= len;
	}
	return end;
}

struct text token_tag(const char *at, const char *end)
{
	const char *p = at + 1;

	while (p < end && (isalnum((unsigned char)*p) || *p == '/' || *p == '_' || *p == '-'))
		p++;
	return (struct text){at, p < end && *p == '>' && p > at + 1 ? (size_t)(p + 1 - at) : 0};
}

const char *token_tag_end(struct text tag, const char *end)
{
	const char *p = tag.at + tag.len;

	for (; (size_t)(end - p) >= tag.len + 1; p++)
		if (p[0] == '<' && p[1] == '/' && !memcmp(p + 2, tag.at + 1, tag.len - 1))
			return p;
	return NULL;
}

bool token_is_host(struct text tag)
{
	static const char *const tags[] = {
		"<HOST>",  "<ADDR>",	  "<DNS>",    "<IP4>",	   "<IP6>",    "<SUBNET>",
		"<CIDR>",  "<F-IP4/>",	  "<F-IP6/>", "<F-ADDR/>", "<F-DNS/>", "<F-CIDR/>",
		"<F-ID/>", "<F-SUBNET/>", "<F-ID>",   NULL,
	};

	for (size_t i = 0; tags[i]; i++)
		if (text_equal(tag, tags[i]))
			return true;
	return false;
}
