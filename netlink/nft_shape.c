/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft_shape.h"

struct shape {
	uint32_t flags, type, len, generation;
	uint64_t timeout;
};

static int read_shape(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_SET_MAX + 1];
	struct shape *s = arg;

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_SET_MAX + 1);
	if ((uint8_t)m->nlmsg_type == NFT_MSG_NEWGEN) {
		nl_get_be32(a[NFTA_GEN_ID], &s->generation);
		return 0;
	}
	nl_get_be32(a[NFTA_SET_FLAGS], &s->flags);
	nl_get_be32(a[NFTA_SET_KEY_TYPE], &s->type);
	nl_get_be32(a[NFTA_SET_KEY_LEN], &s->len);
	s->timeout = nl_get_be64(a[NFTA_SET_TIMEOUT]);
	return 0;
}

/* The generation first: what is changed behind it is noticed. */
static int ask(struct shape *out, struct kernel *k, const struct nft_place *place)
{
	const struct nl_answers answers = {.data = read_shape, .arg = out};

	*out = (struct shape){0};
	nl_begin(k->batch, &k->nft);
	if (nft_msg_message(k->batch, NFT_MSG_GETGEN, 0, AF_UNSPEC))
		nl_message_end(k->batch);
	nft_msg_get_set(k->batch, place->family, place->table, place->set);
	return nl_send(&k->nft, k->batch, &answers);
}

static int check(const struct shape *s, unsigned family)
{
	bool v4 = s->type == NFT_TYPE_IPV4_ADDR && s->len == 4;
	bool v6 = s->type == NFT_TYPE_IPV6_ADDR && s->len == 16;

	if ((!v4 && !v6) || s->flags & (NFT_SET_MAP | NFT_SET_OBJECT | NFT_SET_CONSTANT))
		return WIRE_FAULT_TYPE;
	if (v4 != (family == 4))
		return WIRE_FAULT_FAMILY;
	return s->flags & NFT_SET_TIMEOUT ? 0 : WIRE_FAULT_TIMEOUT;
}

int nft_shape_open(struct nft_place *place, struct kernel *k, unsigned family)
{
	struct shape s;
	int error = ask(&s, k, place);

	if (!error)
		error = check(&s, family);
	if (error)
		return error == -ENOENT ? WIRE_FAULT_NO_SET : error;
	place->interval = s.flags & NFT_SET_INTERVAL;
	place->timeout = s.timeout;
	place->key = s.len;
	return 0;
}

int nft_shape_same(uint32_t *generation, struct kernel *k, const struct nft_place *place)
{
	struct shape s;
	int error = ask(&s, k, place);

	if (error)
		return error;
	if (!*generation)
		*generation = s.generation;
	if (check(&s, place->key == 4 ? 4 : 6) || s.timeout != place->timeout ||
	    !(s.flags & NFT_SET_INTERVAL) != !place->interval)
		return -ESTALE;
	return 0;
}
