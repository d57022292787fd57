/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of journalmatch. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "source/journalmatch.h"

#define BLANKS " \t\r\n"

/* Does a backslash before `next` make it an ordinary character? */
static bool escapes(char quote, char next)
{
	return !quote || (quote == '"' && (next == '"' || next == '\\'));
}

/* The next word of *at to *out, both moved on. 1, 0: no more words, or -EINVAL. */
static int word_read(const char **at, char **out)
{
	const char *in = *at + strspn(*at, BLANKS);
	char quote = '\0', *to = *out;

	if (!*in)
		return 0;
	for (; *in && (quote || !strchr(BLANKS, *in)); in++) {
		if (quote && *in == quote)
			quote = '\0';
		else if (!quote && (*in == '\'' || *in == '"'))
			quote = *in;
		else if (*in == '\\' && escapes(quote, in[1]) && !*++in)
			return -EINVAL;
		else
			*to++ = *in;
	}
	if (quote)
		return -EINVAL;
	*to++ = '\0';
	*at = in;
	*out = to;
	return 1;
}

/* As sd_journal_add_match() wants it: fields that begin with "__" are made up when read, and
 * cannot be searched for. */
static bool is_match(const char *word)
{
	size_t name = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return name && word[name] == '=' && strncmp(word, "__", 2) != 0;
}

static bool is_alternative(const char *word)
{
	return !strcmp(word, "+");
}

int journalmatch_parse(struct journalmatch *out, const char *text)
{
	/* A word and its NUL are never longer than what they are read from, and the blank or
	 * NUL behind it. */
	struct journalmatch match = {.words = malloc(strlen(text) + 1)};
	char *word = match.words, *end = match.words;
	int ret;

	if (!match.words)
		return -ENOMEM;
	while ((ret = word_read(&text, &end)) == 1) {
		if (word == match.words && *word == '/')
			match.folder = word;
		else if (!is_alternative(word) && !is_match(word))
			ret = -EINVAL;
		if (ret < 0)
			break;
		word = end;
	}
	match.len = (size_t)(end - match.words);
	if (ret < 0)
		journalmatch_free(&match);
	else
		*out = match;
	return ret;
}

void journalmatch_free(struct journalmatch *match)
{
	free(match->words);
	*match = (struct journalmatch){0};
}

int journalmatch_apply(const struct journalmatch *match, sd_journal *reader)
{
	int err = 0;

	for (size_t i = 0; i < match->len && !err; i += strlen(match->words + i) + 1) {
		const char *word = match->words + i;

		if (word == match->folder)
			continue;
		if (is_alternative(word))
			err = sd_journal_add_disjunction(reader);
		else
			err = sd_journal_add_match(reader, word, strlen(word));
	}
	return err;
}
