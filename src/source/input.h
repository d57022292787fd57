/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source that is standard input. Nothing of it can be read again: its position is nowhere. At
 * its end it waits for ever, for -ENODATA.
 */
#ifndef BANISH_SOURCE_INPUT_H
#define BANISH_SOURCE_INPUT_H

#include "source/kind.h"

/* As source_open(); -EBADF: there is no standard input. */
int input_open(struct source **out, struct event_base *base, const char *name,
	       const struct source_events *events, void *arg);

#endif
