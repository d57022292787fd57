/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/peers.h"

static int compare(const void *left, const void *right, void *arg)
{
	const struct wire_close *records = arg;
	uint16_t a = *(const uint16_t *)left, b = *(const uint16_t *)right;
	int order = memcmp(&records[a].peer, &records[b].peer, sizeof(struct prefix));

	return order ? order : a - b;
}

static void note_len(struct peers *peers, const struct prefix *p)
{
	uint64_t *lens = p->family == 4 ? &peers->lens4 : &peers->lens6[p->len / 64];

	*lens |= UINT64_C(1) << p->len % 64;
	peers->family4 |= p->family == 4;
	peers->family6 |= p->family == 6;
}

void peers_sort(struct peers *out, const struct wire_close *records,
		const struct wire_result *results, size_t count)
{
	size_t i;

	assert(count <= PEERS_MAX);
	memset(out, 0, sizeof *out);
	out->records = records;
	for (i = 0; i < count; i++) {
		if (results && results[i].error < 0)
			continue;
		out->order[out->count++] = (uint16_t)i;
		note_len(out, &records[i].peer);
		out->idle |= records[i].idle != 0;
	}
	qsort_r(out->order, out->count, sizeof *out->order, compare, (void *)records);
}

/* The first place in the order whose prefix is not before `wanted`. */
static size_t lower_bound(const struct peers *peers, const struct prefix *wanted)
{
	size_t from = 0, to = peers->count, middle;

	while (from < to) {
		const struct wire_close *r;

		middle = (from + to) / 2;
		r = &peers->records[peers->order[middle]];
		if (memcmp(&r->peer, wanted, sizeof *wanted) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool ports_fit(const struct wire_close *r, const struct connection *c)
{
	int i;

	if (r->peer_port && r->peer_port != c->peer_port)
		return false;
	for (i = 0; i < r->count; i++) {
		const struct wire_ports *p = &r->ports[i];

		if (!p->last || (c->own_port >= p->first && c->own_port <= p->last))
			return true;
	}
	return !r->count;
}

static bool find_exactly(const struct peers *peers, const struct prefix *prefix,
			 const struct connection *c, size_t *record)
{
	size_t at = lower_bound(peers, prefix);

	for (; at < peers->count; at++) {
		const struct wire_close *r = &peers->records[peers->order[at]];

		if (!prefix_equal(&r->peer, prefix))
			break;
		if (ports_fit(r, c)) {
			*record = peers->order[at];
			return true;
		}
	}
	return false;
}

static bool has_len(const struct peers *peers, uint8_t family, unsigned len)
{
	uint64_t lens = family == 4 ? peers->lens4 : peers->lens6[len / 64];

	return lens >> len % 64 & 1;
}

bool peers_find(const struct peers *peers, const struct connection *c, size_t *record)
{
	unsigned len = c->peer.len + 1u;
	struct prefix cut;

	while (len--) {
		if (!has_len(peers, c->peer.family, len))
			continue;
		cut = prefix_cut(&c->peer, len);
		if (find_exactly(peers, &cut, c, record))
			return true;
	}
	return false;
}
