/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of ip_set that we send and read by ourselves. */
#ifndef BANISH_NETLINK_IPSET_MSG_H
#define BANISH_NETLINK_IPSET_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/nl.h"
#include "netlink/target.h"

#define IPSET_NAME_SIZE 32
/* The kernel cuts what is more without a word. */
#define IPSET_TIMEOUT_MAX 2147483u

/* What is there under a name. */
struct ipset_header {
	char type[IPSET_NAME_SIZE];
	uint8_t family;	 /* NFPROTO_* */
	uint8_t netmask; /* 0: none */
	bool bitmask;	 /* masks some other way */
	bool timeout;
	uint32_t initval;
	uint32_t maxelem;
	uint32_t entries; /* that have not ended */
	uint32_t references;
};

/* Whole seconds, rounded up; 0 for ever, and for nothing else. */
uint32_t ipset_seconds(int64_t left);
/* Errors of ip_set as -errno. */
int ipset_errno(int error);

void ipset_msg_header(struct nl_batch *batch, const char *set);
/* Of the header type and family alone, which take 4 us to tell; the kernel counts the elements
 * for the rest of it. */
void ipset_msg_kind(struct nl_batch *batch, const char *set);
void ipset_msg_list(struct nl_batch *batch, const char *set);
void ipset_msg_flush(struct nl_batch *batch, const char *set);
void ipset_msg_destroy(struct nl_batch *batch, const char *set);
/* Each gets the name of the other, with all that refers to it. */
void ipset_msg_swap(struct nl_batch *batch, const char *a, const char *b);

/* How an element stands in a message. */
struct ipset_way {
	const char *set;
	bool nets; /* the elements have a prefix length */
	bool only; /* an add of what is there fails with -IPSET_ERR_EXIST; else it refreshes */
};

/* `count` changes of one kind, numbered from 1. */
void ipset_msg_changes(struct nl_batch *batch, const struct ipset_way *way,
		       const struct change *changes, size_t count);
/* One in a message of its own, which is answered when it fails. */
void ipset_msg_change(struct nl_batch *batch, const struct ipset_way *way,
		      const struct change *change);

/* Which of the changes failed: its number, 0 when that cannot be told. `about` is the message
 * as the kernel's error repeats it, or NULL. */
uint32_t ipset_msg_failed(const struct nlmsghdr *about);
/* Part of a list's answer; what is no header leaves *out alone. */
void ipset_msg_read_header(struct ipset_header *out, const struct nlmsghdr *message);

struct ipset_element {
	struct prefix prefix;
	uint32_t seconds; /* that it has; 0: no end */
	bool nomatch;	  /* an exception from wider ones, in a hash:net */
};

struct ipset_reader {
	unsigned len; /* of elements that say none */
	void (*take)(void *arg, const struct ipset_element *element);
	void *arg;
};

/* Every element of a part of a list's answer. */
void ipset_msg_read(const struct ipset_reader *reader, const struct nlmsghdr *message);

#endif
