/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source that is the systemd journal, or one in a folder. */
#ifndef BANISH_SOURCE_JOURNAL_H
#define BANISH_SOURCE_JOURNAL_H

#include "source/kind.h"

#define JOURNAL_NAME "journal:" /* how its name begins */

/* As source_open(), for a name "journal:MATCH...". -EINVAL: no such match. */
int journal_open(struct source **out, struct event_base *base, const char *name,
		 const struct position *from, const struct source_events *events, void *arg);

#endif
