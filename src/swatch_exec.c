/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "swatch_parts.h"

/* Commands that have an address stopped, each told by its words. None is ever executed. */

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

bool swatch_exec_read(struct swatch_block *block, struct text command, unsigned *field)
{
	struct words words;
	size_t i;

	if (!split(&words, command))
		return false;
	i = words.count && is_program(words.at[0], "sudo");
	if (i == words.count)
		return false;
	if (is_program(words.at[i], "ipset"))
		return read_ipset(block, &words, i + 1, field);
	if (is_program(words.at[i], "iptables") || is_program(words.at[i], "ip6tables"))
		return read_iptables(block, &words, i + 1, field);
	return is_program(words.at[i], "ip") && read_route(block, &words, i + 1, field);
}
