/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source that is a file. */
#ifndef BANISH_SOURCE_FILE_H
#define BANISH_SOURCE_FILE_H

#include "source/kind.h"

/* As source_open(). */
int file_open(struct source **out, struct event_base *base, const char *path,
	      const struct position *from, const struct source_events *events, void *arg);

#endif
