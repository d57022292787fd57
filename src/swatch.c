/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swatch.h"

/* One configuration being read; the last of the blocks is the one at hand. */
struct reading {
	struct swatch *swatch;
	struct place place;
	bool awk;
	struct diag *diag;
	/* Of the block at hand: its expression as it is written, and how it is to be read. */
	struct text regex;
	bool caseless;
};

static void lose(const struct reading *r, struct text what, const char *why)
{
	char shown[200];

	diag_warning(r->diag, r->place, "not carried over: %s: %s",
		     text_show(what, shown, sizeof shown), why);
}

/* ---- expressions: from Perl's to those of a filter ---- */

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

/* The whole expression of the block at hand. `field` as above; in awk's way it is a field of
 * the line, 0: it does not matter where the address stands. */
static const char *write_regex(const struct reading *r, char *out, size_t size, unsigned field)
{
	struct writing w = {.out = out, .size = size};
	char fields[32];
	const char *why;

	*out = 0;
	if (r->caseless)
		put(&w, "(?i)", 4);
	if (!r->awk || !field)
		return translate(&w, r->regex, field);
	put(&w, "^(?=.*?(?:", 10);
	why = translate(&w, r->regex, 0);
	put(&w, "))\\s*", 5);
	if (field > 1)
		put(&w, fields,
		    (size_t)snprintf(fields, sizeof fields, "(?:\\S+\\s+){%u}", field - 1));
	put(&w, "<ADDR>(?:\\s|$)", 14);
	return why ? why : w.full ? "its expression is too long" : NULL;
}

/* ---- exec ---- */

#define WORDS_MAX 32

struct words {
	struct text at[WORDS_MAX];
	size_t count;
};

static bool split(struct words *out, struct text command)
{
	struct text word;

	out->count = 0;
	while (command.len) {
		size_t n = 0;

		if (isspace((unsigned char)*command.at)) {
			command = (struct text){command.at + 1, command.len - 1};
			continue;
		}
		while (n < command.len && !isspace((unsigned char)command.at[n]))
			n++;
		word = (struct text){command.at, n};
		command.at += n;
		command.len -= n;
		/* What a shell would not hand on as it stands. */
		for (size_t i = 0; i < word.len; i++)
			if (strchr("\"'`;|&<>()\\*?[]{}~", word.at[i]))
				return false;
		if (out->count == WORDS_MAX)
			return false;
		out->at[out->count++] = word;
	}
	return true;
}

static bool is_program(struct text word, const char *name)
{
	const char *slash = memrchr(word.at, '/', word.len);

	if (slash) {
		word.len -= (size_t)(slash + 1 - word.at);
		word.at = slash + 1;
	}
	return text_equal(word, name);
}

static bool is_one_of(struct text word, const char *const *known)
{
	while (*known)
		if (text_equal(word, *known++))
			return true;
	return false;
}

/* "$3" is 3. */
static bool is_field(struct text word, unsigned *field)
{
	int64_t n;

	if (word.len < 2 || *word.at != '$')
		return false;
	if (!text_number((struct text){word.at + 1, word.len - 1}, 1, 99, &n))
		return false;
	*field = (unsigned)n;
	return true;
}

static bool is_set(struct text name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.at[i]) && !strchr("_.-", name.at[i]))
			return false;
	return name.len && name.len < SWATCH_SET_MAX && *name.at != '-';
}

/* ipset [-exist] add SET $N [timeout SECONDS] [-exist] */
static bool read_ipset(struct swatch_block *block, const struct words *words, size_t i,
		       unsigned *field)
{
	static const char *const flags[] = {"-exist", "--exist", "-!", "-q", "-quiet", NULL};
	static const char *const adds[] = {"add", "-A", "--add", NULL};
	struct text rest[4];
	size_t count = 0;
	int64_t seconds;

	for (; i < words->count; i++) {
		if (is_one_of(words->at[i], flags))
			continue;
		if (text_equal(words->at[i], "timeout")) {
			if (++i == words->count ||
			    !text_number(words->at[i], 0, INT32_MAX, &seconds))
				return false;
			block->bantime = seconds ? seconds * 1000 : -1;
			continue;
		}
		if (count == 3)
			return false;
		rest[count++] = words->at[i];
	}
	if (count != 3 || !is_one_of(rest[0], adds) || !is_field(rest[2], field) ||
	    !is_set(rest[1]))
		return false;
	snprintf(block->target, sizeof block->target, "ipset[name=%.*s]", (int)rest[1].len,
		 rest[1].at);
	return true;
}

/* iptables -I INPUT -s $N -j DROP */
static bool read_iptables(struct swatch_block *block, const struct words *words, size_t i,
			  unsigned *field)
{
	static const char *const ends[] = {"DROP", "REJECT", NULL};
	bool from = false, ends_here = false;

	for (; i < words->count; i++) {
		if (i + 1 < words->count &&
		    (text_equal(words->at[i], "-s") || text_equal(words->at[i], "--source")))
			from = is_field(words->at[++i], field);
		else if (i + 1 < words->count &&
			 (text_equal(words->at[i], "-j") || text_equal(words->at[i], "--jump")))
			ends_here = is_one_of(words->at[++i], ends);
		else if (*words->at[i].at == '-' && !text_equal(words->at[i], "-I") &&
			 !text_equal(words->at[i], "-A"))
			return false; /* of some ports, or some interface */
	}
	strcpy(block->target, "nft");
	block->bantime = -1;
	return from && ends_here;
}

/* ip route add blackhole $N */
static bool read_route(struct swatch_block *block, const struct words *words, size_t i,
		       unsigned *field)
{
	static const char *const adds[] = {"add", "replace", NULL};
	static const char *const types[] = {"blackhole", "unreachable", "prohibit", NULL};

	if (words->count != i + 4 ||
	    !(text_equal(words->at[i], "route") || text_equal(words->at[i], "r")) ||
	    !is_one_of(words->at[i + 1], adds) || !is_one_of(words->at[i + 2], types) ||
	    !is_field(words->at[i + 3], field))
		return false;
	snprintf(block->target, sizeof block->target, "route[type=%.*s]",
		 (int)words->at[i + 2].len, words->at[i + 2].at);
	block->bantime = -1;
	return true;
}

static bool read_command(struct swatch_block *block, const struct words *words, unsigned *field)
{
	size_t i = words->count && is_program(words->at[0], "sudo");

	if (i == words->count)
		return false;
	if (is_program(words->at[i], "ipset"))
		return read_ipset(block, words, i + 1, field);
	if (is_program(words->at[i], "iptables") || is_program(words->at[i], "ip6tables"))
		return read_iptables(block, words, i + 1, field);
	return is_program(words->at[i], "ip") && read_route(block, words, i + 1, field);
}

/* ---- lines ---- */

static struct swatch_block *block_of(const struct reading *r)
{
	return r->swatch->count ? &r->swatch->blocks[r->swatch->count - 1] : NULL;
}

static struct text unquote(struct text t)
{
	t = text_trim(t);
	if (t.len > 1 && (*t.at == '"' || *t.at == '\'') && t.at[t.len - 1] == *t.at)
		t = (struct text){t.at + 1, t.len - 2};
	return t;
}

static void read_exec(struct reading *r, struct text line, struct text command)
{
	struct swatch_block *block = block_of(r);
	struct swatch_block meant;
	struct words words;
	unsigned field;
	const char *why;

	if (!block || block->ignore) {
		lose(r, line, "it stands behind no watchfor");
		return;
	}
	if (!*block->regex) {
		lose(r, line, "its watchfor is not");
		return;
	}
	meant = *block;
	if (!split(&words, unquote(command)) || !read_command(&meant, &words, &field)) {
		lose(r, line,
		     "nothing is ever executed, and this is none of the commands that a target "
		     "stands for");
		return;
	}
	if (block->bans) {
		lose(r, line, "a block stops an address in one way only");
		return;
	}
	why = write_regex(r, meant.fail, sizeof meant.fail, field);
	if (why) {
		lose(r, line, why);
		return;
	}
	meant.bans = true;
	*block = meant;
}

/* /regex/ or /regex/i. */
static bool read_pattern(struct reading *r, struct text value)
{
	size_t end = 1;

	if (value.len < 2 || *value.at != '/')
		return false;
	while (end < value.len && value.at[end] != '/')
		end += value.at[end] == '\\' ? 2 : 1;
	if (end >= value.len)
		return false;
	r->regex = (struct text){value.at + 1, end - 1};
	value = text_trim((struct text){value.at + end + 1, value.len - end - 1});
	r->caseless = text_equal(value, "i");
	return r->regex.len && (!value.len || r->caseless);
}

static int read_block(struct reading *r, struct text line, struct text value, bool ignore)
{
	struct swatch *s = r->swatch;
	struct swatch_block *grown, *block;
	const char *why = "an expression between slashes is expected";

	grown = reallocarray(s->blocks, s->count + 1, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	s->blocks = grown;
	block = &grown[s->count++];
	*block = (struct swatch_block){.line = r->place.line, .ignore = ignore, .maxretry = 1};
	r->regex = (struct text){NULL, 0};
	if (read_pattern(r, value))
		why = write_regex(r, block->regex, sizeof block->regex, 0);
	if (why) {
		lose(r, line, why);
		*block->regex = 0;
		r->regex = (struct text){NULL, 0};
	}
	return 0;
}

/* threshold track_by=$1,type=both,count=3,seconds=60 */
static void read_threshold(struct reading *r, struct text line, struct text value)
{
	struct swatch_block *block = block_of(r);
	struct text word;
	int64_t count = 1, seconds = 0;
	bool counts = false;

	while (text_word(&value, &word)) {
		const char *is = memchr(word.at, '=', word.len);
		struct text name = {word.at, is ? (size_t)(is - word.at) : word.len}, text;

		text = is ? (struct text){is + 1, word.len - name.len - 1}
			  : (struct text){word.at, 0};
		if (text_equal(name, "type"))
			counts = !text_equal(text, "limit");
		else if (text_equal(name, "count") && !text_number(text, 1, 1000, &count))
			lose(r, line, "count is no number from 1 to 1000");
		else if (text_equal(name, "seconds") &&
			 !text_number(text, 1, INT32_MAX, &seconds))
			lose(r, line, "seconds is no number");
	}
	/* A limit stops repeats of an action alone; a second ban does no harm. */
	if (!block || !counts)
		return;
	block->maxretry = (unsigned)count;
	block->findtime = seconds * 1000;
}

static int read_line(struct reading *r, struct text line)
{
	static const char *const silent[] = {"echo", "bell", "throttle", NULL};
	struct text name = line, value;

	for (name.len = 0; name.len < line.len && !isspace((unsigned char)line.at[name.len]) &&
			   line.at[name.len] != '=';)
		name.len++;
	value = text_trim((struct text){line.at + name.len, line.len - name.len});
	if (value.len && *value.at == '=')
		value = text_trim((struct text){value.at + 1, value.len - 1});
	if (text_equal(name, "watchfor") || text_equal(name, "ignore"))
		return read_block(r, line, value, text_equal(name, "ignore"));
	if (text_equal(name, "exec"))
		read_exec(r, line, value);
	else if (text_equal(name, "threshold"))
		read_threshold(r, line, value);
	else if (text_equal(name, "continue") && block_of(r))
		block_of(r)->goes_on = true;
	else if (!is_one_of(name, silent))
		lose(r, line, "there is nothing like it here");
	return 0;
}

int swatch_read(struct swatch *out, struct text text, const char *file, bool awk,
		struct diag *diag)
{
	struct reading r = {.swatch = out, .place = {file, 0}, .awk = awk, .diag = diag};
	struct text line;
	int error = 0;

	*out = (struct swatch){0};
	while (!error && text_line(&text, &line)) {
		r.place.line++;
		line = text_trim(line);
		if (line.len && *line.at != '#')
			error = read_line(&r, line);
	}
	if (error)
		swatch_clear(out);
	return error;
}

void swatch_clear(struct swatch *swatch)
{
	free(swatch->blocks);
	*swatch = (struct swatch){0};
}
