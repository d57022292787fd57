/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a finding's subject to an address. An address is its own answer, at once; a host name
 * is asked of the DNS when the jail wants that (usedns = yes), without anyone waiting for it; a
 * message of sendmail's is asked of the process that wrote the line, and of later lines.
 */
#ifndef BANISH_RESOLVE_RESOLVE_H
#define BANISH_RESOLVE_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "base/finding.h"
#include "base/offence.h"
#include "base/ports.h"

#define RESOLVE_NAMES_MAX 1024	 /* asked or known at a time */
#define RESOLVE_WAITING_MAX 1024 /* lines that wait for an answer */
#define RESOLVE_LINE_MAX 1024	 /* of such a line, what is kept */
#define RESOLVE_ANSWER_MAX 16	 /* addresses of a name that count */
#define RESOLVE_KEEP_MS 300000	 /* an answer is used again for so long, also an empty one */

#define RESOLVE_MESSAGES_MAX 1024  /* messages known or waited for */
#define RESOLVE_MESSAGE_LINES 64   /* that wait for one of them */
#define RESOLVE_MESSAGE_MS 7200000 /* sendmail waits for a command an hour */

/* `line` is as it was logged, of one that waited its beginning. It and what else is not in the
 * offence dies with the call. */
typedef void resolve_done(void *arg, const struct offence *offence, struct text line);

struct resolve;

struct resolve_counts {
	uint64_t resolved;   /* offences told */
	uint64_t dropped;    /* findings that cannot be an offence, or name no address */
	uint64_t asked;	     /* names asked of the DNS */
	uint64_t unknown;    /* names without an answer */
	uint64_t crowded;    /* findings given up for want of room */
	uint64_t by_process; /* lines of messages whose client the process named */
	uint64_t by_line;    /* and a later line of the message */
	uint64_t unclaimed;  /* lines of messages that nothing told of in two hours, or given up
			      */
	uint64_t hidden;     /* processes that /proc does not show (hidepid=) */
	uint64_t waiting;    /* lines of messages that wait now */
};

/* A jail, as far as it matters here. */
struct resolve_jail {
	uint32_t name;
	uint32_t source;		/* a name: what waits is saved with its position */
	bool names;			/* host names count */
	const struct port_range *ports; /* that its clients are connected to; none: any */
	size_t port_count;
};

/* A TCP connection of this host that is established, or that the peer has closed. */
struct resolve_socket {
	struct prefix peer;
	uint16_t peer_port, own_port;
	uint32_t idle; /* ms since it last received data */
};

/* `base` is needed for names alone and must outlive this; without one they wait, and nobody is
 * asked. NULL: out of memory. */
struct resolve *resolve_new(struct event_base *base, resolve_done *done, void *arg);
void resolve_free(struct resolve *resolve); /* forgets what waits; takes NULL */
/* Ask this server, ADDRESS:PORT, and not those of /etc/resolv.conf. 0 or -EINVAL. */
int resolve_server(struct resolve *resolve, const char *address);
/* Processes are in this folder and not in /proc. 0 or -ENOMEM. */
int resolve_proc(struct resolve *resolve, const char *folder);
/*
 * `done` is called before this returns when the subject is an address, and from the loop, once
 * for each address, when it is a host name and `names` says that those count. What can never
 * be an offender (a prefix wider than one address; addresses that no peer has: of no one, of
 * many, of this link) is dropped and counted.
 *
 * A SUBJECT_ID with the extra "process" is a message (banish.conf(5), FILTERS): with an address
 * it is an offence at once, and tells of what waits; without, it waits. A FINDING_TELLS is
 * no offence.
 */
void resolve_finding(struct resolve *resolve, const struct resolve_jail *jail, bool live,
		     const struct finding *finding);
struct resolve_counts resolve_counts(const struct resolve *resolve);

/*
 * What waits goes over a restart, place by place. `piece` is called for each place that has
 * changed since the last call, which is noted, or for the `whole`; without bytes nothing is
 * there any more. At most RESOLVE_PIECE_MAX bytes.
 */
#define RESOLVE_PLACES (2 * RESOLVE_WAITING_MAX)
#define RESOLVE_PIECE_MAX 1298
typedef void resolve_piece(void *arg, uint32_t source, uint32_t jail, unsigned place,
			   struct text bytes);
void resolve_save(struct resolve *resolve, bool whole, resolve_piece *piece, void *arg);
/* As resolve_finding() of the line that waited. It has a place anew, and what the bytes came
 * from is free. The time it says; TIME_NONE: none, or they are no such piece. */
int64_t resolve_restore(struct resolve *resolve, const struct resolve_jail *jail,
			struct text bytes);

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
/*
 * They go over a restart place by place; the last place says that there ever was one. The first
 * from `from` on that has changed, which is noted; SESSIONS_PLACES: none. Takes NULL.
 */
#define SESSIONS_PLACES (RESOLVE_SESSIONS_MAX + 1)
unsigned sessions_changed(struct sessions *sessions, unsigned from);
#define SESSION_PACKED 27
/* At most SESSION_PACKED bytes; 0: the place is free. Takes NULL. */
size_t sessions_pack(const struct sessions *sessions, unsigned place, char *out);
/* False: they are none, or not to be had. */
bool sessions_unpack(struct sessions **sessions, unsigned place, struct text bytes);

/*
 * What a process says counts when its client has a connection. True: these ports' are wanted
 * now. Give all of them, then say resolve_answered(): 0, or -errno when they are not known;
 * -EPIPE: ask again.
 */
bool resolve_ask(struct resolve *resolve, struct port_range *ports);
void resolve_socket(struct resolve *resolve, const struct resolve_socket *socket);
void resolve_answered(struct resolve *resolve, int error);

/* ---- who is connected and does nothing ---- */

/* A process that serves a client, as its title says. */
struct resolve_session {
	int pid;
	struct prefix peer;
	int64_t age; /* ms since the process started */
	bool reads;  /* waits for a command */
};

#define PROCESSES_MAX 65536

/* A walk through all processes. */
struct processes;
int processes_open(struct processes **out, const char *proc); /* 0 or -errno */
void processes_close(struct processes *processes);	      /* takes NULL */
/* Look at `most` more of them. False: that were all. */
bool processes_look(struct processes *processes, unsigned most);
/* Those found, which may be sorted in place. */
struct resolve_session *processes_found(const struct processes *processes, size_t *count);

struct reap_rule {
	bool by_age;   /* of the process; else how long the connection received nothing */
	int64_t older; /* ms */
};

enum reap_verdict {
	REAP_END,
	REAP_BUSY, /* one of the peer's sessions is at work, and this may be its connection */
};

/* A connection that is old enough. */
struct reap_row {
	struct resolve_socket socket;
	const struct resolve_session *session; /* NULL: it cannot be told which of several */
	enum reap_verdict verdict;
};

/*
 * Which of these connections are to end. A socket does not say which process has it, nor the
 * other way round, so they are matched by the peer's address, and a connection is spared while
 * another session of its peer, or one that is not known, could have it and be at work. The
 * sockets were listed before the processes were looked at. Both are sorted. There is room in
 * `out` for `socket_count`; returns how many.
 */
size_t reap_choose(struct reap_row *out, const struct reap_rule *rule,
		   struct resolve_session *sessions, size_t session_count,
		   struct resolve_socket *sockets, size_t socket_count);

#endif
