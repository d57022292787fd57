/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "match/python.h"

/*
 * This file alone knows where Python's syntax and PCRE2's part. Measured over every character
 * and over fail2ban's filters, \w, \d and \b are the same with UTF and UCP; \s is not: to
 * Python U+001C..U+001F are white space (audit.log uses U+001D) and U+180E is not.
 */
#define WIDE_SPACES                                                                            \
	"\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
#define SPACES "\\t-\\r\\x1c-\\x20" WIDE_SPACES

#define NAME_LEN_MAX 32 /* of a group, in PCRE2 before 10.44 */

struct python {
	const char *at;
	FILE *out;
	char *why;
	size_t size;
	FILE *items; /* those of a class, as far as they are read; NULL until the first */
	char *item_text;
	size_t item_len;
	bool begun; /* something but flags and comments was read */
	struct python_way *way;
};

enum item {
	ITEM_BAD,
	ITEM_CHAR,    /* may begin or end a range */
	ITEM_CLASS,   /* \d */
	ITEM_NOSPACE, /* \S, which the caller writes */
};

static bool refuse(struct python *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool refuse(struct python *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(p->why, p->size, format, ap);
	va_end(ap);
	return false;
}

/* \xHH, \uHHHH, \UHHHHHHHH: exactly as many digits as Python wants. */
static bool code_point(struct python *p, unsigned digits)
{
	const char *hex = p->at + 2;

	for (unsigned i = 0; i < digits; i++)
		if (!isxdigit((unsigned char)hex[i]))
			return refuse(p, "incomplete escape \\%c", p->at[1]);
	fprintf(p->out, "\\x{%.*s}", (int)digits, hex);
	p->at = hex + digits;
	return true;
}

/* An escape that means one character, in a class or out of it. False: refused. */
static bool escaped_char(struct python *p)
{
	char c = p->at[1];

	if (c == 'x' || c == 'u' || c == 'U')
		return code_point(p, c == 'x' ? 2 : c == 'u' ? 4 : 8);
	if (c == 'v')
		fputs("\\x0b", p->out);
	else if ((unsigned char)c >= 0x80)
		fputc(c, p->out);
	else if (c && (!isalpha((unsigned char)c) || strchr("afnrt", c)))
		fprintf(p->out, "\\%c", c);
	else if (c)
		return refuse(p, "bad escape \\%c", c);
	else
		return refuse(p, "bad escape at the end");
	p->at += 2;
	return true;
}

static bool escape(struct python *p)
{
	char c = p->at[1];

	if (c == 's' || c == 'S')
		fputs(c == 's' ? "[" SPACES "]" : "[^" SPACES "]", p->out);
	else if (c == 'Z')
		fputs("\\z", p->out);
	else if (c && strchr("AbBdDwW", c))
		fprintf(p->out, "\\%c", c);
	else
		return escaped_char(p);
	p->at += 2;
	return true;
}

/* ---- classes ---- */

static enum item class_item(struct python *p)
{
	char c = *p->at;

	if (c == '\\' && p->at[1] && strchr("dDwWsSb", p->at[1])) {
		c = p->at[1];
		p->at += 2;
		if (c == 'S')
			return ITEM_NOSPACE;
		if (c == 's')
			fputs(SPACES, p->out);
		else
			fprintf(p->out, "\\%c", c);
		return c == 'b' ? ITEM_CHAR : ITEM_CLASS;
	}
	if (c == '\\')
		return escaped_char(p) ? ITEM_CHAR : ITEM_BAD;
	/* "[:alpha:]" is a class to PCRE2 and plain characters to Python. */
	if (c == '[' || c == '-')
		fputc('\\', p->out);
	do
		fputc(*p->at++, p->out);
	while (((unsigned char)*p->at & 0xc0) == 0x80);
	return ITEM_CHAR;
}

/* The items up to the closing bracket; \S is left out and said in *nospace. */
static bool class_items(struct python *p, bool *nospace)
{
	for (bool first = true; first || *p->at != ']'; first = false) {
		enum item item, last;

		if (!*p->at)
			return refuse(p, "unterminated character set");
		item = class_item(p);
		if (item == ITEM_BAD)
			return false;
		*nospace |= item == ITEM_NOSPACE;
		if (p->at[0] != '-' || p->at[1] == ']' || !p->at[1])
			continue;
		p->at++;
		fputc('-', p->out);
		last = class_item(p);
		if (last == ITEM_BAD)
			return false;
		if (item != ITEM_CHAR || last != ITEM_CHAR)
			return refuse(p, "bad character range");
	}
	p->at++;
	return true;
}

/* PCRE2 cannot join "no white space" and other characters in one class. */
static void class_write(FILE *out, const char *items, bool negated, bool nospace)
{
	if (!nospace)
		fprintf(out, negated ? "[^%s]" : "[%s]", items);
	else if (!*items)
		fputs(negated ? "[" SPACES "]" : "[^" SPACES "]", out);
	else
		fprintf(out, negated ? "(?:(?![%s])[" SPACES "])" : "(?:[^" SPACES "]|[%s])",
			items);
}

/* The stream that the items of classes are put together in, empty. NULL: out of memory. */
static FILE *items_begin(struct python *p)
{
	if (!p->items)
		p->items = open_memstream(&p->item_text, &p->item_len);
	if (p->items)
		rewind(p->items);
	return p->items;
}

static bool class(struct python *p)
{
	FILE *out = p->out, *items = items_begin(p);
	bool negated, nospace = false, ok;

	if (!items)
		return refuse(p, "out of memory");
	p->at++;
	negated = *p->at == '^';
	p->at += negated;
	p->out = items;
	ok = class_items(p, &nospace);
	fputc(0, items);
	p->out = out;
	if (fflush(items))
		return refuse(p, "out of memory");
	if (ok)
		class_write(out, p->item_text, negated, nospace);
	return ok;
}

/* ---- groups ---- */

/* A name that PCRE2 takes, the same one each time. */
static void name_write(FILE *out, const char *name, size_t len)
{
	if (len <= NAME_LEN_MAX)
		fprintf(out, "%.*s", (int)len, name);
	else
		fprintf(out, "%.23s_%08" PRIx32, name, (uint32_t)hash_fingerprint(name, len));
}

/* Read a name that ends with `end`, write it between `before` and `after`. */
static bool named(struct python *p, char end, const char *before, const char *after)
{
	size_t len = strcspn(p->at, "<>()'");

	if (!len || p->at[len] != end)
		return refuse(p, "bad group name");
	fputs(before, p->out);
	name_write(p->out, p->at, len);
	fputs(after, p->out);
	p->at += len + 1;
	return true;
}

/* The conditional in (?(...)yes|no). A bare name "R" would mean recursion to PCRE2. */
static bool condition(struct python *p)
{
	size_t digits = strspn(p->at, "0123456789");

	if (digits && p->at[digits] == ')')
		return named(p, ')', "(?(", ")");
	return named(p, ')', "(?(<", ">)");
}

/* (?flags) or (?flags: or (?on-off:. Python's "u" is how PCRE2 is told to compile anyway. Flags
 * for all of the expression stand at its start, to PCRE2 they are for what follows. */
static bool flags(struct python *p)
{
	size_t len = strspn(p->at, "aiLmsux-");
	char end = p->at[len];
	char kept[8] = "";
	size_t n = 0;

	if (!len || (end != ':' && end != ')'))
		return refuse(p, "unknown extension (?%.1s", p->at);
	for (size_t i = 0; i < len; i++) {
		if (strchr("aLx", p->at[i]))
			return refuse(p, "the flag (?%c) is not supported", p->at[i]);
		if (p->at[i] != 'u' && n < sizeof(kept) - 1)
			kept[n++] = p->at[i];
	}
	if (end == ')' && memchr(p->at, '-', len))
		return refuse(p, "missing : after (?%.*s", (int)len, p->at);
	if (end == ')' && p->begun)
		return refuse(p, "global flags (?%.*s) not at the start of the expression",
			      (int)len, p->at);
	if (n || end == ':')
		fprintf(p->out, "(?%.*s%c", (int)n, kept, end);
	p->at += len + 1;
	return true;
}

static bool comment(struct python *p)
{
	const char *end = strchr(p->at, ')');

	if (!end)
		return refuse(p, "missing ), unterminated comment");
	p->at = end + 1;
	return true;
}

/* What follows "(?". */
static bool extension(struct python *p)
{
	static const char *const same[] = {":", "=", "!", ">", "<=", "<!"};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		size_t len = strlen(same[i]);

		if (strncmp(p->at, same[i], len) != 0)
			continue;
		fprintf(p->out, "(?%s", same[i]);
		p->way->atomic |= *same[i] == '>';
		p->at += len;
		return true;
	}
	if (!strncmp(p->at, "P<", 2))
		return p->at += 2, named(p, '>', "(?P<", ">");
	if (!strncmp(p->at, "P=", 2))
		return p->at += 2, named(p, ')', "(?P=", ")");
	if (*p->at == '(')
		return p->at++, condition(p);
	if (*p->at == '#')
		return comment(p);
	return flags(p);
}

/*
 * "((?i)a|b)" and "(?:(?i)a|b)": Python 3.11 refuses flags that are not at the start, and
 * fail2ban makes "(?i:a|b)" of both, without a group of its own. Where the flags begin, or
 * NULL.
 */
static const char *leading_flags(const char *at)
{
	const char *f = at + 1;

	if (!strncmp(f, "?:", 2))
		f += 2;
	if (strncmp(f, "(?", 2) != 0)
		return NULL;
	f += 2;
	for (at = f; islower((unsigned char)*at); at++)
		;
	return at > f && *at == ')' ? f : NULL;
}

static bool group(struct python *p)
{
	const char *f = leading_flags(p->at);
	size_t n = 0;

	if (f) {
		n = strspn(f, "imsu");
		if (f[n] != ')')
			return refuse(p, "the flag (?%c) is not supported", f[n]);
		fputs("(?", p->out);
		for (size_t i = 0; i < n; i++)
			if (f[i] != 'u')
				fputc(f[i], p->out);
		fputc(':', p->out);
		p->at = f + n + 1;
		return true;
	}
	p->at++;
	if (*p->at == '*')
		return refuse(p, "nothing to repeat");
	if (*p->at != '?')
		return fputc('(', p->out), true;
	p->at++;
	return extension(p);
}

/* At what may follow a quantifier. Lazy ones count their characters by themselves. */
static void quantified(struct python *p, bool unbounded)
{
	bool lazy = *p->at == '?';

	if (*p->at == '+')
		p->way->atomic = true;
	if (lazy || *p->at == '+')
		fputc(*p->at++, p->out);
	if (p->way->marks && unbounded && !lazy)
		fputs("(?C)", p->out);
}

static void quantifier(struct python *p)
{
	bool unbounded = *p->at != '?';

	fputc(*p->at++, p->out);
	quantified(p, unbounded);
}

/* {n}, {n,}, {n,m} and, unlike PCRE2 before 10.43, {,m} and {,}. Anything else is plain text.
 */
static void brace(struct python *p)
{
	const char *low = p->at + 1;
	size_t lows = strspn(low, "0123456789");
	bool comma = low[lows] == ',';
	const char *high = low + lows + comma;
	size_t highs = comma ? strspn(high, "0123456789") : 0;

	if (high[highs] != '}' || (!lows && !comma)) {
		fputs("\\{", p->out);
		p->at++;
		return;
	}
	fprintf(p->out, "{%.*s%s%.*s}", lows ? (int)lows : 1, lows ? low : "0",
		comma ? "," : "", (int)highs, high);
	p->at = high + highs + 1;
	quantified(p, comma && !highs);
}

/* (?flags) and (?#comment) leave the start of the expression where it is. */
static bool is_start(const char *at)
{
	if (strncmp(at, "(?", 2) != 0)
		return false;
	at += 2;
	return *at == '#' || at[strspn(at, "aiLmsux")] == ')';
}

static bool translate(struct python *p)
{
	while (*p->at) {
		bool ok = true, start = is_start(p->at);

		if (*p->at == '\\')
			ok = escape(p);
		else if (*p->at == '[')
			ok = class(p);
		else if (*p->at == '(')
			ok = group(p);
		else if (*p->at == '{')
			brace(p);
		else if (strchr("*+?", *p->at))
			quantifier(p);
		else
			fputc(*p->at++, p->out);
		if (!ok)
			return false;
		p->begun |= !start;
	}
	return true;
}

int python_translate(char **out, struct python_way *way, const char *regex, char *why,
		     size_t size)
{
	struct python p = {.at = regex, .why = why, .size = size, .way = way};
	char *text = NULL;
	size_t len;
	bool ok;

	p.out = open_memstream(&text, &len);
	if (!p.out)
		return -ENOMEM;
	ok = translate(&p);
	if (p.items)
		fclose(p.items);
	free(p.item_text);
	if (fclose(p.out)) {
		free(text);
		return -ENOMEM;
	}
	if (!ok) {
		free(text);
		return -EINVAL;
	}
	*out = text;
	return 0;
}

int python_ascii(char **out, const char *pattern)
{
	char *copy, *to;

	for (const char *at = pattern; *at; at++)
		if ((unsigned char)*at >= 0x80)
			return -ENOENT;
	copy = to = malloc(strlen(pattern) + 1);
	if (!copy)
		return -ENOMEM;
	while (*pattern) {
		if (!strncmp(pattern, WIDE_SPACES, sizeof(WIDE_SPACES) - 1))
			pattern += sizeof(WIDE_SPACES) - 1;
		else
			*to++ = *pattern++;
	}
	*to = 0;
	*out = copy;
	return 0;
}
