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
};

/* Whole seconds, rounded up; 0 for ever. */
uint32_t ipset_seconds(int64_t left);
/* Errors of ip_set as -errno. */
int ipset_errno(int error);

void ipset_msg_header(struct nl_batch *batch, const char *set);
void ipset_msg_list(struct nl_batch *batch, const char *set);
void ipset_msg_flush(struct nl_batch *batch, const char *set);
/* `count` changes of one kind, numbered from 1. `nets`: the elements have a prefix length. */
void ipset_msg_changes(struct nl_batch *batch, const char *set, bool nets,
		       const struct change *changes, size_t count);

/* Which of the changes failed: its number, 0 when that cannot be told. `about` is the message
 * as the kernel's error repeats it, or NULL. */
uint32_t ipset_msg_failed(const struct nlmsghdr *about);
void ipset_msg_read_header(struct ipset_header *out, const struct nlmsghdr *message);
/* Every element of a list's answer; those without a length have `len`. */
void ipset_msg_read_held(const struct nlmsghdr *message, unsigned len,
			 struct packet_stream *out);

#endif
