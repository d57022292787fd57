/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "netlink/nft_table.h"
#include "netlink/target.h"

int kernel_open(struct kernel *out, int nft_fd)
{
	struct kernel k = {.batch = nl_batch_new()};
	int error = nl_adopt(&k.nft, nft_fd);

	if (error)
		close(nft_fd);
	else
		error = k.batch ? 0 : -ENOMEM;
	if (!error)
		error = nl_open_if_there(&k.ipset, NETLINK_NETFILTER, 0);
	if (!error)
		error = nl_open(&k.route, NETLINK_ROUTE, 0);
	if (!error)
		error = nl_open(&k.lists, NETLINK_ROUTE, 0);
	if (error)
		goto fail;
	*out = k;
	return 0;
fail:
	kernel_close(&k);
	return error;
}

void kernel_close(struct kernel *k)
{
	nl_close(&k->nft);
	nl_close(&k->ipset);
	nl_close(&k->route);
	nl_close(&k->lists);
	free(k->batch);
	nft_table_free(k->own);
}
