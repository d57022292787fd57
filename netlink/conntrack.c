/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netlink.h>

#include "netlink/conntrack.h"
#include "netlink/conntrack_msg.h"

#define FOUND_MAX 16384 /* of one look; what is more is found by the next */
#define PASSES_MAX 16
#define SEND_MAX 1000
#define SINGLES_MAX 4 /* looks filtered by the kernel that cost less than one that is not */

bool conntrack_want(struct conntrack *c, const struct wire_close *record)
{
	if (c->count == PEERS_MAX)
		return false;
	c->wanted[c->count++] = *record;
	return true;
}

int conntrack_wait(const struct conntrack *c, int64_t now)
{
	if (!c->count)
		return -1;
	return c->rested > now ? (int)(c->rested - now) : 0;
}

void conntrack_rest(struct conntrack *c, int64_t from, int64_t to)
{
	int64_t pause = (to - from) * (CONNTRACK_SHARE - 1);

	c->rested = to + (pause > CONNTRACK_PAUSE_MS ? pause : CONNTRACK_PAUSE_MS);
}

void conntrack_close(struct conntrack *c)
{
	nl_close(&c->nl);
}

/* ---- looking ---- */

struct look {
	const struct peers *peers;
	struct conntrack_name *found;
	size_t count;
	bool more;
};

static int find(void *arg, const struct nlmsghdr *m)
{
	struct look *l = arg;
	struct conntrack_info info;
	size_t record;

	if (!conntrack_msg_read(&info, m) || !peers_find(l->peers, &info.connection, &record))
		return 0;
	if (l->count == FOUND_MAX)
		l->more = true;
	else
		l->found[l->count++] = info.name;
	return 0;
}

static int dump(struct conntrack *c, struct nl_batch *batch, struct look *l, uint8_t family,
		const struct prefix *source)
{
	const struct nl_answers answers = {.data = find, .arg = l};
	int error;

	nl_begin(batch, &c->nl);
	conntrack_msg_dump(batch, family, source);
	error = nl_send(&c->nl, batch, &answers);
	/* nfnetlink without nf_conntrack: there is nothing to forget. */
	return error == -EINVAL || error == -EOPNOTSUPP ? 0 : error;
}

/* A few single IPv4 addresses: then the kernel sends theirs alone. */
static bool few(const struct peers *peers)
{
	return !peers->family6 && peers->count <= SINGLES_MAX &&
	       peers->lens4 == UINT64_C(1) << 32;
}

static uint8_t family_of(const struct peers *peers)
{
	if (peers->family4 && peers->family6)
		return AF_UNSPEC;
	return peers->family4 ? AF_INET : AF_INET6;
}

static int look(struct conntrack *c, struct nl_batch *batch, struct look *l)
{
	const struct peers *p = l->peers;
	size_t i;
	int error = 0;

	l->count = 0;
	l->more = false;
	if (!few(p))
		return dump(c, batch, l, family_of(p), NULL);
	for (i = 0; i < p->count && !error; i++)
		error = dump(c, batch, l, AF_INET, &p->records[p->order[i]].peer);
	return error;
}

/* ---- deleting ---- */

static int delete_some(struct conntrack *c, struct nl_batch *batch,
		       const struct conntrack_name *names, size_t count)
{
	size_t i;
	int error;

	nl_begin(batch, &c->nl);
	for (i = 0; i < count; i++)
		conntrack_msg_delete(batch, &names[i]);
	error = nl_send(&c->nl, batch, NULL);
	return error == -ENOENT ? 0 : error; /* it ended by itself */
}

static int delete_found(struct conntrack *c, struct nl_batch *batch, const struct look *l)
{
	size_t from, some;
	int error = 0;

	for (from = 0; from < l->count && !error; from += some) {
		some = l->count - from < SEND_MAX ? l->count - from : SEND_MAX;
		error = delete_some(c, batch, l->found + from, some);
	}
	return error;
}

static int end_all(struct conntrack *c, struct nl_batch *batch, const struct peers *peers)
{
	struct look l = {.peers = peers, .more = true};
	int passes, error = 0;

	l.found = malloc(FOUND_MAX * sizeof *l.found);
	if (!l.found)
		return -ENOMEM;
	for (passes = 0; passes < PASSES_MAX && l.more && !error; passes++) {
		error = look(c, batch, &l);
		if (!error)
			error = delete_found(c, batch, &l);
	}
	free(l.found);
	return error;
}

int conntrack_end(struct conntrack *c, struct nl_batch *batch)
{
	struct peers peers;
	int error = c->nl.socket ? 0 : nl_open(&c->nl, NETLINK_NETFILTER, 0);

	peers_sort(&peers, c->wanted, NULL, c->count);
	if (!error)
		error = end_all(c, batch, &peers);
	c->count = 0;
	return error;
}
