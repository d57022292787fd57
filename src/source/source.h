/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where lines come from. A source is opened once, whoever shares it, and runs on the caller's
 * event loop; it hands over runs of whole lines and knows its position.
 *
 * A file is followed with inotify through rename + create, copytruncate, delete + re-create and
 * a symlink that moves; one that is not there is waited for. A last line without newline waits
 * for its end (and is handed over when the file is replaced by another).
 */
#ifndef BANISH_SOURCE_SOURCE_H
#define BANISH_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "base/line.h"
#include "base/position.h"
#include "base/text.h"

struct source;

struct source_counts {
	uint64_t lines, bytes;
	uint64_t cut;	    /* lines over LINE_MAX_BYTES */
	uint64_t rotations; /* the file was replaced or cut */
	uint64_t errors;    /* reads that failed */
	uint64_t dropped;   /* datagrams: no room in the kernel, or no syslog message */
};

enum source_state {
	SOURCE_WAITING, /* nothing there, or no permission: see source_error() */
	SOURCE_READING, /* catching up with what was there at start */
	SOURCE_LIVE,
};

struct source_events {
	/* Lines; they and the slices die with the call. source_position() is already behind
	 * them. */
	void (*lines)(void *arg, struct source *source, const struct lines *lines);
	/* The state changed: to say it once in the log. */
	void (*state)(void *arg, struct source *source, enum source_state state);
};

/*
 * A source's name says what it is:
 *
 *	/PATH			a file; a FIFO that is there, or comes there, is read as it is;
 *				a folder is one that multilog (or svlogd, s6-log) writes: its
 *				"current" is followed, and what was rotated from that read
 *				first, from the oldest on
 *	-			standard input; it waits for -ENODATA when that has ended
 *	journal:MATCH...	the systemd journal's entries that match, as journalmatch has
 *				it: FIELD=VALUE words, "+" between alternatives; all of them
 *				when there is none. A first word that is an absolute path is
 *				the folder of another journal than this host's
 *	syslog:/PATH		datagrams on a unix socket made there, for user and group
 *	syslog:udp:ADDR:PORT	datagrams on UDP; ADDR is an address of loopback, IPv6 in []
 *	policy:NAME		requests to a policy socket, which is not opened here: who
 *				listens there hands them in by source_give()
 *
 * Lines of the journal and of syslog sockets are "HOST IDENT[PID]: TEXT", as fail2ban has them
 * from the journal, with their time in the run; a newline within one is handed over as "\\n".
 * Who sends to a syslog socket says what he likes, and anyone on this host can send to UDP.
 *
 * A FIFO, standard input and syslog sockets cannot be read again: their position is all zero,
 * and what nobody reads is lost. A syslog socket that cannot be made is tried again.
 *
 * Of the journal what services and the kernel log is read, not what users do; of another folder
 * all. One that is followed for the first time is read from a day ago on: all of it can be
 * gigabytes, and hardly a findtime reaches further. A position that is all zero but for `tail`
 * is a time from which on it is read, in us since 1970. When the entry that `from` names was
 * deleted, the next newer one comes first. Without inotify it looks once a second.
 *
 * Follow `path`, from `from` on (NULL or all zero: from its start). When the file at `path` is
 * another than `from` names, the rest of that one is looked for beside it (rotated: same
 * folder, by inode and fingerprint) and read first. Nothing is read before the loop runs.
 * `events` and what it points to must outlive the source, which any of its callbacks may close.
 * Where there is no inotify (all of the user's instances are in use), it looks ten times a
 * second. 0, -ENOMEM, -EBADF (no standard input), or -EINVAL (a name of none of these forms).
 */
int source_open(struct source **out, struct event_base *base, const char *path,
		const struct position *from, const struct source_events *events, void *arg);
void source_close(struct source *source); /* takes NULL */
const char *source_path(const struct source *source);
/* Behind the last line handed over. */
void source_position(const struct source *source, struct position *out);
struct source_counts source_counts(const struct source *source);
enum source_state source_state(const struct source *source);
int source_error(const struct source *source); /* why it waits: 0, -ENOENT, -EACCES ... */
/* Stop and go on handing over, for a caller that cannot keep up. Nothing is lost,
 * but for datagrams, for which the kernel has some room. */
void source_pause(struct source *source, bool pause);
/* Hand a run of whole lines to a source of the kind policy:NAME, which hands it over before
 * this returns. False: it is paused, and they are dropped. */
bool source_give(struct source *source, struct text lines, int64_t time);
/* Say of such a source whether its socket is there: 0, or the -errno for which it waits. */
void source_told(struct source *source, int error);

#endif
