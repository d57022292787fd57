/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "match/require.h"
#include "match/select.h"

#define ALSO_MAX 4 /* words */

static int add_words(struct literals *literals, size_t owner, const struct words *words,
		     uint64_t set)
{
	for (unsigned i = 0; i < words->count; i++) {
		const struct word *w = &words->word[i];
		int err = literals_add(literals, (struct text){w->at, w->len}, owner, set);

		if (err)
			return err;
	}
	return 0;
}

struct choice {
	struct words rarer, other;
};

/*
 * A line matches when prefregex and one failregex do, so words of both must be in it. The rarer
 * ones are looked for; the others too, when the line is looked at, unless that is rare enough
 * or takes too long.
 */
static bool choose(struct choice *out, const struct words_use *use, const struct words *pref,
		   const struct regex *fail)
{
	struct words own;

	require_of(&own, fail->pattern, use);
	if (words_score(pref, use) >= words_score(&own, use))
		*out = (struct choice){*pref, own};
	else
		*out = (struct choice){own, *pref};
	if (words_are_rare(&out->rarer, use) || !words_score(&out->other, use) ||
	    out->other.count > ALSO_MAX)
		out->other.count = 0;
	return words_score(&out->rarer, use) > 0;
}

/* Those of prefregex are the same for many failregex. */
static void add_also(struct selection *out, uint64_t bit, const struct words *words)
{
	for (size_t i = 0; i < out->count; i++) {
		if (!words_equal(&out->list[i].words, words))
			continue;
		out->list[i].bits |= bit;
		return;
	}
	out->list[out->count++] = (struct also){bit, *words};
}

static int add_choices(struct selection *out, struct literals *literals, size_t owner,
		       const struct choice *choices, size_t fails)
{
	int err = 0;

	for (size_t i = 0; i < fails && !err; i++) {
		err = add_words(literals, owner, &choices[i].rarer, filter_bit(i));
		if (choices[i].other.count && i + 1 < FILTER_BITS)
			add_also(out, filter_bit(i), &choices[i].other);
	}
	return err;
}

int select_words(struct selection *out, struct literals *literals, size_t owner,
		 const struct words_use *use, const struct regex *pref,
		 struct regex *const *fail, size_t fails)
{
	struct choice *choices = calloc(fails + 1, sizeof(*choices));
	struct words before = {0};
	int err = 0;

	*out = (struct selection){.list = calloc(fails + 1, sizeof(*out->list))};
	if (!choices || !out->list)
		err = -ENOMEM;
	if (pref)
		require_of(&before, pref->pattern, use);
	for (size_t i = 0; i < fails && !err; i++)
		if (!choose(&choices[i], use, &before, fail[i]))
			err = -ENOENT;
	if (!err)
		err = add_choices(out, literals, owner, choices, fails);
	free(choices);
	return err;
}

void select_clear(struct selection *s)
{
	free(s->list);
	*s = (struct selection){0};
}

/* ---- in a line ---- */

#define LANES 16
typedef uint8_t lanes __attribute__((vector_size(LANES)));

/* In both letters of a case and in few other bytes this bit is all that differs. */
#define CASE 0x20

static bool is_there(const char *at, const struct word *w)
{
	for (size_t i = 0; i < w->len; i++) {
		char c = at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | CASE);
		if (c != w->at[i])
			return false;
	}
	return true;
}

/* At LANES places at once: a byte of ones where the first and the last byte of the word are. */
static void find_ends(uint64_t out[LANES / 8], const char *at, const struct word *w)
{
	lanes first, last;

	memcpy(&first, at, LANES);
	memcpy(&last, at + w->len - 1, LANES);
	first = (lanes)((first | CASE) == (uint8_t)(w->at[0] | CASE)) &
		(lanes)((last | CASE) == (uint8_t)(w->at[w->len - 1] | CASE));
	memcpy(out, &first, LANES);
}

static bool is_in_lanes(const char *at, const struct word *w)
{
	uint64_t ends[LANES / 8];

	find_ends(ends, at, w);
	for (size_t i = 0; i < LANES / 8; i++) {
		for (uint64_t left = htole64(ends[i]); left;) {
			unsigned byte = (unsigned)__builtin_ctzll(left) / 8;

			if (is_there(at + 8 * i + byte, w))
				return true;
			left &= ~(UINT64_C(0xff) << 8 * byte);
		}
	}
	return false;
}

static bool has_word(struct text line, const struct word *w)
{
	size_t places = line.len < w->len ? 0 : line.len - w->len + 1, i = 0;

	for (; places - i >= LANES; i += LANES)
		if (is_in_lanes(line.at + i, w))
			return true;
	for (; i < places; i++)
		if (is_there(line.at + i, w))
			return true;
	return false;
}

static bool has_any(struct text line, const struct words *words)
{
	for (unsigned i = 0; i < words->count; i++)
		if (has_word(line, &words->word[i]))
			return true;
	return false;
}

uint64_t select_check(const struct selection *s, uint64_t set, struct text line)
{
	for (size_t i = 0; i < s->count; i++)
		if (set & s->list[i].bits && !has_any(line, &s->list[i].words))
			set &= ~s->list[i].bits;
	return set;
}
