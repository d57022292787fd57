/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

enum log_level log_level = LOG_LEVEL_INFO;

/* One write(2) a message, so that messages of several processes never mix. */
static void log_write(enum log_level level, const char *format, va_list args)
{
	static const char *const priorities[] = {"<3>", "<4>", "<6>", "<7>"};
	char line[2048];
	int head, body;
	size_t len;

	if (level > log_level)
		return;
	head = snprintf(line, sizeof line, "%s%s",
			getenv("JOURNAL_STREAM") ? priorities[level] : "banish: ",
			level == LOG_LEVEL_WARNING && !getenv("JOURNAL_STREAM") ? "warning: "
										: "");
	body = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, args);
	if (body < 0)
		return;
	len = (size_t)head + (size_t)body;
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

#define LOG_FUNCTION(name, level)                                                              \
	void name(const char *format, ...)                                                     \
	{                                                                                      \
		va_list args;                                                                  \
                                                                                               \
		va_start(args, format);                                                        \
		log_write(level, format, args);                                                \
		va_end(args);                                                                  \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
