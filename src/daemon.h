/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon: everything that runs between `banish run` and its end, on one event loop. run.c
 * starts and stops it; each command's file holds its verb.
 */
#ifndef BANISH_DAEMON_H
#define BANISH_DAEMON_H

#include "control/control.h"
#include "enforce.h"
#include "memory.h"
#include "reading.h"
#include "reaper.h"
#include "setup.h"
#include "source/source.h"

struct daemon;

/* One source that is followed. */
struct feed {
	struct daemon *daemon;
	char *path; /* the source's name (source/source.h) */
	struct source *source;
	struct reading reading;
	uint64_t strange;   /* failures of who had no session */
	uint64_t limited;   /* searches given up that were told in the log */
	int64_t limited_at; /* ticks: when; 0: never */
	bool live, again;   /* the lines being looked at are (base/line.h) */
	bool moved;	    /* the position is not in the journal yet */
	int64_t since; /* wall clock: at the earliest, of lines found at start; or TIME_NONE */
	struct feed *next;
};

/* A call that is answered when the kernel and the disk have what it did. */
struct waiting {
	struct call *call;
	struct enforce_mark mark;
	uint64_t ticket;
	int64_t since; /* ticks */
	bool settle;   /* wait for every sync to be over, too */
	/* durable: 0, or the -errno for which it is not on disk. */
	void (*done)(struct daemon *daemon, struct call *call, int durable);
};

struct daemon {
	struct event_base *base;
	const char *file; /* the configuration */
	struct setup *setup;
	struct memory *memory;
	struct enforce *enforce;
	struct resolve *resolve;
	struct control *control;
	struct feed *feeds;
	struct outlet *outlets; /* policies.h */
	struct waiting waiting[CONTROL_CALLS_MAX];
	size_t waiting_count;
	struct reload *reload; /* the one under way, or NULL */
	struct live *live;
	struct reaper *reaper;
	struct connections_asker clients; /* for resolve */
	int clients_error;		  /* the one last said in the log */
	bool clients_warned;
	struct event *turn; /* active when decisions are to be committed */
	struct event *expire, *tick, *disk, *snapshot, *stop[3];
	struct call *stalled[CONTROL_CALLS_MAX]; /* their bodies are not read for now */
	size_t stalled_count;
	int64_t started;      /* wall clock */
	int64_t positions_at; /* ticks: when positions were last written */
	int64_t odd_time_at;  /* ticks: when a line's odd time was last warned of; 0: never */
	int64_t rearm_at;     /* ticks */
	int store_error;      /* the one last said in the log */
	int snapshot_error;   /* the same */
	bool ready, paused;
	int exit;
};

/* Decisions were made: write positions and commit before the loop sleeps. */
void daemon_touch(struct daemon *daemon);
/* Use a configuration from now on; the former one is freed. 0, or -errno with nothing changed.
 */
int daemon_use(struct daemon *daemon, struct setup *setup);
/* End every ban that may not be (any more): ignoreip or own addresses changed. */
void daemon_pardon(struct daemon *daemon);
void daemon_unban(struct daemon *daemon, uint32_t jail, const struct prefix *prefix);
void daemon_stop(struct daemon *daemon, int code);
/* The number of a jail of the running configuration, 0: there is none of that name. */
uint32_t daemon_jail(const struct daemon *daemon, const char *name);
/* The same, or of a jail that is gone and has bans left. */
uint32_t daemon_find_jail(const struct daemon *daemon, const char *name);

/* For resolve: judge an offence, remember it, and have its ban enforced. `arg` is the daemon.
 */
void offend(void *arg, const struct offence *offence, struct text line);

int feeds_open(struct daemon *daemon); /* 0 or -ENOMEM */
/* Follow what the setup says; sources that are in both go on where they are. */
int feeds_use(struct daemon *daemon, const struct setup *setup);
void feeds_free(struct daemon *daemon);
/* Put the positions that moved into the journal. */
void feeds_write_positions(struct daemon *daemon);
/* Stop reading while those behind cannot keep up, and go on when they can. */
void feeds_throttle(struct daemon *daemon);

/* Commit, and call `done` when the kernel has answered and the disk holds it. */
void wait_add(struct daemon *daemon, struct call *call, bool settle,
	      void (*done)(struct daemon *daemon, struct call *call, int durable));
void wait_drop(struct daemon *daemon, const struct call *call); /* the caller went away */
void wait_check(struct daemon *daemon);
/* Read no more of a call's body until the kernel has caught up. */
void wait_stall(struct daemon *daemon, struct call *call);
void wait_resume(struct daemon *daemon);

/*
 * Whether the bans have an effect: the kernel is asked about every target, and `done` called
 * when it has answered or does not, at once when a look of a few seconds ago will do (not
 * `fresh`).
 */
struct warnings;
struct live *live_new(void);	   /* NULL: out of memory */
void live_free(struct live *live); /* takes NULL */
void live_look(struct daemon *daemon, struct call *call, bool fresh,
	       void (*done)(struct daemon *daemon, struct call *call));
void live_drop(struct daemon *daemon, const struct call *call); /* the caller went away */
const struct warnings *live_warnings(const struct live *live);	/* of the last look */
/* What the targets say, and when they may be asked more. */
void live_fact(struct daemon *daemon, size_t target, const struct target_fact *fact);
void live_answered(struct daemon *daemon);
void live_pump(struct daemon *daemon);

/* Ask for the connections that resolve wants to know of, if it does. */
void clients_pump(struct daemon *daemon);
/* Say once if /proc does not show the processes of others. */
void clients_warn(struct daemon *daemon);

/* ---- the verbs, each in its command's file ---- */

void status_start(void *arg, struct call *call);
void list_start(void *arg, struct call *call);
void list_more(void *arg, struct call *call);
void ban_start(void *arg, struct call *call);
void ban_line(void *arg, struct call *call, struct text line, size_t number);
void ban_end(void *arg, struct call *call);
void unban_start(void *arg, struct call *call);
void why_start(void *arg, struct call *call);
void tarpit_start(void *arg, struct call *call);
void tarpit_more(void *arg, struct call *call);
void live_start(void *arg, struct call *call);
void sync_start(void *arg, struct call *call);
void flush_start(void *arg, struct call *call);
void reload_start(void *arg, struct call *call);
void reap_start(void *arg, struct call *call);
/* What a round of the reaper's found, to the caller who asked for it. */
void reap_done(void *arg, struct call *call, const struct reaper_round *round);
void import_start(void *arg, struct call *call);
void import_body(void *arg, struct call *call, struct text line, size_t number);
void import_end(void *arg, struct call *call);
void verb_over(void *arg, struct call *call); /* frees call_own() */

/* Begin a reload; `call` is NULL for a signal's. */
void reload_begin(struct daemon *daemon, struct call *call);
void reload_forget(struct daemon *daemon, const struct call *call);

#endif
