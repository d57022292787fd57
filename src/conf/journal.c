/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/journal.h"

#define FIELD_MAX 64 /* as journald takes them */

/* The next word of *rest as it is written. False at the end, and when a quote is not closed, of
 * which *broken tells. */
static bool take_word(struct text *rest, struct text *word, bool *broken)
{
	char quote = 0;
	size_t i = 0;

	*rest = text_trim(*rest);
	for (; i < rest->len && (quote || !strchr(" \t", rest->at[i])); i++) {
		char c = rest->at[i];

		if (c == '\\' && quote != '\'')
			i++;
		else if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
	}
	*broken = quote || i > rest->len;
	*word = (struct text){rest->at, i};
	if (*broken || !i)
		return false;
	*rest = (struct text){rest->at + i, rest->len - i};
	return true;
}

static bool is_field(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Fields that begin with "__" are made up when an entry is read; no index knows them. */
static bool is_term(struct text word)
{
	size_t len = 0;

	if (word.len && strchr("'\"", *word.at))
		word = (struct text){word.at + 1, word.len - 1};
	while (len < word.len && is_field(word.at[len]))
		len++;
	return len && len <= FIELD_MAX && len < word.len && word.at[len] == '=' &&
	       (len < 2 || memcmp(word.at, "__", 2) != 0);
}

bool journal_is_match(struct text line, bool folder)
{
	bool broken = false, term = false, any = false;
	bool named = folder && line.len && *line.at == '/';
	struct text word;

	if (named && !take_word(&line, &word, &broken))
		return false;
	while (take_word(&line, &word, &broken)) {
		if (text_equal(word, "+") ? !term : !is_term(word))
			return false;
		term = !text_equal(word, "+");
		any = true;
	}
	return !broken && (term || (named && !any));
}
