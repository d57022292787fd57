/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of files to read configuration from, and what was said about them. */
#ifndef TESTS_CONF_WORLD_H
#define TESTS_CONF_WORLD_H

#include <stddef.h>

#include "base/diag.h"
#include "conf/conf.h"

struct world {
	char dir[32];
	struct diag diag;
	bool journal;	  /* filters are read as for the journal */
	char said[16384]; /* "file:line: text\n", the directory left out of every path */
};

void world_open(struct world *w);
void world_close(struct world *w); /* removes the directory */
/* Write a file; directories in its name are made. */
void world_write(struct world *w, const char *name, const void *bytes, size_t len);
void world_text(struct world *w, const char *name, const char *text);
/* DIR/name, good until the next four calls. */
const char *world_path(struct world *w, const char *name);

/* Read DIR/banish.conf with DIR/filter.d for filters. */
int world_conf(struct world *w, struct conf **out);
/* Read the filter that `spec` names, looked for in DIR/etc and then DIR/filter.d. */
int world_filter(struct world *w, struct rules **out, const char *spec);

#endif
