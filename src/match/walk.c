/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "match/walk.h"

/* Bytes that are counted side by side; the compiler makes vector instructions of them. */
#define LANES 16
typedef uint8_t lanes __attribute__((vector_size(LANES)));

/* Where there is one, 1; in one byte a lane there is room for UINT8_MAX of them. */
static inline lanes newlines_at(const char *at)
{
	lanes bytes;

	memcpy(&bytes, at, LANES);
	return -(lanes)(bytes == '\n');
}

static size_t newlines(const char *at, const char *end)
{
	size_t count = 0;

	while (end - at >= 4 * LANES) {
		ptrdiff_t rounds = (end - at) / (4 * LANES);
		lanes sums = {0};

		if (rounds > UINT8_MAX / 4)
			rounds = UINT8_MAX / 4;
		for (const char *to = at + rounds * 4 * LANES; at < to; at += 4 * LANES)
			sums += newlines_at(at) + newlines_at(at + LANES) +
				newlines_at(at + 2 * LANES) + newlines_at(at + 3 * LANES);
		for (int i = 0; i < LANES; i++)
			count += sums[i];
	}
	for (; at < end; at++)
		count += *at == '\n';
	return count;
}

static const char *text_end(const struct walk *w)
{
	return w->text.at + w->text.len;
}

/* Where the line after the one at hand begins. */
static const char *behind(const struct walk *w)
{
	return w->begun && walk_follows(w) ? w->end + 1 : w->end;
}

static void take(struct walk *w, const char *at)
{
	w->at = at;
	w->end = memchr(at, '\n', (size_t)(text_end(w) - at));
	if (!w->end)
		w->end = text_end(w);
	w->begun = true;
}

void walk_begin(struct walk *w, struct text text)
{
	*w = (struct walk){.text = text, .at = text.at, .end = text.at, .counted = text.at};
}

bool walk_next(struct walk *w)
{
	const char *next = behind(w);

	if (next == text_end(w))
		return false;
	take(w, next);
	return true;
}

void walk_to(struct walk *w, const char *at)
{
	const char *from = behind(w), *before;

	if (w->begun && at < w->end)
		return;
	before = memrchr(from, '\n', (size_t)(at - from));
	take(w, before ? before + 1 : from);
}

bool walk_follows(const struct walk *w)
{
	return w->end < text_end(w);
}

static void count_to(struct walk *w, const char *at)
{
	w->lines += newlines(w->counted, at);
	w->counted = at;
}

size_t walk_number(struct walk *w)
{
	count_to(w, w->at);
	return w->lines + 1;
}

size_t walk_count(struct walk *w)
{
	const char *end = text_end(w);

	count_to(w, end);
	return w->lines + (w->text.len && end[-1] != '\n');
}
