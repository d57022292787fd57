/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <time.h>

#include "smtpban_db.h"

bool smtpban_entry(struct prefix *out, int64_t *since, struct text key, struct text value)
{
	char text[SMTPBAN_VALUE_MAX];
	const char *end;
	struct tm tm = {.tm_isdst = -1};
	struct prefix prefix;
	time_t at;

	if (value.len >= sizeof text || memchr(value.at, 0, value.len))
		return false;
	memcpy(text, value.at, value.len);
	text[value.len] = 0;
	end = strptime(text, "%Y %b %d %H:%M:%S", &tm);
	if (!end || *end || tm.tm_year < 70 || tm.tm_year > 8000)
		return false;
	at = mktime(&tm);
	if (at < 0 || !prefix_parse(&prefix, key.at, key.len) || !prefix_is_single(&prefix))
		return false;
	*out = prefix;
	*since = (int64_t)at * 1000;
	return true;
}
