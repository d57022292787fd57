/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source whose lines somebody else receives and hands in. */
#ifndef BANISH_SOURCE_GIVEN_H
#define BANISH_SOURCE_GIVEN_H

#include "source/kind.h"

#define GIVEN_NAME "policy:"

int given_open(struct source **out, struct event_base *base, const char *name,
	       const struct source_events *events, void *arg);

#endif
