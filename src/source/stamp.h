/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rotation adds to a log's name, and what it says about age. */
#ifndef BANISH_SOURCE_STAMP_H
#define BANISH_SOURCE_STAMP_H

#include <stdbool.h>

enum stamp_kind {
	STAMP_OTHER,  /* not a name that a rotation gives */
	STAMP_NONE,   /* the log itself */
	STAMP_COUNT,  /* .1 is newer than .2 */
	STAMP_DATE,   /* -20240102 is newer than -20240101 */
	STAMP_SERIES, /* app.10.log is newer than app.9.log */
	STAMP_TAI,    /* @4000...: when multilog was done with it */
};

struct stamp {
	enum stamp_kind kind;
	char digits[32];
};

struct stamp stamp_parse(const char *name, const char *log);
/* The same name with smaller numbers: how files are called to which a link leads in turn. */
struct stamp stamp_series(const char *name, const char *log);
/* What multilog and its like call the file that they write. */
#define STAMP_CURRENT "current"
/* Do the two say which file is newer? */
bool stamp_comparable(const struct stamp *a, const struct stamp *b);
/* Only of comparable ones. */
bool stamp_newer(const struct stamp *a, const struct stamp *b);
/* The length of what a rotated name begins with, whatever the scheme: "mail" of "mail.log". */
int stamp_stem(const char *log);

#endif
