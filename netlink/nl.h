/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink sockets, and messages that travel together. The kernel works off a sendmsg before
 * it returns, so every answer is queued by then: nothing here ever waits.
 */
#ifndef BANISH_NETLINK_NL_H
#define BANISH_NETLINK_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>
#include <linux/filter.h>

/* A nested attribute's length is 16 bits; past it the kernel reads a wrapped length and takes a
 * part of the list for the whole. No list grows beyond this. */
#define NL_NEST_MAX 65000
#define NL_MESSAGE_MAX (NL_NEST_MAX + 536) /* such a list and all that goes around it */
#define NL_BATCH_MAX (1 << 20)

struct nl {
	struct mnl_socket *socket;
	uint32_t sequence; /* of the next message */
	size_t room;	   /* bytes that one sendmsg may have */
};

/* `bus` is NETLINK_NETFILTER or NETLINK_ROUTE, `groups` a mask of multicast groups. */
int nl_open(struct nl *out, int bus, unsigned groups);
/* The same for a kernel that may lack this bus: then 0, and whoever sends is told
 * -EPROTONOSUPPORT. */
int nl_open_if_there(struct nl *out, int bus, unsigned groups);
/* A bound socket that someone else made (-1: a bus that is lacking); what is left in it from
 * others is thrown away. The descriptor belongs to *out from now on. */
int nl_adopt(struct nl *out, int fd);
void nl_close(struct nl *nl);
int nl_fd(const struct nl *nl);	       /* -1: lacking */
unsigned nl_port(const struct nl *nl); /* 0: lacking */
/* Throw away what is queued. True: there was something, or something was lost. */
bool nl_drain(struct nl *nl);

/* Be told of what a multicast group is about (RTNLGRP_*, NFNLGRP_*), or not any more. */
int nl_join(struct nl *nl, unsigned group, bool in);
/* From now on only what the program lets through is queued; `code` is copied. */
int nl_filter(struct nl *nl, const struct sock_filter *code, unsigned short len);
/* Hand over what came unasked: at most `packets` of the kernel's, which may hold many messages
 * each. 0: no more is there; 1: there may be; -ENOBUFS: something was lost, and with it all
 * that was still queued. */
int nl_receive(struct nl *nl, unsigned packets,
	       void (*take)(void *arg, const struct nlmsghdr *message), void *arg);

/* Messages built one behind the other. Reused: nl_begin() empties it. */
struct nl_batch {
	size_t len;
	size_t max; /* never beyond what the socket can send */
	unsigned count;
	uint32_t first; /* sequence number of message 0 */
	int error;	/* something could not be built: then nothing is sent */
	struct nlmsghdr *open;
	_Alignas(8) char at[NL_BATCH_MAX];
};

struct nl_batch *nl_batch_new(void); /* NULL: out of memory */

void nl_begin(struct nl_batch *batch, const struct nl *nl);
/* The next message, with `extra` bytes of family header copied from `header`. NULL: the batch
 * is full, and nl_send() will say -EMSGSIZE. Complete it with mnl_attr_put and
 * nl_message_end(). */
struct nlmsghdr *nl_message(struct nl_batch *batch, uint16_t type, uint16_t flags,
			    const void *header, size_t extra);
void nl_message_end(struct nl_batch *batch);
/* Like mnl_attr_nest_end; a length that does not fit its 16 bits is a mistake of ours. */
void nl_nest_end(struct nlmsghdr *message, struct nlattr *nest);

struct nl_answers {
	/* The kernel's answer to one message: 0, or its error as the kernel gave it (-errno;
	 * ipset has numbers of its own below -4096). `about` is what an error repeats of the
	 * message, or NULL. */
	void (*ended)(void *arg, unsigned index, int error, const struct nlmsghdr *about);
	/* Data. Below 0: the rest is not looked at. */
	int (*data)(void *arg, const struct nlmsghdr *message);
	void *arg;
};

/* Send the batch and read every answer; both callbacks may be NULL. 0, or the first error of a
 * message, of `data` or of the socket: -ENOBUFS when answers were lost, -EMSGSIZE when the
 * batch is too large for the socket, -EINTR when a dump was overtaken by changes. */
int nl_send(struct nl *nl, struct nl_batch *batch, const struct nl_answers *answers);

/* Attributes of `message` behind `extra` bytes of header, into table[type] for types below
 * `size`; others are left out. */
void nl_attributes(const struct nlmsghdr *message, size_t extra, const struct nlattr **table,
		   size_t size);
void nl_nested(const struct nlattr *nest, const struct nlattr **table, size_t size);
/* The attribute holds exactly `size` bytes: copied to `out`. False: absent or of another size,
 * and *out is untouched. */
bool nl_get(const struct nlattr *attr, void *out, size_t size);
/* The same for a number in network order. */
bool nl_get_be32(const struct nlattr *attr, uint32_t *out);
/* 0 when it is absent. */
uint64_t nl_get_be64(const struct nlattr *attr);
/* The attribute's text; "" when it is absent or does not end in NUL. */
const char *nl_text(const struct nlattr *attr);

#endif
