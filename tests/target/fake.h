/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper of lies: this test program again, started by the room as its helper. It answers as
 * banish-netlink does, without a kernel, and misbehaves when it is told to: by the last byte
 * of a changed prefix.
 */
#ifndef BANISH_TESTS_TARGET_FAKE_H
#define BANISH_TESTS_TARGET_FAKE_H

#define FAKE_PROGRAM "/proc/self/exe"

#define FAKE_LISTED 2500 /* entries in every list */

enum fake_order {
	FAKE_FULL = 66,	   /* this record: -ENOSPC */
	FAKE_REFUSE = 67,  /* the whole request: -EIO */
	FAKE_HOLD = 68,	   /* answer when a whole window has come */
	FAKE_ADDRESS = 69, /* tell that this host's addresses changed; then answer */
	FAKE_RESTART = 70, /* a new worker instead of an answer */
	FAKE_RESTART_TWICE,
	FAKE_REMOVE, /* tell that entries were removed, by whom, and that nothing uses them */
	FAKE_OLD,    /* from here on: the verbs that are younger are not known */
	FAKE_EXIT = 80,
	FAKE_SHORT, /* from here on: packets that make no sense */
	FAKE_LONG,
	FAKE_VERSION,
	FAKE_KIND,
	FAKE_SERIAL,
	FAKE_MISCOUNTED,
	FAKE_OVERCOUNTED,
	FAKE_NOT_LAST,
	FAKE_POSITIVE,
	FAKE_POSITIVE_WHOLE,
	FAKE_DEAD, /* says what only its end may */
	FAKE_DEAD_WHOLE,
	FAKE_UNASKED,
	FAKE_STRANGE_EVENT,
	FAKE_LONG_HELLO,
	FAKE_ENDLESS_NAME, /* of the process that removed entries */
	FAKE_FAR_TARGET,
	FAKE_GARBAGE_END,
};

/* Requests that take no prefix are told by others: the first port of a socket list, the peer of
 * a close, the target of a live. */
enum fake_port {
	FAKE_PORT_STRANGE = 3000, /* a socket with a peer that is no address */
	FAKE_PORT_WIDE,		  /* a peer that is a network */
};

#define FAKE_LIVE_STRANGE 1 /* the target whose facts are of a kind that there is not */
#define FAKE_LIVE_ENDLESS 2 /* and whose names do not end */
#define FAKE_LIVE_RESTART 3

#endif
