/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "swatch_parts.h"

/* Expressions: from Perl's to those of a filter, which means something else by some characters.
 */

/* Where an expression is written to; what does not fit is `full`. */
struct writing {
	char *out;
	size_t size, used;
	bool full;
};

static void put(struct writing *w, const char *at, size_t len)
{
	w->full |= len >= w->size - w->used;
	if (w->full)
		return;
	memcpy(w->out + w->used, at, len);
	w->used += len;
	w->out[w->used] = 0;
}

/* How long the group is that `t` begins with; 0: it has no end. */
static size_t group_length(struct text t)
{
	int depth = 0;
	bool class = false;

	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];

		if (c == '\\')
			i++;
		else if (class || c == '[')
			class = c != ']';
		else if (c == '(')
			depth++;
		else if (c == ')' && !--depth)
			return i + 1;
	}
	return 0;
}

/* "(?:" and the like; what captures by a name is "(?<name>" or "(?'name'" or "(?P<name>". */
static bool captures(struct text t)
{
	if (t.len < 3 || t.at[1] != '?')
		return true;
	if (t.at[2] == 'P' || t.at[2] == '\'')
		return true;
	return t.at[2] == '<' && t.len > 3 && t.at[3] != '=' && t.at[3] != '!';
}

/* How much of "(?<name>" goes before what the group is about. */
static size_t opening_length(struct text t)
{
	const char *end;

	if (t.len < 4 || t.at[1] != '?')
		return 1;
	end = memchr(t.at + 3, t.at[2] == '\'' ? '\'' : '>', t.len - 3);
	return end ? (size_t)(end + 1 - t.at) : t.len;
}

/* A blank that the format of a filter would take away, or would see a comment behind. */
static bool blank_is_lost(struct text t, size_t i)
{
	return !i || i + 1 == t.len || t.at[i + 1] == ';' || t.at[i + 1] == '#';
}

static void put_code(struct writing *w, char c)
{
	char code[8];

	put(w, code, (size_t)snprintf(code, sizeof code, "\\x%02x", (unsigned char)c));
}

/* "(?<=" and "(?<!". */
static bool looks_behind(struct text t, size_t i)
{
	return i > 1 && i + 1 < t.len && t.at[i - 1] == '?' && t.at[i - 2] == '(' &&
	       (t.at[i + 1] == '=' || t.at[i + 1] == '!');
}

/* Characters that mean something to the format of a filter. */
static void put_char(struct writing *w, struct text t, size_t i)
{
	unsigned char c = (unsigned char)t.at[i];

	if (c == '%')
		put(w, "%%", 2);
	else if (iscntrl(c) || (c == '<' && !looks_behind(t, i)) ||
		 (c == ' ' && blank_is_lost(t, i)))
		put_code(w, t.at[i]);
	else
		put(w, &t.at[i], 1);
}

/* In Perl a "$" that is not at the end of something begins a variable. */
static bool is_variable(struct text t, size_t i)
{
	if (t.at[i] == '@')
		return i + 1 < t.len &&
		       (isalpha((unsigned char)t.at[i + 1]) || t.at[i + 1] == '_');
	return t.at[i] == '$' && i + 1 < t.len && t.at[i + 1] != ')' && t.at[i + 1] != '|';
}

static void put_escape(struct writing *w, char c)
{
	const char escape[] = {'\\', c};

	if (c == '%')
		put(w, "%%", 2);
	else if (c == '<')
		put_code(w, c);
	else if (c == '/' || c == ':')
		put(w, &c, 1);
	else
		put(w, escape, 2);
}

static const char *translate_escape(struct writing *w, struct text t, size_t i)
{
	if (i + 1 == t.len)
		return "it ends with a backslash";
	if (isdigit((unsigned char)t.at[i + 1]) && t.at[i + 1] != '0')
		return "it refers back to a group";
	if (isalnum((unsigned char)t.at[i + 1]) || ispunct((unsigned char)t.at[i + 1]))
		put_escape(w, t.at[i + 1]);
	else
		put_code(w, t.at[i + 1]);
	return NULL;
}

/*
 * `field`: in place of the group of this number stands the address; 0: in none. Returns why it
 * cannot be translated, or NULL.
 */
static const char *translate(struct writing *w, struct text t, unsigned field)
{
	unsigned groups = 0;
	bool class = false, replaced = !field;
	const char *why = NULL;
	size_t length;

	for (size_t i = 0; i < t.len && !why; i++) {
		struct text rest = {t.at + i, t.len - i};

		if (t.at[i] == '\\') {
			why = translate_escape(w, t, i++);
		} else if (class || t.at[i] == '[') {
			class = t.at[i] != ']';
			put_char(w, t, i);
		} else if (is_variable(t, i)) {
			why = "it has a variable of Perl's";
		} else if (t.at[i] != '(' || !captures(rest)) {
			put_char(w, t, i);
		} else if (++groups == field) {
			length = group_length(rest);
			why = length ? NULL : "a group has no end";
			i += length ? length - 1 : 0;
			replaced = true;
			put(w, "<ADDR>", 6);
		} else {
			put(w, "(?:", 3);
			i += opening_length(rest) - 1;
		}
	}
	if (!why && !replaced)
		why = "its expression has not so many groups; is it for --awk-field-syntax?";
	return why ? why : w->full ? "its expression is too long" : NULL;
}

const char *swatch_regex_print(const struct swatch_regex *regex, char *out, size_t size,
			       unsigned field)
{
	struct writing w = {.out = out, .size = size};
	char fields[32];
	const char *why;

	*out = 0;
	if (regex->caseless)
		put(&w, "(?i)", 4);
	if (!regex->awk || !field)
		return translate(&w, regex->text, field);
	put(&w, "^(?=.*?(?:", 10);
	why = translate(&w, regex->text, 0);
	put(&w, "))\\s*", 5);
	if (field > 1)
		put(&w, fields,
		    (size_t)snprintf(fields, sizeof fields, "(?:\\S+\\s+){%u}", field - 1));
	put(&w, "<ADDR>(?:\\s|$)", 14);
	return why ? why : w.full ? "its expression is too long" : NULL;
}
