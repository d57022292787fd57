/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packets between banish and banish-netlink: one SOCK_SEQPACKET socketpair, on the helper's
 * file descriptor WIRE_FD. A packet is a wire_head and `count` records of one kind; all in host
 * byte order (both ends are one machine and one build: WIRE_VERSION must be equal).
 *
 * Every request has a serial, and exactly one packet of the helper with that serial and the
 * flag WIRE_LAST answers it. At most WIRE_WINDOW requests are unanswered, so neither side
 * blocks on a full buffer. Requests are done in order. A worker that dies takes its requests
 * with it: the next one says WIRE_HELLO, unasked, and the daemon defines and syncs everything
 * again; what was sent before its hello is never answered. A new worker throws away what it
 * reads until the daemon's WIRE_HELLO, the answer to its own.
 */
#ifndef BANISH_NETLINK_WIRE_H
#define BANISH_NETLINK_WIRE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/prefix.h"

#define WIRE_VERSION 1
#define WIRE_FD 3
#define WIRE_RECORDS_MAX 1000
#define WIRE_RECORD_SIZE_MAX 64
#define WIRE_WINDOW 8
#define WIRE_TARGETS_MAX 32
#define WIRE_FOREVER INT64_MAX

enum wire_kind {
	WIRE_HELLO = 1, /* helper: a worker is there. Daemon: I know. No records either way */
	WIRE_DEFINE, /* daemon: wire_option records, the whole of one target; replaces what the
			number was. Answer: one wire_defined */
	WIRE_FORGET, /* daemon: the target number is free again; the kernel is not touched.
			Answer: one wire_result */
	WIRE_CHANGE, /* daemon: wire_change records. Answer: a wire_result for each */
	WIRE_REFILL, /* daemon: one wire_refill. Answer: one wire_result */
	WIRE_FLUSH,  /* daemon: take out everything of ours in this target (own sets and
			routes only; -EOPNOTSUPP for others' sets). Answer: one wire_result */
	WIRE_LIST,   /* daemon: no record. Answer: packets of wire_held, the last flagged
			WIRE_LAST, with head.error. Routes and our own ipsets only */
	WIRE_QUERY,  /* daemon: one wire_query. Answer: packets of struct prefix, the last
			flagged WIRE_LAST */
	WIRE_RESULT, /* helper: the answer to DEFINE, FORGET, CHANGE, REFILL, FLUSH */
	WIRE_EVENT,  /* helper, unasked: one wire_event */
};

#define WIRE_LAST 1 /* head.flags: this answers the request */

struct wire_head {
	uint8_t version; /* WIRE_VERSION */
	uint8_t kind;
	uint8_t target; /* < WIRE_TARGETS_MAX */
	uint8_t flags;
	uint16_t count; /* records that follow */
	uint16_t zero;
	uint32_t serial; /* 0 in what nobody asked for */
	/* Of the request as a whole: 0 or -errno; then no records follow. EPROTONOSUPPORT
	 * another version, EBADMSG no such kind or not its length, ENODEV no such target; lists
	 * also EINTR: overtaken by changes, ask again. What is shorter than a head is not
	 * answered. */
	int32_t error;
};

/* One option of a target. `text` ends in NUL. */
struct wire_option {
	uint8_t option; /* enum wire_opt */
	char text[63];
};

enum wire_opt {
	WIRE_OPT_KIND = 1, /* "nft", "ipset" or "route" */
	WIRE_OPT_NAME,	   /* ipset: name of the IPv4 set, at most 26 characters */
	WIRE_OPT_TABLE,	   /* nft: "FAMILY NAME" of a table of the user's; absent: inet banish.
			      route: the table's number in decimal */
	WIRE_OPT_SET4,	   /* nft: set in the user's table */
	WIRE_OPT_SET6,
	WIRE_OPT_OWNER,	   /* nft: "no": never own the table */
	WIRE_OPT_TYPE,	   /* route: "blackhole", "unreachable", "prohibit" */
	WIRE_OPT_PROTOCOL, /* route: decimal, 5..255 */
	WIRE_OPT_MAXBANS,  /* decimal: ipset's maxelem, nft's size */
	WIRE_OPT_IDENTITY, /* decimal: what wire_defined.identity said when we created the sets;
			      state keeps it. Absent or another: they are someone else's */
	WIRE_OPT_EXPECT,   /* decimal: entries to come, to presize tables */
};

/* How a target is made equal to what is wanted. */
enum wire_way {
	WIRE_WAY_DIFF = 1, /* WIRE_LIST, then the difference as changes */
	WIRE_WAY_REFILL,   /* WIRE_REFILL begin, changes with WIRE_CHANGE_FILL, commit */
	WIRE_WAY_ADD, /* someone else's: add and refresh, delete what is known to be ours */
};

struct wire_defined {
	int32_t error; /* 0, or why the target cannot be used: enum wire_fault or -errno */
	/* ipset: the mark of the sets we made (their hash's initval), else 0. A set with
	 * another mark is someone else's; one such among the target's makes all of it
	 * WIRE_WAY_ADD. */
	uint32_t identity;
	uint8_t way;	  /* enum wire_way */
	uint8_t timeouts; /* the kernel ends entries by itself */
	uint8_t created;  /* we made it just now */
	uint8_t owned;	  /* nft: the table is owned and persists */
	char where[32];	  /* the set, table or option that the error is about; ends in NUL */
};

/* Beyond errno: positive, so they never meet one. */
enum wire_fault {
	WIRE_FAULT_TYPE = 1, /* the set holds something else than addresses */
	WIRE_FAULT_FAMILY,   /* the set is of the other address family */
	WIRE_FAULT_TIMEOUT,  /* the set was made without timeouts */
	WIRE_FAULT_NO_TABLE, /* the user's table is not there */
	WIRE_FAULT_NO_SET,   /* the user's set is not there */
	WIRE_FAULT_OPTION,   /* an option is missing or makes no sense */
	WIRE_FAULT_NETMASK,  /* an IPv6 hash:ip set without netmask 64 */
};

struct wire_change {
	int64_t left;  /* ms until it ends, > 0; WIRE_FOREVER. Deletes: 0 */
	int64_t whole; /* ms from its start to its end, >= left; WIRE_FOREVER. Deletes: 0 */
	struct prefix prefix;
	uint8_t op; /* enum wire_op */
	uint8_t zero[5];
};

/* ADD refreshes what is there: the new end counts, later or earlier. DEL of what is not there
 * is success. */
enum wire_op {
	WIRE_ADD = 1,
	WIRE_DEL,
	WIRE_FILL, /* into the second set of a refill; ADD and DEL meanwhile go to both */
};

struct wire_result {
	int32_t error; /* 0 or -errno: EOPNOTSUPP the target cannot hold such a prefix, ENOSPC
			  full, EINVAL a record that makes no sense (never sent to the kernel)
			  ... */
};

struct wire_refill {
	uint8_t phase; /* enum wire_phase */
	uint8_t zero[7];
	uint64_t expect; /* entries to come */
};

enum wire_phase { WIRE_REFILL_BEGIN = 1, WIRE_REFILL_COMMIT, WIRE_REFILL_ABORT };

struct wire_held {
	int64_t left; /* ms; WIRE_FOREVER also where the kernel keeps no time (routes) */
	struct prefix prefix;
	uint8_t zero[6];
};

struct wire_query {
	uint8_t what; /* enum wire_question */
	uint8_t zero[7];
};

enum wire_question { WIRE_OWN_ADDRESSES = 1 };

struct wire_event {
	uint8_t what; /* enum wire_happened */
	uint8_t zero[7];
};

enum wire_happened { WIRE_ADDRESSES_CHANGED = 1 };

static_assert(sizeof(struct wire_head) == 16, "wire_head");
static_assert(sizeof(struct wire_option) == 64, "wire_option");
static_assert(sizeof(struct wire_defined) == 44, "wire_defined");
static_assert(sizeof(struct wire_change) == 40, "wire_change");
static_assert(sizeof(struct wire_held) == 32, "wire_held");

#define WIRE_PACKET_MAX                                                                        \
	(sizeof(struct wire_head) + (size_t)WIRE_RECORDS_MAX * WIRE_RECORD_SIZE_MAX)

#endif
