/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fields of an entry of the systemd journal (systemd.journal-fields(7)), and the line that
 * fail2ban makes of them, which filters for journals are written for: "HOST IDENT[PID]: TEXT".
 */
#ifndef BANISH_SOURCE_FIELDS_H
#define BANISH_SOURCE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/line.h"

enum field {
	FIELD_HOST,
	FIELD_IDENT,
	FIELD_COMM, /* stands in for an identifier */
	FIELD_SYSLOG_PID,
	FIELD_PID,
	FIELD_MESSAGE,
	FIELD_REALTIME, /* of the source, us: earlier than that of the journal */
	FIELD_MONOTONIC,
	FIELD_COUNT
};

#define FIELD_MAX (LINE_MAX_BYTES + 1) /* more than fits a line is not kept */

struct fields {
	bool has[FIELD_COUNT];
	size_t len[FIELD_COUNT];
	char bytes[FIELD_COUNT][FIELD_MAX];
};

void fields_clear(struct fields *fields);
/* "NAME=value", of any entry: what no line needs is left out. Of a name that comes twice the
 * first is taken, but of messages all. */
void fields_add(struct fields *fields, const char *at, size_t len);
/*
 * The line with its '\n', for which `out` has room for LINE_MAX_BYTES + 1. `monotonic`: the
 * time since boot in us of an entry that does not say it itself. Returns its length. *cut: it
 * was too long.
 */
size_t fields_line(const struct fields *fields, uint64_t monotonic, char *out, bool *cut);
/* When it happened, in ms; `realtime`: when the journal took it, in us. */
int64_t fields_time(const struct fields *fields, uint64_t realtime);

#endif
