/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is a rule, and what of a line is which part, was found by giving lines to Debian's
 * tcprules; tests/target/tcprules.py goes on doing so.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/tcprule.h"

#define DENY "deny"
#define ALLOW "allow"
#define OCTET_MAX 255

/* A record in the making. The data is never longer than the line. */
struct record {
	struct text key;
	char *data;
	size_t len;
	tcprule_each *each;
	void *arg;
};

static struct text part(struct text t, size_t from, size_t to)
{
	return (struct text){t.at + from, to - from};
}

/* The index of the first `c` from `from` on, or the length. */
static size_t find(struct text t, size_t from, char c)
{
	const char *at = from < t.len ? memchr(t.at + from, c, t.len - from) : NULL;

	return at ? (size_t)(at - t.at) : t.len;
}

static bool begins(struct text t, const char *word)
{
	return t.len >= strlen(word) && !memcmp(t.at, word, strlen(word));
}

static void append(struct record *record, struct text t)
{
	memcpy(record->data + record->len, t.at, t.len);
	record->len += t.len;
}

/* ",NAME=qVALUEq", where q is any byte, to "+NAME=VALUE" and NUL. */
static bool read_variables(struct record *record, struct text t)
{
	size_t equals, end;

	while (t.len) {
		equals = find(t, 1, '=');
		if (*t.at != ',' || equals + 1 >= t.len)
			return false;
		end = find(t, equals + 2, t.at[equals + 1]);
		if (end == t.len)
			return false;
		append(record, text_of("+"));
		append(record, part(t, 1, equals + 1));
		append(record, part(t, equals + 2, end));
		append(record, (struct text){"", 1});
		t = part(t, end + 1, t.len);
	}
	return true;
}

/* Digits to the end; none are 0. It wraps as an unsigned long does. */
static bool read_number(struct text t, uint64_t *out)
{
	uint64_t number = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(t.at[i] - '0');
	}
	*out = number;
	return true;
}

/* One record for each number of "A-B" in the address, the dots around it being its ends. */
static int each_of_range(struct record *record, size_t dash)
{
	struct text key = record->key, data = {record->data, record->len};
	const char *dot = memrchr(key.at, '.', dash);
	size_t left = dot ? (size_t)(dot + 1 - key.at) : 0, right = find(key, dash + 1, '.');
	uint64_t from, to;
	char *text;
	int error = 0;

	if (!read_number(part(key, left, dash), &from) ||
	    !read_number(part(key, dash + 1, right), &to))
		return -EINVAL;
	text = malloc(key.len + 4);
	if (!text)
		return -ENOMEM;
	memcpy(text, key.at, left);
	for (; from <= to && from <= OCTET_MAX && !error; from++) {
		size_t len = left + (size_t)sprintf(text + left, "%u", (unsigned)from);

		memcpy(text + len, key.at + right, key.len - right);
		error = record->each(record->arg, (struct text){text, len + key.len - right},
				     data);
	}
	free(text);
	return error;
}

static int each_record(struct record *record)
{
	struct text key = record->key;
	size_t dash = find(key, 0, '-');

	if (dash == key.len || find(key, 0, '=') < key.len || find(key, 0, '@') < key.len)
		return record->each(record->arg, key, (struct text){record->data, record->len});
	return each_of_range(record, dash);
}

/* Where the address ends. */
static size_t find_colon(struct text line, bool ipv6)
{
	size_t first = find(line, 0, ':');

	for (size_t at = first; ipv6 && at < line.len; at = find(line, at + 1, ':')) {
		struct text rest = part(line, at + 1, line.len);

		if (begins(rest, DENY) || begins(rest, ALLOW))
			return at;
	}
	return first;
}

static struct text trim_end(struct text t)
{
	while (t.len && strchr(" \t\n", t.at[t.len - 1]) && t.at[t.len - 1])
		t.len--;
	return t;
}

static int read_rule(struct record *record, struct text rest)
{
	if (begins(rest, DENY)) {
		append(record, (struct text){"D", 2});
		rest = part(rest, strlen(DENY), rest.len);
	} else if (begins(rest, ALLOW)) {
		rest = part(rest, strlen(ALLOW), rest.len);
	} else {
		return -EINVAL;
	}
	return read_variables(record, rest) ? each_record(record) : -EINVAL;
}

int tcprule_read(struct text line, bool ipv6, tcprule_each *each, void *arg)
{
	struct record record = {.each = each, .arg = arg};
	size_t colon;
	int error;

	line = trim_end(line);
	colon = find_colon(line, ipv6);
	if (!line.len || *line.at == '#' || colon == line.len)
		return 0;
	if (memchr(line.at, 0, line.len))
		return -EINVAL;
	record.key = part(line, 0, colon);
	record.data = malloc(line.len);
	if (!record.data)
		return -ENOMEM;
	error = read_rule(&record, part(line, colon + 1, line.len));
	free(record.data);
	return error;
}

/* ---- bans ---- */

/* The octet that a prefix ends within has a range of values. */
static void print_range(const struct prefix *prefix, char *out)
{
	unsigned whole = prefix->len / 8, bits = prefix->len % 8;
	char *at = out;

	for (unsigned i = 0; i < whole; i++)
		at += sprintf(at, "%u.", prefix->addr[i]);
	if (bits)
		at += sprintf(at, "%u-%u%s", prefix->addr[whole],
			      prefix->addr[whole] + (1u << (8 - bits)) - 1,
			      whole < 3 ? "." : "");
	memcpy(at, ":" DENY, sizeof(":" DENY));
}

bool tcprule_print(const struct prefix *prefix, char *out)
{
	char text[PREFIX_TEXT_MAX];

	if (prefix_is_single(prefix)) {
		sprintf(out, "%s:" DENY, prefix_print_addr(prefix, text));
		return true;
	}
	if (prefix->family != 4 || !prefix->len)
		return false;
	print_range(prefix, out);
	return true;
}

/* An octet at *at, without leading zeros. */
static bool take_octet(struct text *rest, unsigned *out)
{
	size_t len = 0;
	int64_t number;

	while (len < rest->len && rest->at[len] >= '0' && rest->at[len] <= '9')
		len++;
	if (!text_number(part(*rest, 0, len), 0, OCTET_MAX, &number) ||
	    (len > 1 && *rest->at == '0'))
		return false;
	*rest = part(*rest, len, rest->len);
	*out = (unsigned)number;
	return true;
}

static bool take(struct text *rest, char c)
{
	if (!rest->len || *rest->at != c)
		return false;
	*rest = part(*rest, 1, rest->len);
	return true;
}

/* "10." or "172.16-31." or "192.0.2.128-255". */
static bool parse_range(struct prefix *out, struct text rest)
{
	struct prefix prefix = {.family = 4};
	unsigned first, last, bits = 8;

	for (unsigned i = 0; i < 4; i++) {
		if (!take_octet(&rest, &first))
			return false;
		prefix.addr[i] = (uint8_t)first;
		if (take(&rest, '-')) {
			if (!take_octet(&rest, &last) || last <= first)
				return false;
			while (bits && first + (1u << (8 - bits)) - 1 < last)
				bits--;
		}
		prefix.len = (uint8_t)(8 * i + bits);
		if ((i == 3) == take(&rest, '.'))
			return false;
		if (!rest.len)
			break;
		if (bits < 8)
			return false;
	}
	*out = prefix;
	return !rest.len && prefix.len && prefix_valid(out);
}

bool tcprule_parse(struct prefix *out, struct text line)
{
	size_t len = line.len - strlen(":" DENY);
	char again[TCPRULE_MAX];
	struct prefix prefix;

	if (line.len < strlen(":" DENY) || line.len >= TCPRULE_MAX ||
	    memcmp(line.at + len, ":" DENY, strlen(":" DENY)) != 0)
		return false;
	if (!prefix_parse(&prefix, line.at, len) && !parse_range(&prefix, part(line, 0, len)))
		return false;
	if (!tcprule_print(&prefix, again) || !text_equal(line, again))
		return false;
	*out = prefix;
	return true;
}
