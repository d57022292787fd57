/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to tell of something that happens again and again: at once the first time, then when it
 * has been quiet for a moment, and in the long run only so often. Pure; times are ms.
 */
#ifndef BANISH_NETLINK_CALM_H
#define BANISH_NETLINK_CALM_H

#include <stdbool.h>
#include <stdint.h>

#define CALM_QUIET_MS                                                                          \
	20 /* what follows a telling sooner is told when it has been quiet so long, */
#define CALM_LONGEST_MS 200 /* or this long after it began */
#define CALM_BURST 10	    /* tellings that may come so closely; */
#define CALM_EACH_MS 250    /* in the long run one takes this long */

/* Zeroed: nothing happened, and nothing was told. */
struct calm {
	int64_t since; /* the first that is not told yet; 0: none */
	int64_t last;  /* the latest */
	int64_t told;
	int64_t spent; /* what was told is paid for until then */
};

void calm_happened(struct calm *calm, int64_t now);
/* When to tell; INT64_MAX: nothing happened. */
int64_t calm_due(const struct calm *calm);
void calm_told(struct calm *calm, int64_t now);

#endif
