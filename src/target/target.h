/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where bans are put. A target holds entries (prefixes with an end); all kernel targets share
 * one helper process, banish-netlink, which this room starts and talks to.
 *
 * Everything is asynchronous on the caller's event loop and callbacks never come from inside a
 * call. Changes of a target are applied in the order they were given.
 */
#ifndef BANISH_TARGET_TARGET_H
#define BANISH_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "base/diag.h"
#include "base/ports.h"
#include "base/prefix.h"
#include "base/spec.h"

#define TARGETS_MAX 32
#define TARGET_BATCH_MAX 1000

enum target_op {
	TARGET_ADD,  /* or refresh: the new end counts */
	TARGET_DEL,  /* what is not there: success */
	TARGET_FILL, /* an add to the second set, between refill begin and commit */
};

struct target_change {
	struct prefix prefix;
	enum target_op op;
	/* ms until its end, > 0; TIME_FOREVER. In a delete: what would be left of what was
	 * given last, or 0: not known. In a shared set what ends later than that is somebody
	 * else's and stays. */
	int64_t left;
	int64_t whole; /* ms from its start to its end; TIME_FOREVER; 0 in a delete */
};

/* How a target is made to hold exactly what is wanted. */
enum target_way {
	TARGET_NOTHING, /* holds nothing (null) */
	TARGET_DIFF,	/* target_list, then apply the difference */
	TARGET_REFILL,	/* target_refill begin, TARGET_FILL changes, commit */
	/* Someone else's set: add and refresh; delete only what we added. An add leaves an
	 * entry that ends later as it is: to make one end earlier, delete it first. */
	TARGET_SHARED,
};

struct target_info {
	int error; /* 0: in use. Else `text` says what is wrong and the command that fixes it */
	char text[256];
	enum target_way way;
	bool timeouts;	   /* entries end by themselves; else the caller deletes them */
	bool silent;	   /* the kernel does not always tell when somebody else changes it */
	int64_t longest;   /* ms: an end further off is cut to this and must be sent again
			      before it comes (ipset: 2147483 s); TIME_FOREVER: any */
	uint32_t identity; /* to be kept in state and given back: the mark of sets we created */
	bool created;	   /* empty, made just now */
};

/* End the connections of a banned peer. */
#define TARGET_CLOSE_PORTS 8
struct target_close {
	struct prefix peer;
	struct port_range ports[TARGET_CLOSE_PORTS]; /* of this host */
	bool conntrack;	    /* and have the kernel forget that they were established */
	size_t count;	    /* of ports; none: every port */
	uint16_t peer_port; /* 0: any; else `peer` is one address */
	uint32_t idle;	    /* ms: what received nothing for so long; 0: all */
};

/* A TCP connection of this host. */
struct target_socket {
	struct prefix peer, own; /* single addresses */
	uint16_t peer_port, own_port;
	uint8_t state; /* as in linux/tcp.h */
	uint32_t idle; /* ms since data came last */
	uint32_t uid, inode;
};

/* What the kernel says about a target's effect; see enum wire_about. */
enum target_about {
	TARGET_SET_REFERENCES,
	TARGET_SET_ENTRIES,
	TARGET_SET_SIZE,
	TARGET_RULE_PACKETS,
	TARGET_CHAIN_PRIORITY,
	TARGET_CHAIN_BEFORE,
	TARGET_RULES_BEFORE,
	TARGET_CHAIN_HOOK, /* enum nf_inet_hooks */
};

struct target_fact {
	enum target_about what;
	int64_t value;
	char name[64]; /* of a set, chain or rule */
};

struct targets; /* all of them, and the helper */

struct targets_events {
	/* A target is defined, or cannot be: after targets_define, and for each of them again
	 * when a new worker took over (then the kernel may hold anything: sync). */
	void (*ready)(void *arg, size_t target, const struct target_info *info);
	/* A batch was applied. errors[i] is 0 or -errno of changes[i]; -EPIPE: the worker died
	 * first, and `ready` follows. */
	void (*applied)(void *arg, size_t target, const struct target_change *changes,
			const int *errors, size_t count);
	/* Answers to target_list: any number of `held`, then `listed` once. `left` is 0 of what
	 * lets through in a set of ours. */
	void (*held)(void *arg, size_t target, const struct prefix *prefix, int64_t left);
	void (*listed)(void *arg, size_t target, int error);
	/* Answer to target_refill and target_flush. */
	void (*done)(void *arg, size_t target, int error);
	/* Entries are gone, or may be, and not by our doing: sync. `who`: "nft (pid 123)", or
	 * empty: not known. */
	void (*removed)(void *arg, size_t target, const char *who);
	/* No rule uses a set of this target any more. */
	void (*unused)(void *arg, size_t target);
	/* Answers to target_live: any number of `fact`, then `facts_done` once. */
	void (*fact)(void *arg, size_t target, const struct target_fact *fact);
	void (*facts_done)(void *arg, size_t target, int error);
	/* Answer to targets_close_sockets, oldest first: so many sockets of `peers` peers were
	 * closed. The first error, 0 when all went well; -EPIPE: the worker died. */
	void (*closed)(void *arg, size_t peers, uint64_t sockets, int error);
	/* Answers to targets_sockets: any number of `socket`, then `sockets_done` once. */
	void (*socket)(void *arg, const struct target_socket *socket);
	void (*sockets_done)(void *arg, int error);
	/* There is room for another batch. */
	void (*room)(void *arg);
	/* This host's addresses: once after start and whenever they change. */
	void (*own)(void *arg, const struct prefix *addresses, size_t count);
	/* The helper is gone for good (its parent half died). Nothing works any more. */
	void (*lost)(void *arg);
};

/* Is this a target that could work? -EINVAL after a diag_error with its place: unknown kind or
 * option, names too long, a bad table ... The kernel is not asked. */
int target_check(const struct spec *spec, struct diag *diag);
/* Two different targets that would use the same set or table: -EINVAL after a diag_error at the
 * place of `b`. Both have passed target_check. */
int target_check_pair(const struct spec *a, const struct spec *b, struct diag *diag);
/* One line for a person, for `banish check`: what it puts where, with every set name a firewall
 * rule would use. Returns `out`. */
const char *target_describe(const struct spec *spec, char *out, size_t size);

/* What kind of target it is, for advice. */
enum target_kind {
	TARGET_NONE, /* null, or a spec that target_check refuses */
	TARGET_OWN_TABLE,
	TARGET_USER_TABLE,
	TARGET_IPSET,
	TARGET_ROUTE,
	TARGET_FILE, /* tcprules: it is there after a boot as it was before */
};
enum target_kind target_kind(const struct spec *spec);
/* The command by which a rule of the user's would drop what the set of this target holds. True:
 * the set is for IPv6. */
bool target_rule(const struct spec *spec, const char *set, char *out, size_t size);

/* The rule by which tcpserver denies a prefix, "192.0.2.1:deny". False: there is none. */
#define TARGET_RULE_MAX 64
bool target_deny_rule(const struct prefix *prefix, char *out);

/* Start the helper program. 0 or -errno of starting it; -ENOENT: no such program. */
int targets_open(struct targets **out, struct event_base *base, const char *helper,
		 const struct targets_events *events, void *arg);
/* Ends the helper (both halves), waiting two seconds at most. The kernel keeps what it holds.
 * Not from a callback, but for `lost`. Takes NULL. */
void targets_close(struct targets *targets);

/* How much is to be held. */
struct targets_scale {
	size_t expect;	/* entries to come */
	size_t maxbans; /* room in sets of ours that do not say another number; 0: as the helper
			   thinks fit */
};

/*
 * The targets from now on, numbered as given; `identities` are those that `ready` once told (0:
 * none). Copied. Replaces former definitions; the kernel keeps
 * what they hold, and what was asked under them is done but not answered any more. At most
 * TARGETS_MAX. `ready` comes for each. 0, -ENOMEM, -EINVAL.
 */
int targets_define(struct targets *targets, const struct spec *specs,
		   const uint32_t *identities, const struct targets_scale *scale, size_t count);
/* Define one of them anew, as it is: its set was gone, or it could not be used. `ready` comes.
 * 0; -EINVAL: no such target. */
int target_redefine(struct targets *targets, size_t target);
/* Prefixes of one number share a set of the target, and its room. */
unsigned target_set_of(const struct targets *targets, size_t target,
		       const struct prefix *prefix);
/* Batches that can be given now; 0: wait for `room`. */
unsigned targets_room(const struct targets *targets);
/* At most TARGET_BATCH_MAX changes. 0; -EAGAIN: no room, or `ready` has not come yet; -EINVAL:
 * no such target or one with an error; -ENOMEM. */
int target_apply(struct targets *targets, size_t target, const struct target_change *changes,
		 size_t count);
/* These four take one unit of room, too. */
int target_list(struct targets *targets, size_t target);
enum target_phase { TARGET_REFILL_BEGIN, TARGET_REFILL_COMMIT, TARGET_REFILL_ABORT };
int target_refill(struct targets *targets, size_t target, enum target_phase phase,
		  size_t expect);
int target_flush(struct targets *targets, size_t target); /* not for TARGET_SHARED */
int target_live(struct targets *targets, size_t target);

/* These take one unit of room, too. 0; -EAGAIN: no room; -EINVAL: none, or more than
 * TARGET_BATCH_MAX; -ENOMEM. */
int targets_close_sockets(struct targets *targets, const struct target_close *closes,
			  size_t count);
/* Those of these local ports; 0 to 0: all. */
int targets_sockets(struct targets *targets, struct port_range ports);

struct targets_counts {
	uint64_t batches, changes, errors, restarts;
	int helper_pid;
};
struct targets_counts targets_counts(const struct targets *targets);

#endif
