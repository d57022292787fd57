/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <string.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft_mark.h"
#include "netlink/nl.h"

#define TYPE_COMMENT 0	/* NFTNL_UDATA_SET_ELEM_COMMENT */
#define TYPE_TIMEOUT 98 /* nft(8) skips what it does not know */
#define TYPE_LENGTH 99

/* The kernel counts in jiffies, of 10 ms at most. */
#define ROUNDED_MS 20

void nft_mark_pack(struct nft_mark *out, uint64_t timeout, uint8_t len)
{
	*out = (struct nft_mark){.text_type = TYPE_COMMENT,
				 .text_size = sizeof out->text,
				 .text = NFT_MARK_TEXT,
				 .time_type = TYPE_TIMEOUT,
				 .time_size = sizeof out->timeout,
				 .len_type = TYPE_LENGTH,
				 .len_size = sizeof out->len,
				 .len = len};
	memcpy(out->timeout, &timeout, sizeof timeout);
}

/* The piece of that type; NULL: there is none. Nobody but us has to write them well. */
static const uint8_t *piece(const struct nlattr *userdata, uint8_t type, size_t size)
{
	const uint8_t *at = mnl_attr_get_payload(userdata);
	size_t left = mnl_attr_get_payload_len(userdata);

	for (; left >= 2 && left - 2 >= at[1]; left -= 2u + at[1], at += 2 + at[1])
		if (at[0] == type)
			return at[1] == size ? at + 2 : NULL;
	return NULL;
}

static bool has_text(const struct nlattr *userdata)
{
	const uint8_t *text;

	if (!userdata)
		return false;
	text = piece(userdata, TYPE_COMMENT, sizeof NFT_MARK_TEXT);
	return text && !memcmp(text, NFT_MARK_TEXT, sizeof NFT_MARK_TEXT);
}

static bool is_ours(const struct nlattr *userdata, uint64_t timeout)
{
	const uint8_t *time;
	uint64_t given;

	if (!timeout || !has_text(userdata))
		return false;
	time = piece(userdata, TYPE_TIMEOUT, sizeof given);
	if (!time)
		return true;
	memcpy(&given, time, sizeof given);
	return timeout + ROUNDED_MS >= given && timeout <= given + ROUNDED_MS;
}

static void read_len(struct nft_element *e, const struct nlattr *userdata)
{
	const uint8_t *len = piece(userdata, TYPE_LENGTH, sizeof e->len);

	e->marked = len != NULL;
	e->len = len ? *len : 0;
}

bool nft_marked(const struct nlmsghdr *m)
{
	const struct nlattr *list[NFTA_SET_ELEM_LIST_MAX + 1], *a[NFTA_SET_ELEM_MAX + 1], *each;

	nl_attributes(m, sizeof(struct nfgenmsg), list, NFTA_SET_ELEM_LIST_MAX + 1);
	if (!list[NFTA_SET_ELEM_LIST_ELEMENTS])
		return false;
	mnl_attr_for_each_nested(each, list[NFTA_SET_ELEM_LIST_ELEMENTS])
	{
		nl_nested(each, a, NFTA_SET_ELEM_MAX + 1);
		if (has_text(a[NFTA_SET_ELEM_USERDATA]))
			return true;
	}
	return false;
}

bool nft_element_read(struct nft_element *out, const struct nlmsghdr *m, unsigned len,
		      uint64_t timeout)
{
	const struct nlattr *list[NFTA_SET_ELEM_LIST_MAX + 1], *elements[NFTA_LIST_MAX + 1],
		*a[NFTA_SET_ELEM_MAX + 1], *key[NFTA_DATA_MAX + 1];
	struct nft_element e = {0};

	nl_attributes(m, sizeof(struct nfgenmsg), list, NFTA_SET_ELEM_LIST_MAX + 1);
	if (!list[NFTA_SET_ELEM_LIST_ELEMENTS])
		return false;
	nl_nested(list[NFTA_SET_ELEM_LIST_ELEMENTS], elements, NFTA_LIST_MAX + 1);
	if (!elements[NFTA_LIST_ELEM])
		return false;
	nl_nested(elements[NFTA_LIST_ELEM], a, NFTA_SET_ELEM_MAX + 1);
	if (!a[NFTA_SET_ELEM_KEY])
		return false;
	nl_nested(a[NFTA_SET_ELEM_KEY], key, NFTA_DATA_MAX + 1);
	if (!nl_get(key[NFTA_DATA_VALUE], e.key, len))
		return false;
	nl_get_be32(a[NFTA_SET_ELEM_FLAGS], &e.flags);
	if (a[NFTA_SET_ELEM_EXPIRATION]) {
		e.expiration = nl_get_be64(a[NFTA_SET_ELEM_EXPIRATION]);
		e.timeout = a[NFTA_SET_ELEM_TIMEOUT] ? nl_get_be64(a[NFTA_SET_ELEM_TIMEOUT])
						     : timeout;
	}
	e.ours = is_ours(a[NFTA_SET_ELEM_USERDATA], e.timeout);
	if (e.ours)
		read_len(&e, a[NFTA_SET_ELEM_USERDATA]);
	*out = e;
	return true;
}
