/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of its own, a loop, and a source whose lines are collected. */
#ifndef TESTS_SOURCE_RIG_H
#define TESTS_SOURCE_RIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/source.h"

struct rig {
	char dir[64];
	char path[80]; /* DIR/log */
	struct event_base *base;
	struct event *wake;
	struct source *source;
	char *got; /* all lines, ended by NUL */
	size_t len, room;
	size_t live;	 /* bytes of them that were live */
	size_t again;	 /* bytes of them that may have come before */
	char states[64]; /* W, R, L: as they came */
	size_t runs;
	bool dated;	  /* the runs have times: */
	int64_t times[8]; /* those of the first runs */
	size_t longest_run;
	size_t pause_after; /* runs; 0: never */
	bool close_in_lines;
};

void rig_open(struct rig *rig);
void rig_close(struct rig *rig);
/* Follow DIR/log from `from`. */
void rig_follow(struct rig *rig, const struct position *from);
/* Open the source `name`, of any kind, and run on it. */
void rig_open_source(struct rig *rig, const char *name);
void rig_unfollow(struct rig *rig);
/* All that is ready now. */
void rig_turn(struct rig *rig);
/* The loop has nothing to do but to wait, and does. */
void rig_expect_rest(struct rig *rig);
/* Turn until all lines so far are `expected`, and nothing else; or fail after some seconds. */
void rig_expect(struct rig *rig, const char *expected);
void rig_expect_state(struct rig *rig, enum source_state state);
/* The path of DIR/name, in one of a few static buffers. */
const char *rig_name(const struct rig *rig, const char *name);
void rig_write(const struct rig *rig, const char *name, const char *text);
void rig_append(const struct rig *rig, const char *name, const char *text);
void rig_append_bytes(const struct rig *rig, const char *name, const void *bytes, size_t len);
void rig_rename(const struct rig *rig, const char *from, const char *to);
void rig_copy(const struct rig *rig, const char *from, const char *to);
void rig_cut(const struct rig *rig, const char *name);

#endif
