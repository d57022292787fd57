/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The half of the helper that lasts: it holds what must not be lost when the other one dies. */
#ifndef BANISH_NETLINK_PARENT_H
#define BANISH_NETLINK_PARENT_H

/* Keep a worker running on `fd`, until the other side of it closes. Returns an exit status. */
int parent_run(int fd, int look_ms);

#endif
