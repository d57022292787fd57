/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules for tcpserver(1), in the language of tcprules(1): "ADDRESS:deny", "ADDRESS:allow,NAME=
 * \"value\"", with ranges such as 10.0-3. in the address. Debian's two builds differ in where
 * the address ends: the one that knows IPv6 lets colons stand in it.
 */
#ifndef BANISH_TARGET_TCPRULE_H
#define BANISH_TARGET_TCPRULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/prefix.h"
#include "base/text.h"

#define TCPRULE_MAX 64 /* what tcprule_print() makes, with its NUL */

/* One record of the database that tcpserver reads; 0 goes on. */
typedef int tcprule_each(void *arg, struct text key, struct text data);

/* What a line comes to: each of its records. 0, also for a comment or a line that is no rule;
 * -EINVAL: tcprules would refuse the whole file; -ENOMEM, or what `each` said. */
int tcprule_read(struct text line, bool ipv6, tcprule_each *each, void *arg);

/* "192.0.2.1:deny", "10.:deny", "172.16-31.:deny". False: the language cannot say it (IPv6 that
 * is no single address). */
bool tcprule_print(const struct prefix *prefix, char *out);
/* The same back; false: nothing that tcprule_print() makes. */
bool tcprule_parse(struct prefix *out, struct text line);

#endif
