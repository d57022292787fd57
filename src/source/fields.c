/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fail2ban's journal filters expect of a line, to the blank. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "source/fields.h"

static const char *const names[FIELD_COUNT] = {
	[FIELD_HOST] = "_HOSTNAME",
	[FIELD_IDENT] = "SYSLOG_IDENTIFIER",
	[FIELD_COMM] = "_COMM",
	[FIELD_SYSLOG_PID] = "SYSLOG_PID",
	[FIELD_PID] = "_PID",
	[FIELD_MESSAGE] = "MESSAGE",
	[FIELD_REALTIME] = "_SOURCE_REALTIME_TIMESTAMP",
	[FIELD_MONOTONIC] = "_SOURCE_MONOTONIC_TIMESTAMP",
};

/* A line as it grows. */
struct growth {
	char *at;
	size_t len;
	bool cut;
};

void fields_clear(struct fields *fields)
{
	memset(fields->has, 0, sizeof(fields->has));
	memset(fields->len, 0, sizeof(fields->len));
}

static void append(struct fields *fields, enum field field, const char *at, size_t len)
{
	size_t room = FIELD_MAX - fields->len[field];

	len = len < room ? len : room;
	memcpy(fields->bytes[field] + fields->len[field], at, len);
	fields->len[field] += len;
}

void fields_add(struct fields *fields, const char *at, size_t len)
{
	const char *equals = memchr(at, '=', len);
	struct text name = {at, len};
	size_t field = 0;

	if (!equals)
		return;
	name.len = (size_t)(equals - at);
	while (field < FIELD_COUNT && !text_equal(name, names[field]))
		field++;
	if (field == FIELD_COUNT || (fields->has[field] && field != FIELD_MESSAGE))
		return;
	if (fields->has[field])
		append(fields, field, " ", 1);
	fields->has[field] = true;
	append(fields, field, equals + 1, len - name.len - 1);
}

static struct text value(const struct fields *fields, enum field field)
{
	return (struct text){fields->bytes[field], fields->len[field]};
}

static void put(struct growth *line, struct text text)
{
	for (size_t i = 0; i < text.len && !line->cut; i++) {
		bool newline = text.at[i] == '\n';

		if (line->len + 1 + newline > LINE_MAX_BYTES) {
			line->cut = true;
			return;
		}
		if (newline)
			line->at[line->len++] = '\\';
		line->at[line->len++] = newline ? 'n' : text.at[i];
	}
}

/* A process is a number; what a client of syslog wrote in its place stands as it is. */
static bool put_pid(struct growth *line, struct text text)
{
	char digits[32];
	int64_t pid;

	if (text_number(text, 0, INT64_MAX, &pid)) {
		if (!pid)
			return false;
		snprintf(digits, sizeof(digits), "%" PRId64, pid);
		text = text_of(digits);
	}
	if (!text.len)
		return false;
	put(line, text_of("["));
	put(line, text);
	put(line, text_of("]"));
	return true;
}

/* The kernel's messages begin with the time since boot, as dmesg shows it. */
static void put_monotonic(struct growth *line, const struct fields *fields, uint64_t us)
{
	char stamp[48];
	int64_t own;

	if (text_number(value(fields, FIELD_MONOTONIC), 0, INT64_MAX, &own))
		us = (uint64_t)own;
	snprintf(stamp, sizeof(stamp), "[%5" PRIu64 ".%06" PRIu64 "] ", us / 1000000,
		 us % 1000000);
	put(line, text_of(stamp));
}

static void put_ident(struct growth *line, const struct fields *fields, uint64_t monotonic)
{
	struct text ident = value(fields, FIELD_IDENT);
	bool pid;

	if (!ident.len)
		ident = value(fields, FIELD_COMM);
	if (!ident.len)
		return;
	put(line, ident);
	pid = put_pid(line, value(fields, FIELD_SYSLOG_PID)) ||
	      put_pid(line, value(fields, FIELD_PID));
	put(line, text_of(": "));
	if (!pid && text_equal(ident, "kernel"))
		put_monotonic(line, fields, monotonic);
}

size_t fields_line(const struct fields *fields, uint64_t monotonic, char *out, bool *cut)
{
	struct growth line = {.at = out};

	if (fields->len[FIELD_HOST]) {
		put(&line, value(fields, FIELD_HOST));
		put(&line, text_of(" "));
	}
	put_ident(&line, fields, monotonic);
	put(&line, value(fields, FIELD_MESSAGE));
	*cut = line.cut;
	out[line.len] = '\n';
	return line.len + 1;
}

int64_t fields_time(const struct fields *fields, uint64_t realtime)
{
	int64_t us = (int64_t)realtime;

	text_number(value(fields, FIELD_REALTIME), 0, INT64_MAX, &us);
	return us / 1000;
}
