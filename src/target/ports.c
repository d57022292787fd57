/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "target/ports.h"

static bool take(struct text *t, const char *start)
{
	size_t len = strlen(start);

	if (t->len < len || memcmp(t->at, start, len) != 0)
		return false;
	*t = (struct text){t->at + len, t->len - len};
	return true;
}

static bool parse_range(struct port_range *out, struct text t)
{
	const char *dash = t.len ? memchr(t.at, '-', t.len) : NULL;
	struct text first = t, last = t;
	int64_t low, high;

	if (dash) {
		first.len = (size_t)(dash - t.at);
		last = (struct text){dash + 1, t.len - first.len - 1};
	}
	if (!text_number(first, 1, UINT16_MAX, &low) ||
	    !text_number(last, low, UINT16_MAX, &high))
		return false;
	*out = (struct port_range){(uint16_t)low, (uint16_t)high};
	return true;
}

static bool parse_word(struct ports_word *out, struct text t)
{
	out->udp = take(&t, "udp:");
	return (out->udp || take(&t, "tcp:")) && parse_range(&out->range, t);
}

bool ports_parse(struct ports *out, struct text text)
{
	struct ports ports = {0};
	struct text word;

	while (text_word(&text, &word))
		if (ports.count == PORTS_WORDS_MAX ||
		    !parse_word(&ports.at[ports.count++], word))
			return false;
	if (!ports.count)
		return false;
	*out = ports;
	return true;
}

static bool has(const struct ports *ports, const struct ports_word *word)
{
	for (size_t i = 0; i < ports->count; i++)
		if (ports->at[i].udp == word->udp &&
		    ports->at[i].range.first == word->range.first &&
		    ports->at[i].range.last == word->range.last)
			return true;
	return false;
}

static bool includes(const struct ports *a, const struct ports *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (!has(a, &b->at[i]))
			return false;
	return true;
}

bool ports_equal(const struct ports *a, const struct ports *b)
{
	return includes(a, b) && includes(b, a);
}

const char *ports_print(const struct ports_word *word, char *out, size_t size)
{
	const struct port_range *range = &word->range;

	if (range->first == range->last)
		snprintf(out, size, "%s %u", word->udp ? "udp" : "tcp", range->first);
	else
		snprintf(out, size, "%s %u-%u", word->udp ? "udp" : "tcp", range->first,
			 range->last);
	return out;
}
