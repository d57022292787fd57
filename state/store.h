/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State on disk: one ordered journal of typed, checksummed records, and a GDBM snapshot that
 * replaces the journal before it. Memory is the truth; this room never reads back while
 * running.
 *
 * A folder holds lock, snapshot.NNNNNNNN.gdbm (the state when journal NNNNNNNN began) with its
 * checksum in snapshot.NNNNNNNN.sum, journal.NNNNNNNN, and the previous pair. Opening loads the
 * newest snapshot that is whole and replays the journals from its number on. A torn journal
 * tail is dropped, and with it the whole group that it ends in the midst of, for what a line
 * led to and the position behind the line stand or fall together; a snapshot that is damaged is
 * set aside under the name it had + ".damaged" and the previous one used; both with a message.
 * Behind a damaged place inside a journal, also in the journals that the same process went on
 * with, everything is kept but positions, offences and filter memory: what they rest on may be
 * lost, and the lines from the older position on are read and counted again instead.
 *
 * One writer thread owns the journal. store_put() only copies to memory; what is committed is
 * written and fdatasynced in groups. When the disk refuses, everything stays in memory and is
 * tried again every second: store_error() says why meanwhile. When more than
 * STORE_BACKLOG_MAX waits, the backlog is given up, nothing more becomes durable, and
 * store_wants_snapshot() asks for all of it.
 */
#ifndef BANISH_STATE_STORE_H
#define BANISH_STATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ban.h"
#include "base/credit.h"
#include "base/position.h"
#include "base/text.h"

#define STORE_BACKLOG_MAX (64u << 20)
#define STORE_TEXT_MAX 8192
#define STORE_PIECE_MAX 8208 /* of filter memory: a line and what is known of it */

enum record_kind {
	RECORD_NAME = 1, /* number -> text, before the first record that uses it */
	RECORD_OFFENCE,	 /* counted, no ban yet */
	RECORD_BAN,	 /* made or changed: replaces (jail, prefix) and clears its offences */
	RECORD_UNBAN,	 /* ended by a person; its strikes are forgotten, too */
	RECORD_POSITION, /* a source was read so far */
	RECORD_EVIDENCE, /* a line that was counted */
	RECORD_REMOVAL,	 /* to be deleted from someone else's set; not confirmed yet */
	RECORD_REMOVED,	 /* confirmed */
	RECORD_STRIKE,	 /* how often (jail, prefix) was banned: replaces what it had */
	RECORD_MEMORY,	 /* a piece of what a filter remembers from line to line: replaces
			    (source, jail, key); without bytes: there is none any more */
	RECORD_CREDIT,	 /* the whole of a prefix's credit; count 0: it has none any more */
	RECORD_CLOCK,	 /* what the time is, and how times in other records are to be read */
};

/*
 * One record. Texts point to the caller's memory, and in a load to memory that dies with the
 * call. Numbers are names (base/names.h).
 *
 * A number means what the last RECORD_NAME before it says, in the order of the load: the next
 * process has numbers of its own and goes on in the same journal. So a process puts each name
 * with store_put() before it first uses the number, a load translates each record when it is
 * read, and a snapshot has every name that its records use, put before them.
 */
struct record {
	enum record_kind kind;
	union {
		struct {
			uint32_t number;
			struct text text;
		} name;
		struct {
			struct prefix prefix;
			uint32_t jail;
			int64_t time; /* as it was counted */
		} offence;
		struct ban ban;
		struct {
			struct prefix prefix;
			uint32_t jail;
		} unban;
		struct {
			uint32_t source; /* its path */
			struct position position;
		} position;
		struct {
			struct prefix prefix;
			uint32_t jail;
			int64_t time;
			struct text line; /* at most STORE_TEXT_MAX */
		} evidence;
		struct {
			uint32_t target; /* as it stands in the configuration */
			struct prefix prefix;
		} removal; /* and removed */
		struct {
			struct prefix prefix;
			uint32_t jail;
			uint32_t count;
			int64_t since, until; /* of the last of these bans */
		} strike;
		struct {
			uint32_t source; /* its path */
			uint32_t jail;
			uint32_t key;
			struct text bytes; /* at most STORE_PIECE_MAX; they mean nothing here */
		} memory;
		struct credit credit;
		struct {
			uint64_t boot; /* of the machine, a number; 0: not known */
			int64_t uptime;
			int64_t now;   /* by the wall clock */
			int64_t shift; /* of the times in all records before this one */
			int64_t ahead; /* of the wall clock over the times in the records since
					  the last one with a shift, and in those to come */
		} clock;
	};
};

#define RECORD_NUMBERS_MAX 2

/* Where the names' numbers stand in a record, but for the one that a RECORD_NAME explains. How
 * many there are. */
unsigned record_numbers(struct record *record, uint32_t *numbers[RECORD_NUMBERS_MAX]);

struct store;

enum store_mode {
	STORE_WRITE, /* the daemon: takes the lock, starts the writer */
	STORE_READ, /* restore, flush: changes nothing; works on a read-only mount. Refuses with
		       -EBUSY while a daemon holds the lock */
};

enum store_part {
	STORE_AHEAD, /* the journals' records, which come again in their turn */
	STORE_SNAPSHOT,
	STORE_JOURNALS,
};

struct store_load {
	/* Each record of snapshot and journal, in order; a later one replaces what an earlier
	 * one of its key said. */
	void (*record)(void *arg, const struct record *record);
	/* Something a person should know: what was damaged, dropped, set aside. */
	void (*note)(void *arg, const char *text);
	/* NULL, or whoever hands the snapshot's records on before all is read, and wants to
	 * know ahead what the journals say of them. Where there is a snapshot, it is told which
	 * part of the load begins; `bans`: that many the snapshot has, 0 if it also ends some.
	 */
	void (*part)(void *arg, enum store_part part, uint64_t bans);
};

/* Load and, in STORE_WRITE, go on writing, on a read-only disk once it is no more. 0; -EBUSY:
 * another daemon has it; -ENOENT: no such folder; -EACCES ... `load` is used during the call
 * only. */
int store_open(struct store **out, const char *dir, enum store_mode mode,
	       const struct store_load *load, void *arg);
/* Writes what is committed (waiting at most 5 s for a disk that refuses), ends the thread.
 * Takes NULL. */
void store_close(struct store *store);

/* Append to the current group. Never fails and never waits for the disk. */
void store_put(struct store *store, const struct record *record);
/* Hand the group to the writer: at once, or, when !urgent, `group_ms` after the group before it
 * at the earliest. The ticket is
 * durable when store_durable() >= it. Committing nothing returns the last ticket, and makes it
 * urgent when it is said to be. */
uint64_t store_commit(struct store *store, bool urgent);
uint64_t store_durable(const struct store *store);
void store_set_group(struct store *store, unsigned group_ms); /* default 50 */
/* Readable when store_durable() or store_error() may have changed; store_seen() quiets it. */
int store_fd(const struct store *store);
void store_seen(struct store *store);
/* 0, or the -errno for which nothing becomes durable at the moment; -ENOBUFS: too much waited,
 * and the snapshot that will have it is not there yet. */
int store_error(const struct store *store);

/*
 * A new snapshot. begin: the journal goes on in a new file from here. put: any records whose
 * replay before that new journal gives the state: names, then the rest, in any number of
 * turns of the loop, with store_put() and store_commit() in between as ever. end: write, sync,
 * rename, in a thread of its own beside the writer; then files older than the previous pair are
 * deleted. A snapshot that fails leaves everything as it was, and none is wanted for 10 s,
 * then 20, up to ten minutes; for 10 s where records were given up.
 * begin and end commit what was put. begin returns -EBUSY while one is being written.
 */
bool store_wants_snapshot(const struct store *store); /* the journal has grown enough */
int store_snapshot_begin(struct store *store);
void store_snapshot_put(struct store *store, const struct record *record);
void store_snapshot_end(struct store *store);
bool store_snapshot_busy(const struct store *store);

/*
 * Without a daemon, for a person. Both refuse with -EBUSY while one holds the lock.
 */
struct store_file {
	const char *name;
	uint64_t bytes, records;
	uint64_t damaged; /* places, and records that this program cannot understand */
	bool torn;	  /* ends in an unfinished write, as a crash leaves it */
};

struct store_verify {
	void (*file)(void *arg, const struct store_file *file);
	/* What is wrong with the file that comes next. */
	void (*note)(void *arg, const char *text);
};

/* Look at every snapshot and journal, those that a load would not use as well; changes nothing.
 * 0 also when they are damaged; or -errno. */
int store_verify(const char *dir, const struct store_verify *to, void *arg);
/* A new snapshot of what a load gives, which is told to `to`; all that was there before is set
 * aside. 0, or -errno and the folder is as it was. */
int store_repair(const char *dir, const struct store_load *to, void *arg);

struct store_counts {
	uint64_t records, commits, syncs, snapshots, dropped;
	uint64_t journal_bytes;
	uint64_t backlog_bytes;
	uint64_t damaged;   /* records and files found damaged at open */
	int snapshot_error; /* of the last snapshot; 0 when it succeeded */
};
struct store_counts store_counts(const struct store *store);

#endif
