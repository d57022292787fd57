/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source that receives syslog datagrams (header.h says what becomes of them) on a socket of
 * its own (inlet.h). What was received cannot be read again: its position is nowhere, and what
 * is sent while nobody listens, or faster than UDP's buffer is emptied, is lost; the latter is
 * counted. A sender to a path waits, or gives up by itself.
 *
 * Where the socket cannot be made (another program's, no such folder), or its file is removed,
 * it waits and tries again.
 */
#ifndef BANISH_SOURCE_SYSLOG_H
#define BANISH_SOURCE_SYSLOG_H

#include "source/kind.h"

#define SYSLOG_NAME "syslog:"

/* As source_open(). */
int syslog_open(struct source **out, struct event_base *base, const char *name,
		const struct source_events *events, void *arg);

#endif
