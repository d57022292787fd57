/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "match/literal.h"
#include "match/slide.h"
#include "match/vector.h"

struct owner {
	size_t number;
	uint64_t bits;
};

struct literal {
	struct text word;
	char *cases; /* the bits that a letter may have besides those of the word */
	struct owner *owners;
	size_t owner_count;
};

struct literals {
	struct literal *list;
	size_t count, room;
	struct vector *vector; /* one of the two, when there are words */
	struct slide *slide;
};

/* One scan. */
struct visit {
	const struct literals *literals;
	literal_hit *hit;
	void *arg;
};

static struct literal *literal_find(struct literals *l, struct text word)
{
	for (size_t i = 0; i < l->count; i++)
		if (text_equal(word, l->list[i].word.at))
			return &l->list[i];
	return NULL;
}

static struct literal *literal_append(struct literals *l, struct text word)
{
	struct literal *new;

	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 32;

		new = reallocarray(l->list, room, sizeof(*new));
		if (!new)
			return NULL;
		l->list = new;
		l->room = room;
	}
	new = &l->list[l->count];
	*new = (struct literal){.word = {text_dup(word), word.len},
				.cases = calloc(word.len, 1)};
	l->count++;
	if (!new->word.at || !new->cases)
		return NULL;
	for (size_t i = 0; i < word.len; i++)
		new->cases[i] = word.at[i] >= 'a' && word.at[i] <= 'z' ? 0x20 : 0;
	return new;
}

struct literals *literals_new(void)
{
	return calloc(1, sizeof(struct literals));
}

static void forget_engines(struct literals *l)
{
	vector_free(l->vector);
	slide_free(l->slide);
	l->vector = NULL;
	l->slide = NULL;
}

void literals_free(struct literals *l)
{
	if (!l)
		return;
	forget_engines(l);
	for (size_t i = 0; i < l->count; i++) {
		free((char *)l->list[i].word.at);
		free(l->list[i].cases);
		free(l->list[i].owners);
	}
	free(l->list);
	free(l);
}

int literals_add(struct literals *l, struct text word, size_t owner, uint64_t bits)
{
	struct literal *lit = literal_find(l, word);
	struct owner *owners;

	if (!lit)
		lit = literal_append(l, word);
	if (!lit)
		return -ENOMEM;
	for (size_t i = 0; i < lit->owner_count; i++) {
		if (lit->owners[i].number != owner)
			continue;
		lit->owners[i].bits |= bits;
		return 0;
	}
	owners = reallocarray(lit->owners, lit->owner_count + 1, sizeof(*owners));
	if (!owners)
		return -ENOMEM;
	lit->owners = owners;
	lit->owners[lit->owner_count++] = (struct owner){owner, bits};
	return 0;
}

int literals_build(struct literals *l)
{
	struct text *words = calloc(l->count + 1, sizeof(*words));
	int err = 0;

	if (!words)
		return -ENOMEM;
	forget_engines(l);
	for (size_t i = 0; i < l->count; i++)
		words[i] = l->list[i].word;
	if (l->count)
		err = vector_new(&l->vector, words, l->count);
	if (err == -ENOTSUP) {
		l->slide = slide_new(words, l->count);
		err = l->slide ? 0 : -ENOMEM;
	}
	free(words);
	return err;
}

#define STEP sizeof(uint64_t)

static bool same_step(const char *at, const char *word, const char *cases)
{
	uint64_t a, w, c;

	memcpy(&a, at, STEP);
	memcpy(&w, word, STEP);
	memcpy(&c, cases, STEP);
	return (a | c) == w;
}

/* A letter in lower case has the bit that its capital lacks. */
static bool is_there(const struct literal *lit, const char *at)
{
	size_t len = lit->word.len, i = 0;

	for (; i + STEP <= len; i += STEP)
		if (!same_step(at + i, lit->word.at + i, lit->cases + i))
			return false;
	for (; i < len; i++)
		if ((at[i] | lit->cases[i]) != lit->word.at[i])
			return false;
	return true;
}

static void word_found(void *arg, size_t index, const char *at)
{
	const struct visit *v = arg;
	const struct literal *lit = &v->literals->list[index];

	if (!is_there(lit, at))
		return;
	for (size_t i = 0; i < lit->owner_count; i++)
		v->hit(v->arg, at, lit->owners[i].number, lit->owners[i].bits);
}

void literals_scan(struct literals *l, struct text block, literal_hit *hit, void *arg)
{
	struct visit visit = {l, hit, arg};

	if (l->vector)
		vector_scan(l->vector, block, word_found, &visit);
	else if (l->slide)
		slide_scan(l->slide, block, word_found, &visit);
}
