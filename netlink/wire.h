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

#define WIRE_VERSION 3
#define WIRE_FD 3
#define WIRE_RECORDS_MAX 1000
#define WIRE_RECORD_SIZE_MAX 64
#define WIRE_WINDOW 8
#define WIRE_TARGETS_MAX 32
#define WIRE_FOREVER INT64_MAX

enum wire_kind {
	WIRE_HELLO = 1, /* helper: a worker is there. Daemon: I know. No records either way */
	WIRE_DEFINE,  /* daemon: wire_option records, the whole of one target; replaces what the
			 number was. Answer: one wire_defined. All are to be defined before the
			 first change or refill of one in our own nft table: what is left there
			 of ports that none of them has is taken out then */
	WIRE_FORGET,  /* daemon: the target number is free again; the kernel is not touched.
			 Answer: one wire_result */
	WIRE_CHANGE,  /* daemon: wire_change records. Answer: a wire_result for each */
	WIRE_REFILL,  /* daemon: one wire_refill. Answer: one wire_result */
	WIRE_FLUSH,   /* daemon: take out everything of ours in this target (own sets and
			 routes only; -EOPNOTSUPP for others' sets). Answer: one wire_result */
	WIRE_LIST,    /* daemon: no record. Answer: packets of wire_held, the last flagged
			 WIRE_LAST, with head.error. Routes and ipsets only; of someone
			 else's set all that is in it, whoever put it there */
	WIRE_QUERY,   /* daemon: one wire_query. Answer: packets of struct prefix, the last
			 flagged WIRE_LAST */
	WIRE_CLOSE,   /* daemon: wire_close records. Answer: a wire_result for each; its error
			 is how many sockets were closed when it is not negative */
	WIRE_SOCKETS, /* daemon: one wire_ports. Answer: packets of wire_socket, the last
			flagged WIRE_LAST */
	WIRE_LIVE,    /* daemon: no record. Answer: packets of wire_fact about the target, the
			 last flagged WIRE_LAST: whether what it holds has an effect */
	WIRE_RESULT,  /* helper: the answer to DEFINE, FORGET, CHANGE, REFILL, FLUSH */
	WIRE_EVENT,   /* helper, unasked: one wire_event */
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
	WIRE_OPT_NAME6, /* ipset: name of the IPv6 set; absent: NAME followed by 6. At most 27
			   characters, or 31 when a hash:net of that name is there: only a
			   hash:ip needs NAME6-net for the other prefixes */
	WIRE_OPT_PORT,	/* nft, our own table: "tcp 25" or "udp 1000-2000"; any number: drop
			   what goes to these ports alone */
};

/* How a target is made equal to what is wanted. */
enum wire_way {
	WIRE_WAY_DIFF = 1, /* WIRE_LIST, then the difference as changes */
	WIRE_WAY_REFILL,   /* WIRE_REFILL begin, changes with WIRE_CHANGE_FILL, commit */
	/*
	 * Someone else's: add and refresh, delete what is known to be ours. The same element
	 * can be there of someone else's making: an ADD that finds one without a timeout or
	 * with a later end leaves it alone, which is success; a DEL with `left` leaves alone
	 * what ends more than two seconds later than that, a DEL without takes out whatever is
	 * there. So an earlier end is given by a DEL of what was given last, then an ADD.
	 *
	 * nft's elements say themselves whose they are (nft(8) shows ours with the comment
	 * "banish"): an ADD sets the end of ours, later or earlier, and of the others leaves
	 * alone what has no end or ends no sooner; what ends sooner is ours from then on. A DEL
	 * takes out ours alone, with or without `left`.
	 */
	WIRE_WAY_ADD,
};

struct wire_defined {
	/* 0, or why the target cannot be used: enum wire_fault or -errno. EAGAIN: another
	 * helper has it that may be about to end, so it is to be defined again soon. */
	int32_t error;
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
	WIRE_FAULT_BUSY,     /* another banish of this network namespace has the same target */
};

struct wire_change {
	/* ms until it ends, > 0; WIRE_FOREVER. Deletes: what would be left of what was given
	 * last, or 0: not known. Only someone else's set makes a difference, see WIRE_WAY_ADD.
	 */
	int64_t left;
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
	int64_t left; /* ms; 0: it lets through what it is about; WIRE_FOREVER also where the
			 kernel keeps no time (routes) */
	struct prefix prefix;
	uint8_t zero[6];
};

struct wire_query {
	uint8_t what; /* enum wire_question */
	uint8_t zero[7];
};

enum wire_question { WIRE_OWN_ADDRESSES = 1 };

struct wire_ports {
	uint16_t first, last; /* of this host; 0, 0: all */
};

#define WIRE_PORTS_MAX 8

/*
 * Close the TCP sockets of this host whose peer is in `peer`, at local ports as the sockets
 * have them (behind a redirection), established or on the way to or from it: SOCK_DESTROY
 * (sock_diag(7)). Listening sockets are never touched. A socket that several records are about
 * counts for the narrowest.
 */
struct wire_close {
	struct prefix peer; /* as of a change: -EPERM for what may never be banned, but of one
			       connection alone */
	uint16_t peer_port; /* 0: any; else `peer` is one address, and may be any */
	uint8_t count;	    /* ports that follow; 0: every port of this host */
	/* Delete the conntrack entries as well that the peer made to these ports, as they were
	 * before any translation: at once, or within a second or so. They are not counted. */
	uint8_t conntrack;
	uint16_t zero;
	struct wire_ports ports[WIRE_PORTS_MAX];
	/* Only what has received nothing for so many ms, as of wire_socket; 0: all. */
	uint32_t idle;
};

/* One TCP socket that a process of this host has, and that is not listening. */
struct wire_socket {
	struct prefix peer, own;
	uint16_t peer_port, own_port;
	uint8_t state; /* TCP_ESTABLISHED ... of linux/tcp.h */
	uint8_t zero[3];
	uint32_t idle; /* ms since it last received data, or since it was opened */
	uint32_t uid;
	uint32_t inode;
};

/* What the kernel says about a target's effect. */
struct wire_fact {
	uint8_t what; /* enum wire_about */
	uint8_t zero[3];
	uint32_t zero2;
	int64_t value;
	char name[48]; /* of the set, chain or rule it is about; ends in NUL */
};

enum wire_about {
	WIRE_SET_REFERENCES = 1, /* rules that use the set (ipset's header; counted for nft) */
	WIRE_SET_ENTRIES,	 /* ipset */
	WIRE_SET_SIZE,		 /* how many it can hold */
	WIRE_RULE_PACKETS,	 /* counted by the rule that drops what is in the set */
	WIRE_CHAIN_PRIORITY,	 /* nft: of the base chain that our rules stand in */
	/* nft, our own table: a base chain of the same hook that comes before ours and accepts
	 * (which ends that chain alone: ours sees the packet all the same); its priority */
	WIRE_CHAIN_BEFORE,
	WIRE_RULES_BEFORE, /* nft, the user's table: rules that accept, or may, ahead of the
			      one that uses the set, in its chain */
	WIRE_CHAIN_HOOK,   /* nft, the user's table: enum nf_inet_hooks of that chain */
};

struct wire_event {
	uint8_t what; /* enum wire_happened */
	uint8_t zero[3];
	uint32_t pid;  /* who did it, 0: not known */
	char comm[16]; /* the name of that process; ends in NUL */
};

enum wire_happened {
	WIRE_ADDRESSES_CHANGED = 1,
	WIRE_REMOVED, /* something of ours in head.target is gone or may be, and a sync is due:
			 somebody deleted it, or notifications were lost. Of a target that could
			 not be defined for want of the user's table or set: it may be there
			 now, define it again */
	WIRE_UNUSED,  /* ipset: no rule uses a set of head.target any more. Nothing to sync */
};

static_assert(sizeof(struct wire_head) == 16, "wire_head");
static_assert(sizeof(struct wire_option) == 64, "wire_option");
static_assert(sizeof(struct wire_defined) == 44, "wire_defined");
static_assert(sizeof(struct wire_change) == 40, "wire_change");
static_assert(sizeof(struct wire_held) == 32, "wire_held");
static_assert(sizeof(struct wire_close) == 60, "wire_close");
static_assert(sizeof(struct wire_socket) == 56, "wire_socket");
static_assert(sizeof(struct wire_fact) == 64, "wire_fact");
static_assert(sizeof(struct wire_event) == 24, "wire_event");

#define WIRE_PACKET_MAX                                                                        \
	(sizeof(struct wire_head) + (size_t)WIRE_RECORDS_MAX * WIRE_RECORD_SIZE_MAX)

#endif
