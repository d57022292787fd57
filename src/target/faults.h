/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a target, in words, and the command that mends it. */
#ifndef BANISH_TARGET_FAULTS_H
#define BANISH_TARGET_FAULTS_H

#include "target/options.h"

/* `error` is an enum wire_fault or -errno, about the set, table or option `where`. */
void faults_say(char *out, size_t size, const struct options *options, const char *where,
		int error);
/* The command that makes a rule of the user's drop what the set holds. True: it is of IPv6. */
bool faults_rule(char *out, size_t size, const struct options *options, const char *set);

#endif
