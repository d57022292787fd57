/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offences that wait to be told whose they are, each with its line. Bounded all together, and
 * kept as they go over a restart.
 */
#ifndef BANISH_RESOLVE_WAITERS_H
#define BANISH_RESOLVE_WAITERS_H

#include <stddef.h>

#include "resolve/resolve.h"

/* What waits, and for what. */
struct wait {
	struct text subject; /* a host name, or the id of a message */
	struct text process; /* of a message, decimal; of a name none */
	const struct resolve_jail *jail;
	struct offence offence; /* all but its prefix */
	struct text line;
};

struct waiter {
	struct offence offence;
	struct text line; /* the end of bytes */
	struct waiter *next;
	unsigned place;
	size_t len;
	char bytes[]; /* packed */
};

struct waiters {
	struct waiter *first, *last;
	size_t count;
};

/* All that wait for one kind of answer. */
struct waiting {
	size_t count;
	bool changed; /* any place is */
	struct waiting_place {
		struct waiter *waiter;	   /* NULL: it is free */
		uint32_t source, jail;	   /* of the waiter */
		uint32_t on_disk, of_jail; /* the same of what was saved; no source: nothing */
		bool changed;
	} places[RESOLVE_WAITING_MAX];
};

/* Copied, the line as well, up to RESOLVE_LINE_MAX, to the end. 0, -ENOSPC when
 * RESOLVE_WAITING_MAX wait, or -ENOMEM. */
int waiters_add(struct waiters *waiters, struct waiting *all, const struct wait *wait);
/* The first, for waiter_free(); NULL: none. */
struct waiter *waiters_take(struct waiters *waiters);
void waiter_free(struct waiter *waiter, struct waiting *all);
/* Forget all; so many they were. */
size_t waiters_clear(struct waiters *waiters, struct waiting *all);

/* As resolve_save(), with places from `first` on. */
void waiting_save(struct waiting *all, bool whole, unsigned first, resolve_piece *piece,
		  void *arg);

#define WAIT_SUBJECT_MAX 253
#define WAIT_PROCESS_MAX 10
#define WAIT_PACKED_MAX (11 + WAIT_SUBJECT_MAX + WAIT_PROCESS_MAX + RESOLVE_LINE_MAX)

/* Bytes written to `out`, which has room for WAIT_PACKED_MAX. Of the offence the time alone. */
size_t wait_pack(char *out, const struct wait *wait);
/* Its texts point into `bytes`; it has no jail. False: it is none. */
bool wait_unpack(struct wait *out, struct text bytes);

#endif
