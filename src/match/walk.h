/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From line to line of a run, or over many lines at once, with their numbers. */
#ifndef BANISH_MATCH_WALK_H
#define BANISH_MATCH_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct walk {
	struct text text;
	const char *at, *end; /* the line at hand; its newline, or the end of the text */
	bool begun;	      /* there is a line at hand */
	const char *counted;  /* up to there */
	size_t lines;	      /* so many end before it */
};

void walk_begin(struct walk *walk, struct text text);
/* To the next line, or false at the end. */
bool walk_next(struct walk *walk);
/* To the line in which `at` lies: the one at hand or one after it. */
void walk_to(struct walk *walk, const char *at);
/* A newline ends the line. */
bool walk_follows(const struct walk *walk);
/* The number of the line at hand, from 1. Lines are counted when somebody asks: many at once
 * are counted faster than each by itself. */
size_t walk_number(struct walk *walk);
/* How many lines there are in the text. */
size_t walk_count(struct walk *walk);

#endif
