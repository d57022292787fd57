/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft_mark.h"
#include "netlink/nft_msg.h"
#include "netlink/nft_probe.h"

#define SCRATCH "banish_probe"
#define HOUR ((int64_t)3600 * 1000)

static const struct nft_place scratch = {
	.family = NFPROTO_INET, .table = SCRATCH, .set = "probe"};

static struct wire_change element(uint8_t last, int64_t ms)
{
	return (struct wire_change){
		.prefix = {.family = 4, .len = 32, .addr = {192, 0, 2, last}},
		.op = WIRE_ADD,
		.left = ms,
		.whole = ms};
}

static void put(struct nl_batch *batch, uint16_t type, const struct wire_change *wire)
{
	const struct change change = {.wire = wire};

	nft_msg_elements(batch, type, &scratch, &change, 1);
}

static int commit(struct kernel *k)
{
	nft_msg_close(k->batch);
	return nl_send(&k->nft, k->batch, NULL);
}

/* Created, deleted and created: also when an earlier try was cut short. */
static int scratch_make(struct kernel *k, uint32_t flags)
{
	const struct wire_change first = element(1, HOUR);

	nft_msg_open(k->batch, &k->nft);
	nft_msg_table(k->batch, SCRATCH, flags);
	nft_msg_table_delete(k->batch, SCRATCH);
	nft_msg_table(k->batch, SCRATCH, flags);
	nft_msg_set(k->batch, SCRATCH, nft_slot(&first.prefix), scratch.set, 16);
	put(k->batch, NFT_MSG_NEWSETELEM, &first);
	return commit(k);
}

static int scratch_delete(struct kernel *k)
{
	nft_msg_open(k->batch, &k->nft);
	nft_msg_table_delete(k->batch, SCRATCH);
	return commit(k);
}

static int read_timeout(void *arg, const struct nlmsghdr *m)
{
	struct nft_element e;

	if (nft_element_read(&e, m, 4, 0))
		*(uint64_t *)arg = e.timeout;
	return 0;
}

/* Kernels before 6.12 accept the second add and change nothing. */
static bool can_update(struct kernel *k)
{
	const struct wire_change again = element(1, 2 * HOUR);
	uint64_t timeout = 0;
	const struct nl_answers answers = {.data = read_timeout, .arg = &timeout};

	nft_msg_open(k->batch, &k->nft);
	put(k->batch, NFT_MSG_NEWSETELEM, &again);
	if (commit(k) < 0)
		return false;
	nl_begin(k->batch, &k->nft);
	nft_msg_get(k->batch, &scratch, &again.prefix, false);
	return nl_send(&k->nft, k->batch, &answers) == 0 && timeout > (uint64_t)HOUR * 3 / 2;
}

static bool can_destroy(struct kernel *k)
{
	const struct wire_change missing = element(2, HOUR);

	nft_msg_open(k->batch, &k->nft);
	put(k->batch, NFT_DESTROYSETELEM, &missing);
	return commit(k) == 0;
}

/* Taken back in the same transaction. Kernels without one of the flags refuse it. */
static bool can_own(struct kernel *k)
{
	nft_msg_open(k->batch, &k->nft);
	nft_msg_table(k->batch, SCRATCH "_own", NFT_OWNED_PERSISTENT);
	nft_msg_table_delete(k->batch, SCRATCH "_own");
	return commit(k) == 0;
}

static int probe_once(struct kernel *k)
{
	struct nft_probe *can = &k->nft_can;
	/* Owned, since Linux 5.12, so that nobody's flush takes it away meanwhile. */
	int error = scratch_make(k, NFT_OWNED);

	if (error == -EOPNOTSUPP)
		error = scratch_make(k, 0);
	if (error)
		return error;
	can->update = can_update(k);
	can->destroy = can_destroy(k);
	can->own = can_own(k);
	return scratch_delete(k);
}

int nft_probe(struct kernel *k)
{
	static const struct timespec wait = {.tv_nsec = 20000000};
	struct nft_probe *can = &k->nft_can;
	int tries, error = 0;

	for (tries = 0; tries < 20 && !can->done; tries++) {
		error = probe_once(k);
		can->done = !error;
		/* Another helper in the middle of the same, or a table that was not owned. */
		if (error != -EPERM && error != -ENOENT)
			break;
		nanosleep(&wait, NULL);
	}
#ifdef NFT_OLD_KERNEL /* for the kernel tests: what 6.1 needs works on later ones as well */
	can->update = can->destroy = can->own = false;
#endif
	return can->done ? 0 : error;
}
