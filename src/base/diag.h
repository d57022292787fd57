/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages about text that somebody wrote: where, what was read, what was expected. */
#ifndef BANISH_BASE_DIAG_H
#define BANISH_BASE_DIAG_H

#include <stdbool.h>

struct place {
	const char *file; /* lives as long as what was read from it; NULL: no place */
	unsigned line;	  /* from 1; 0: the file as a whole */
};

/* Where messages go. `say` may be NULL: then they are only counted. `text` has no newline. */
struct diag {
	void (*say)(void *arg, bool error, struct place place, const char *text);
	void *arg;
	unsigned errors, warnings;
};

void diag_error(struct diag *diag, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warning(struct diag *diag, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A ready `say`: "file:line: text" on standard error. */
void diag_stderr(void *arg, bool error, struct place place, const char *text);

#endif
