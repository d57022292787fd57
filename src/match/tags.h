/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fail2ban's tags in a regular expression: <HOST>, <ADDR>, <SUBNET>, <F-NAME>...</F-NAME>. */
#ifndef BANISH_MATCH_TAGS_H
#define BANISH_MATCH_TAGS_H

#include <stdbool.h>

/*
 * The expression in plain Python syntax; the caller frees it. An address is in the group `ip4`
 * or `ip6`, the length of its prefix in `cidr`, a host name in `dns`, what stands in <F-ID> and
 * <F-PORT> in `fid` and `fport`, in any other <F-NAME> in `name`, and the lines that the n-th
 * <SKIPLINES> skips in `skiplinesN`, from 0. <HOST> is a host name too with `names`, else the
 * same as <ADDR>. 0 or -ENOMEM.
 */
int tags_expand(char **out, const char *regex, bool names);

#endif
