/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "netlink/nft.h"

struct nft *nft_of(struct target *t)
{
	return (struct nft *)t;
}

void nft_close(struct target *t)
{
	struct nft *nft = nft_of(t);

	if (nft->scope)
		nft_table_leave(t->kernel->own, nft->scope);
	free(nft);
}

int nft_open(struct target **out, struct wire_defined *defined, struct kernel *kernel,
	     const struct options *o)
{
	struct nft *nft = calloc(1, sizeof *nft);
	int error;

	if (!nft)
		return -ENOMEM;
	nft->target.kernel = kernel;
	target_where(defined, o->nft_family ? o->nft_table : "inet " NFT_TABLE);
	error = nft_probe(kernel);
	if (!error)
		error = o->nft_family ? nft_user_open(nft, defined, o)
				      : nft_own_open(nft, defined, o);
	if (error)
		goto fail;
	defined->timeouts = 1;
	*out = &nft->target;
	return 0;
fail:
	nft_close(&nft->target);
	return error;
}
