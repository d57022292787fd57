/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one filter remembers of one source from line to line. No pointers into the filter: it
 * outlives a reload.
 */
#ifndef BANISH_MATCH_SESSION_H
#define BANISH_MATCH_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct session {
	int64_t last_date; /* of the last line that had one; TIME_NONE: none yet */
	uint64_t asked;	   /* the last line of the source whose date was asked for, from 1 */
	int64_t saved_date;
	bool saved_key;			 /* of the connections */
	struct connections *connections; /* by <F-MLFID>; NULL until the first */
	struct recent *recent;		 /* lines, with maxlines; NULL until the first */
};

struct session *session_new(void);	    /* NULL: out of memory */
void session_free(struct session *session); /* takes NULL */

/* False: the line belongs to no connection, as connections_may_know(). */
bool session_may_know(const struct session *session, struct text line);
/* Connections that had to make room for others before they were over. */
uint64_t session_evicted(const struct session *session);

#endif
