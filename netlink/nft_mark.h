/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What elements of ours in sets of the user's carry (NFTA_SET_ELEM_USERDATA), so that they are
 * told from the user's own: what nft(8) shows as `comment "banish"`, and the timeout that we
 * gave. The kernel keeps it as it is; whoever adds the same element again, from 6.12 on,
 * changes its timeout and not this: then it is no longer ours. What nft(8) loads from a listing
 * it made has the comment alone, and is ours. Pure.
 */
#ifndef BANISH_NETLINK_NFT_MARK_H
#define BANISH_NETLINK_NFT_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#define NFT_MARK_TEXT "banish"

/* Pieces of a type, a length and that many bytes, as libnftnl has them. */
struct nft_mark {
	uint8_t text_type, text_size;
	char text[sizeof NFT_MARK_TEXT];
	uint8_t time_type, time_size;
	uint8_t timeout[8];		 /* ms, in the host's order */
	uint8_t len_type, len_size, len; /* of the prefix */
} __attribute__((packed));

void nft_mark_pack(struct nft_mark *out, uint64_t timeout, uint8_t len);

/* What NFT_MSG_GETSETELEM says about an element. */
struct nft_element {
	uint8_t key[16];
	uint32_t flags;	     /* NFT_SET_ELEM_* */
	uint64_t timeout;    /* ms; 0: for ever */
	uint64_t expiration; /* what is left of it */
	bool ours;	     /* as we left it */
	bool marked;	     /* ours, and it says of what length its prefix is: */
	uint8_t len;
};

/* Does an element of the message say that it is ours, whatever was done to it since? */
bool nft_marked(const struct nlmsghdr *message);

/* The only element of the message. `timeout` is the set's own, which the kernel does not repeat
 * for each. False: there is none, or its key is not `len` bytes. */
bool nft_element_read(struct nft_element *out, const struct nlmsghdr *message, unsigned len,
		      uint64_t timeout);

#endif
