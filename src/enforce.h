/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From bans to entries: what each target should hold is worked out from the live bans whenever
 * it is about to be sent, so nothing here has to be undone. An entry is (target, prefix) and
 * ends with the last of the bans behind it.
 *
 * Two ways lead to the kernel. enforce_change() says that the bans of a prefix are not what
 * they were. Sync makes everything equal: it runs by itself whenever a target becomes ready
 * (start, a new worker) and when enforce_sync() asks for it.
 */
#ifndef BANISH_ENFORCE_H
#define BANISH_ENFORCE_H

#include <event2/event.h>

#include "conf/conf.h"
#include "connections.h"
#include "memory.h"
#include "target/target.h"

struct enforce;

struct enforce_events {
	/* Nothing is being synced any more and nothing waits. May be NULL. */
	void (*settled)(void *arg);
	/* Something was sent or answered: those who wait on a mark may look again. */
	void (*progress)(void *arg);
	void (*own)(void *arg, const struct prefix *addresses, size_t count);
	/* The helper is gone for good. */
	void (*lost)(void *arg);
	/* The answers to enforce_live, as of targets_events. May be NULL. */
	void (*fact)(void *arg, size_t target, const struct target_fact *fact);
	void (*facts_done)(void *arg, size_t target, int error);
};

struct enforce_target {
	const char *text;	 /* as it stands in the configuration: "nft", "ipset[name=x]" */
	struct target_info info; /* error -EINPROGRESS: not heard of yet */
	bool syncing;
	uint64_t syncs, refused; /* refused: entries that the kernel did not take */
	uint64_t evictions;	 /* entries that made room in a full set */
	uint64_t evicted;	 /* bans that are left out for want of room */
	int last_error;		 /* of the last one refused, -errno */
	int sync_error;		 /* of the last sync, -errno; it is tried again */
	size_t pending;		 /* changes not sent yet */
};

/* What drop-established has done. */
struct enforce_closed {
	uint64_t peers, sockets; /* banned peers looked at, and their connections closed */
	uint64_t missed;	 /* peers that there was no room to wait for */
	int error;		 /* of the last time, -errno */
};

/* Where a queue has got to: what was asked for before it was taken has been answered when
 * enforce_reached() says so. */
struct enforce_mark {
	uint64_t epoch; /* of the targets: others count from zero */
	uint64_t changes[TARGETS_MAX], syncs[TARGETS_MAX];
};

/* Starts the helper. `memory` is read and must outlive it. 0 or -errno of targets_open(). */
int enforce_open(struct enforce **out, struct event_base *base, const char *helper,
		 struct memory *memory, const struct enforce_events *events, void *arg);
void enforce_close(struct enforce *enforce); /* the kernel keeps what it holds; takes NULL */

/* The targets and who uses them from now on; all are synced. Entries in targets that are
 * dropped are taken out first. Before the event `settled` comes, targets say -EINPROGRESS. */
int enforce_define(struct enforce *enforce, const struct conf *conf);
/* There are more bans to hand on than before, or all are read (memory.h). */
void enforce_read(struct enforce *enforce);

/* A ban of this prefix is about to end, or to end sooner, by somebody's doing: enforce_change()
 * follows. */
void enforce_before(struct enforce *enforce, uint32_t jail, const struct prefix *prefix);
/* The bans of this prefix in `jail` were made, changed or ended by somebody. */
void enforce_change(struct enforce *enforce, uint32_t jail, const struct prefix *prefix);
/* A ban ended with its time: only targets that keep no time themselves hear of it. */
void enforce_expired(struct enforce *enforce, uint32_t jail, const struct prefix *prefix);
void enforce_sync(struct enforce *enforce);
/* Take everything of ours out of the kernel. State keeps it; the next sync brings it back. */
void enforce_flush(struct enforce *enforce);
/* Before enforce_define: the first sync of every target is to leave nothing. */
void enforce_hold_back(struct enforce *enforce);
/* Send again what ends later than a target can keep time: at least every
 * ENFORCE_REARM_MS. */
#define ENFORCE_REARM_MS (INT64_C(24) * 3600 * 1000)
void enforce_rearm(struct enforce *enforce);

void enforce_mark(const struct enforce *enforce, struct enforce_mark *mark);
bool enforce_reached(const struct enforce *enforce, const struct enforce_mark *mark);
/* The syncs asked for before the mark was taken are over, too. */
bool enforce_synced(const struct enforce *enforce, const struct enforce_mark *mark);
/* Every target has had its first sync, or cannot be used. */
bool enforce_ready(const struct enforce *enforce);
/* To be called every second: sync what failed in a way that a sync may mend, try what cannot be
 * used, look after what the kernel tells nothing of. */
void enforce_tick(struct enforce *enforce);
bool enforce_settled(const struct enforce *enforce);
/* More waits than is good for memory: stop reading what makes it. */
bool enforce_crowded(const struct enforce *enforce);

size_t enforce_count(const struct enforce *enforce);
const struct enforce_target *enforce_at(const struct enforce *enforce, size_t target);
/* Is this target one of the jail's? (A jail that is gone has those of `manual`.) */
bool enforce_uses(const struct enforce *enforce, uint32_t jail, size_t target);
/* Ask the kernel whether what a target holds has an effect. As target_live(). */
int enforce_live(const struct enforce *enforce, size_t target);
/* The connections of this host: as connections_list() and connections_close(); the event
 * `progress` comes when there is room again. */
int enforce_list_connections(struct enforce *enforce, struct port_range ports,
			     const struct connections_asker *asker);
int enforce_close_connections(struct enforce *enforce, const struct target_close *closes,
			      size_t count, const struct connections_asker *asker);
struct enforce_closed enforce_closed(const struct enforce *enforce);
struct targets_counts enforce_helper(const struct enforce *enforce);

#endif
