/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "base/diag.h"

static void diag_say(struct diag *diag, bool error, struct place place, const char *format,
		     va_list args)
{
	char text[1024];

	if (error)
		diag->errors++;
	else
		diag->warnings++;
	if (!diag->say)
		return;
	vsnprintf(text, sizeof text, format, args);
	diag->say(diag->arg, error, place, text);
}

void diag_error(struct diag *diag, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diag_say(diag, true, place, format, args);
	va_end(args);
}

void diag_warning(struct diag *diag, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diag_say(diag, false, place, format, args);
	va_end(args);
}

void diag_stderr(void *arg, bool error, struct place place, const char *text)
{
	const char *kind = error ? "" : "warning: ";

	(void)arg;
	if (!place.file)
		fprintf(stderr, "banish: %s%s\n", kind, text);
	else if (!place.line)
		fprintf(stderr, "%s: %s%s\n", place.file, kind, text);
	else
		fprintf(stderr, "%s:%u: %s%s\n", place.file, place.line, kind, text);
}
