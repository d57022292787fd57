/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A compiled regular expression of a filter. */
#ifndef BANISH_MATCH_REGEX_H
#define BANISH_MATCH_REGEX_H

#define PCRE2_CODE_UNIT_WIDTH 8

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcre2.h>

#include "base/text.h"

#define REGEX_GROUPS_MAX 255 /* in an expression */
#define REGEX_SKIPS_MAX 16   /* <SKIPLINES> in an expression */

enum {
	REGEX_NAMES = 1, /* <HOST> takes host names too */
	REGEX_LINES = 2, /* ^ and $ also match at the lines within the subject */
	REGEX_PLAIN = 4, /* without fail2ban's tags */
	REGEX_LINE = 8,	 /* a subject is one line with its newline: see `open` */
};

enum group_kind {
	GROUP_PLAIN,
	GROUP_ALT,   /* <F-ALT_NAME>: counts when nothing else gave the name a value */
	GROUP_TUPLE, /* <F-TUPLE_NAME>: one more part of the value */
};

struct regex_group {
	char *name;	/* in lower case; of "alt_user_2" it is "user" */
	unsigned group; /* its number */
	enum group_kind kind;
	unsigned slot; /* the name's number in the filter, which sets it (match/captures.h) */
};

/* Made when it is first needed: most expressions never are. */
struct machine {
	pcre2_code *code; /* NULL: there is none of this kind */
	bool asked, made;
};

struct regex {
	struct machine any;   /* for any text */
	struct machine ascii; /* for text of ASCII alone */
	bool ascii_tried;     /* to make it */
	struct machine
		marked; /* the same with a callout behind what may run over all of a text */
	pcre2_code *counted; /* the same with a callout before each item; NULL until needed */
	char *text;	     /* as it was written */
	char *pattern;	     /* in PCRE2's words */
	char *searched;	     /* what was compiled: that, or with `open` a part of it */
	unsigned flags;
	uint32_t options;
	bool atomic;   /* not for JIT: see regex_machine() */
	bool anchored; /* is tried at the start of the subject alone */
	bool open;     /* with <F-CONTENT>, of which one character or more are found, the match
			  goes on to the end of the line */
	struct regex_group *groups; /* with a name: plain, alternates, tuples, each by name */
	size_t group_count;
	bool plain; /* all of the groups are, and have a slot; set with the slots */
	unsigned skip[REGEX_SKIPS_MAX]; /* the groups of <SKIPLINES> */
	size_t skips;
};

/*
 * Compile an expression in Python's syntax with fail2ban's tags. 0, -ENOMEM, or -EINVAL with
 * the reason in `why` (room for `size`).
 */
int regex_compile(struct regex **out, const char *text, unsigned flags, char *why, size_t size);
void regex_free(struct regex *regex); /* takes NULL */
/* The expression as machine code, for text of ASCII alone, which is faster, or for any. NULL:
 * there is none. */
const pcre2_code *regex_machine_make(struct regex *regex, bool ascii);
static inline const pcre2_code *regex_machine(struct regex *regex, bool ascii)
{
	const struct machine *m = ascii ? &regex->ascii : &regex->any;

	return m->made ? m->code : regex_machine_make(regex, ascii);
}
/* The same with callouts, which come again before more than the length of the expression in
 * characters is run over that JIT does not count as a match. */
const pcre2_code *regex_marked(struct regex *regex);
/* Make `counted`, unless it is there. 0 or -ENOMEM. */
int regex_count(struct regex *regex);

/*
 * How far an expression gets in a subject that it does not match: the furthest byte of the
 * subject that it comes to, and the item of `pattern` that it comes to it with first. For
 * explaining, not for speed. 0, -ENOMEM, or -EOVERFLOW when it was too much work to find out
 * (then what was found until then).
 */
int regex_furthest(const struct regex *regex, struct text subject, size_t *pattern_at,
		   size_t *subject_at);

#endif
