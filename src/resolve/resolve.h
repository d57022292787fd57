/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a finding's subject to an address. An address is its own answer, at once; a host name
 * is asked of the DNS when the jail wants that (usedns = yes), without anyone waiting for it.
 */
#ifndef BANISH_RESOLVE_RESOLVE_H
#define BANISH_RESOLVE_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "base/finding.h"
#include "base/offence.h"

#define RESOLVE_NAMES_MAX 1024	 /* asked or known at a time */
#define RESOLVE_WAITING_MAX 1024 /* lines that wait for an answer */
#define RESOLVE_ANSWER_MAX 16	 /* addresses of a name that count */
#define RESOLVE_KEEP_MS 300000	 /* an answer is used again for so long, also an empty one */

/* `line` is as it was logged. It and what else is not in the offence dies with the call. */
typedef void resolve_done(void *arg, const struct offence *offence, struct text line);

struct resolve;

struct resolve_counts {
	uint64_t resolved; /* offences told */
	uint64_t dropped;  /* findings that cannot be an offence, or name no address */
	uint64_t asked;	   /* names asked of the DNS */
	uint64_t unknown;  /* names without an answer */
	uint64_t crowded;  /* findings given up for want of room */
};

/* `base` is needed for names alone and must outlive this. NULL: out of memory. */
struct resolve *resolve_new(struct event_base *base, resolve_done *done, void *arg);
void resolve_free(struct resolve *resolve); /* forgets what waits; takes NULL */
/* Ask this server, ADDRESS:PORT, and not those of /etc/resolv.conf. 0 or -EINVAL. */
int resolve_server(struct resolve *resolve, const char *address);
/*
 * `done` is called before this returns when the subject is an address, and from the loop, once
 * for each address, when it is a host name and `names` says that those count. What can never
 * be an offender (a prefix wider than one address; addresses that no peer has: of no one, of
 * many, of this link) is dropped and counted.
 */
void resolve_finding(struct resolve *resolve, uint32_t jail, bool names, bool live,
		     const struct finding *finding);
struct resolve_counts resolve_counts(const struct resolve *resolve);

/* ---- sessions ---- */

/*
 * Who has a session open with a server whose log says when each begins and ends, but in whose
 * lines peers can write another's address. One for each jail of a source; NULL until needed.
 */
struct sessions;
#define RESOLVE_SESSIONS_MAX 1024 /* of more the oldest are taken to be over */

/*
 * Take note of a beginning or an end. False: nothing to be counted, because the finding is no
 * failure, or one to be checked (finding.checked) that is of no address, or of one without a
 * session in a log that tells of sessions. Without memory nothing is checked.
 */
bool sessions_admit(struct sessions **sessions, const struct finding *finding);
void sessions_free(struct sessions *sessions); /* takes NULL */

#endif
