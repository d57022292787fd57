/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a set of someone else's held when it was last listed. ip_set tells an element's time in
 * a list of all of them only, so one list has to do for many changes: for a second, or for ten
 * times as long as it took. What we write meanwhile is ours.
 */
#ifndef BANISH_NETLINK_IPSET_KNOWN_H
#define BANISH_NETLINK_IPSET_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/prefix.h"

#include "netlink/ipset_msg.h"

/* Zeroed: nothing is known. Times are ms of one clock. */
struct ipset_known {
	int64_t at;    /* when it was asked for */
	int64_t until; /* good before that */
	size_t count, room;
	struct ipset_known_element {
		struct prefix prefix;
		bool nomatch, ours;
		uint32_t seconds; /* it had, then; 0: no end */
	} * elements;
};

void ipset_known_drop(struct ipset_known *known);

/* A new list was asked for at `begun`: its elements, one by one (false: out of memory), and its
 * end, with how long it is good for. */
void ipset_known_begin(struct ipset_known *known, int64_t begun);
bool ipset_known_add(struct ipset_known *known, const struct ipset_element *element);
void ipset_known_end(struct ipset_known *known, int64_t until);

bool ipset_known_fresh(const struct ipset_known *known, int64_t now);
/* We have put it in, or taken it out. */
void ipset_known_wrote(struct ipset_known *known, const struct prefix *prefix);
/* Someone else's element of that prefix as it is by now. False: there is none that is known. */
bool ipset_known_find(struct ipset_element *out, const struct ipset_known *known,
		      const struct prefix *prefix, int64_t now);

#endif
