/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fail2ban's tags in a regular expression: <HOST>, <ADDR>, <IP4>, <IP6>, <F-NAME>...</F-NAME>.
 */
#ifndef BANISH_MATCH_TAGS_H
#define BANISH_MATCH_TAGS_H

#include <stddef.h>

/*
 * The expression in plain Python syntax; the caller frees it. An address is in the group `ip4`
 * or `ip6`, what stands in <F-NAME> in the group `name`. 0, -ENOMEM, or -EINVAL with the reason
 * in `why` (room for `size`).
 */
int tags_expand(char **out, const char *regex, char *why, size_t size);

#endif
