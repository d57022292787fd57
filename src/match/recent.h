/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last lines of a source that a filter with maxlines has not matched yet. They are searched
 * together, as one subject.
 */
#ifndef BANISH_MATCH_RECENT_H
#define BANISH_MATCH_RECENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/line.h"
#include "base/rules.h"
#include "base/text.h"

struct recent;

/* Which of the lines belong to a match. */
struct recent_part {
	bool line[RULES_LINES_MAX];
};

struct recent *recent_new(unsigned max); /* NULL: out of memory */
void recent_free(struct recent *recent); /* takes NULL */
unsigned recent_max(const struct recent *recent);

/* One more line, which ends with a newline; the oldest goes when there are too many, and of a
 * line only its first LINE_MAX_BYTES are kept. */
void recent_add(struct recent *recent, struct text line);
/* All lines, each with its newline. Good until they change. */
struct text recent_text(const struct recent *recent);

/*
 * The lines that a match from `from` to `to` of `subject` lies in. They are counted by the
 * newlines of the subject, which need not be recent_text().
 */
void recent_match(const struct recent *recent, struct recent_part *out, struct text subject,
		  size_t from, size_t to);
/* Without those that `skipped` lists, one a line, in their order. *at is where to begin with
 * looking for the first, and then for the next call. */
void recent_skip(const struct recent *recent, struct recent_part *part, struct text skipped,
		 size_t *at);
/* The lines of a part, as recent_text(). Good until the next call. */
struct text recent_part_text(struct recent *recent, const struct recent_part *part);

/*
 * ---- over a restart ----
 *
 * Each line has a place, below recent_max(), that it keeps. As bytes it can be taken over by
 * another process.
 */
#define RECENT_PACKED_MAX (9 + LINE_MAX_BYTES)

/* The first place from `from` on in which there is another line now, or none, since it was
 * last asked for; recent_max(): there is none. */
unsigned recent_changed(struct recent *recent, unsigned from);
/* How many bytes; 0: there is no line. */
size_t recent_pack(const struct recent *recent, unsigned place, char *out);
bool recent_unpack(struct recent *recent, unsigned place, struct text bytes);

/* ---- what is done with them ---- */

/* Forget the lines of the part, when the next line is added: text from them is good until then.
 */
void recent_drop(struct recent *recent, const struct recent_part *part);
/* Forget all, and keep this one line, which may be a piece of recent_text(). */
void recent_replace(struct recent *recent, struct text line);

#endif
