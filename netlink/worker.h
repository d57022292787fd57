/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The half of the helper that works: packets in, netlink, packets out. */
#ifndef BANISH_NETLINK_WORKER_H
#define BANISH_NETLINK_WORKER_H

/* Serve the socketpair on `fd` until its other side closes; `nft_fd` owns the nft table. What
 * the kernel gives no notice of is looked at every `look_ms`. Returns an exit status. */
int worker_run(int fd, int nft_fd, int look_ms);

#endif
